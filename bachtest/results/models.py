"""What the pages read: counts of answers, the last fit to all of them, and exports."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from bachtest.studies.models import Study


class Tally(models.Model):
    """The answers in one cell of one table: a sum, and the changes that came after it.

    An answer adds rows of +1, its deletion adds rows of -1, so that no request waits for a row that
    another one changes. A worker merges them now and then. A reader adds up all rows of a cell.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="tallies")
    table = models.CharField(max_length=12)
    labels = models.CharField(max_length=80, help_text="in the order of the table's fields")
    flags = models.CharField(max_length=60, blank=True, help_text="that these answers carry")
    n = models.IntegerField()
    correct = models.IntegerField()
    merged = models.BooleanField(default=False, help_text="the sum; the others are changes")

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "table", "labels", "flags"],
                condition=models.Q(merged=True),
                name="one_sum_a_cell",
            )
        ]
        indexes = [
            # It holds all that a page reads, so the rows themselves are never fetched.
            models.Index(
                fields=["study", "table", "labels", "flags", "n", "correct"], name="tally_cells"
            ),
            models.Index(
                fields=["study", "table"], condition=models.Q(merged=False), name="tally_changes"
            ),
            models.Index(
                fields=["study", "table", "flags"],
                condition=models.Q(merged=True),
                name="tally_sums",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.labels} [{self.flags}] {self.correct}/{self.n}"


class StoredAnalysis(models.Model):
    """What takes too long for a page: made by a worker, shown with its age."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="analysis")
    flags_version = models.PositiveIntegerField(help_text="of the flags that the tallies hold")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="a worker was last asked")
    made_at = models.DateTimeField(null=True, blank=True)
    answers = models.PositiveIntegerField(default=0, help_text="that it was made of")
    seconds = models.FloatField(default=0.0, help_text="that it took")
    fit = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "stored analyses"

    def __str__(self) -> str:
        return f"{self.study} {self.made_at:%Y-%m-%d %H:%M}" if self.made_at else f"{self.study} -"


class ExportJob(models.Model):
    """A person's order of a study as a ZIP, which a worker makes."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="export_jobs")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="export_jobs"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    done = models.PositiveBigIntegerField(default=0, help_text="rows read and written so far")
    total = models.PositiveBigIntegerField(default=0, help_text="rows to read and write, or 0")
    file = models.CharField(
        max_length=80, blank=True, help_text="in EXPORTS_DIR; empty until it is done, or deleted"
    )
    bytes = models.PositiveBigIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="why it failed, or why it waits again")
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveIntegerField(default=0, help_text="so far; the last one counts")
    created = models.DateTimeField(default=now)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("export_study", "Can export studies")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "study"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_export_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["status", "lease_until"], name="export_waiting")]

    def __str__(self) -> str:
        return f"export {self.pk} of {self.study}"

    @property
    def has_ended(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.FAILED)
