"""How a piece is made: works, excerpts, composers, pieces, and the pairs they form."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work", "start", "stop"], name="excerpt_once"),
            models.CheckConstraint(
                condition=models.Q(stop__gt=models.F("start")), name="excerpt_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work.bwv}:{self.start}-{self.stop}"


class Composer(models.Model):
    """Who writes: Bach, a checkpoint, or a collection of pieces by an outside system."""

    class Kind(models.TextChoices):
        BACH = "bach"
        CHECKPOINT = "checkpoint"
        COLLECTION = "collection"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    family = models.CharField(max_length=40, blank=True)
    checkpoint = models.CharField(
        max_length=300, blank=True, help_text="path of the file, relative to generator/checkpoints"
    )
    sha256 = models.CharField(max_length=64, blank=True)
    in_quiz = models.BooleanField(default=False)
    created = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.slug


class PieceQuerySet(models.QuerySet["Piece"]):
    def written(self) -> PieceQuerySet:
        """By a machine."""
        return self.exclude(composer__kind=Composer.Kind.BACH)

    def pending(self) -> PieceQuerySet:
        """In the queue, or being made."""
        return self.filter(status__in=[Piece.Status.QUEUED, Piece.Status.RUNNING])


class Piece(models.Model):
    """An excerpt whose written voices one composer filled with one seed: grid and audio."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    excerpt = models.ForeignKey(Excerpt, on_delete=models.PROTECT, related_name="pieces")
    composer = models.ForeignKey(Composer, on_delete=models.PROTECT, related_name="pieces")
    condition = models.CharField(
        max_length=4, blank=True, help_text="the written voices; empty for Bach"
    )
    seed = models.PositiveIntegerField(default=0)
    temperature = models.FloatField(default=1.0)
    settings = models.JSONField(
        default=dict, blank=True, help_text="settings of the fill; complete once the piece is done"
    )
    fold = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the member of a cross-fitted composer that writes it"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    grid = models.JSONField(null=True, blank=True)
    clip = models.FileField(upload_to="clips/", blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="length of the clip")
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="of the renderer and its settings"
    )
    loudness = models.FloatField(null=True, blank=True, help_text="LUFS")
    copied_run = models.PositiveIntegerField(
        null=True, blank=True, help_text="longest run of events shared with another work by Bach"
    )
    created = models.DateTimeField(default=now)
    done = models.DateTimeField(null=True, blank=True)

    objects = PieceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["excerpt", "composer", "condition", "seed"], name="piece_once"
            )
        ]
        indexes = [models.Index(fields=["status", "lease_until"], name="piece_waiting")]

    def __str__(self) -> str:
        return f"{self.composer.slug} {self.condition or '-'} {self.excerpt} #{self.seed}"


class PairQuerySet(models.QuerySet["Pair"]):
    def playable(self) -> PairQuerySet:
        """In the pool: not excluded, and both clips rendered in the same way."""
        return self.filter(
            excluded_reason="",
            bach__status=Piece.Status.DONE,
            machine__status=Piece.Status.DONE,
            machine__composer__in_quiz=True,
            bach__fingerprint=models.F("machine__fingerprint"),
        )


class Pair(models.Model):
    """The item of the statistics: Bach's piece and a composer's, of the same excerpt."""

    bach = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="pairs_as_bach")
    machine = models.OneToOneField(Piece, on_delete=models.PROTECT, related_name="pair")
    differing = models.FloatField(help_text="share of written cells that differ from Bach's")
    excluded_reason = models.CharField(
        max_length=200, blank=True, help_text="why the pair is never played; empty if it may be"
    )
    created = models.DateTimeField(default=now)

    objects = PairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(differing__gte=0, differing__lte=1), name="differing_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return str(self.machine)
