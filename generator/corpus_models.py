"""Bach's works and the excerpts of them that are played."""

from __future__ import annotations

from django.db import models


class Work(models.Model):
    """One chorale of the corpus; its notes are in the corpus file."""

    bwv = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=200)
    tune = models.CharField(max_length=64, db_index=True)
    part = models.CharField(max_length=8, help_text="of the tunes split: train, valid or test")

    class Meta:
        ordering = ["bwv"]

    def __str__(self) -> str:
        return self.bwv


class Excerpt(models.Model):
    """Whole phrases of a work: steps start to stop of its grid."""

    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="excerpts")
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    named = models.BooleanField(default=False, help_text="heard with its name; never played")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work", "start", "stop"], name="excerpt_once"),
            models.CheckConstraint(
                condition=models.Q(stop__gt=models.F("start")), name="excerpt_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work.bwv}:{self.start}-{self.stop}"
