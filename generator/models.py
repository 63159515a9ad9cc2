"""How a piece is made: composers, pieces, and the pairs they form."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Trim
from django.utils.timezone import now

from generator.corpus_models import Excerpt as Excerpt
from generator.corpus_models import Work as Work
from generator.licences import forbidden
from generator.played_clips import played_clips


class Composer(models.Model):
    """Who writes: Bach, a trained system, or an outside system whose pieces were collected."""

    class Kind(models.TextChoices):
        BACH = "bach"
        CHECKPOINT = "checkpoint"
        COLLECTION = "collection"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    about = models.TextField(
        blank=True, help_text="what listeners should know of how it writes, for the About page"
    )
    created = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.slug


class VersionQuerySet(models.QuerySet["Version"]):
    def ready(self) -> VersionQuerySet:
        """Able to write, the newest first."""
        return self.filter(status=Version.Status.READY).order_by("-created", "-id")


VERSION_DIGITS = 12


class Version(models.Model):
    """What a composer is at a time: one file, known by its sha256. Pieces point to it."""

    class Kind(models.TextChoices):
        CHECKPOINT = "checkpoint"
        COLLECTION = "collection"

    class Status(models.TextChoices):
        CHECKING = "checking", "not published yet"
        READY = "ready", "published"
        RETIRED = "retired", "no longer played"
        FAILED = "failed", "refused"

    composer = models.ForeignKey(Composer, on_delete=models.PROTECT, related_name="versions")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.CHECKPOINT)
    sha256 = models.CharField(max_length=64, blank=True)
    shipped = models.BooleanField(default=False, help_text="the file comes with the code")
    file = models.CharField(
        max_length=300,
        blank=True,
        help_text="with its family's code if shipped, else in the storage 'checkpoints'",
    )
    family = models.CharField(max_length=40, blank=True)
    config = models.JSONField(default=dict, blank=True, help_text="of the family")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.CHECKING)
    settings = models.JSONField(
        default=dict, blank=True, help_text="of a fill: default, bounds and help of each"
    )
    members = models.JSONField(
        default=list,
        blank=True,
        help_text="the works that each member was trained on, and those of its fold; of a "
        "collection what its maker declared, which nobody verified",
    )
    licence = models.CharField(
        max_length=200, blank=True, help_text="of a collection; without one it is never played"
    )
    created = models.DateTimeField(default=now)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["composer", "sha256"], name="version_once")]

    def __str__(self) -> str:
        return f"{self.composer.slug} {self.tag}"

    @property
    def tag(self) -> str:
        """The first digits of the sha256: its name in exports and messages."""
        return self.sha256[:VERSION_DIGITS]

    def declared_works(self) -> list[str]:
        """Works that a collection's system was trained on, as its maker says."""
        return [bwv for member in self.members for bwv in member["trained_on"]]


class PieceQuerySet(models.QuerySet["Piece"]):
    def by_bach(self) -> PieceQuerySet:
        return self.filter(version=None)

    def written(self) -> PieceQuerySet:
        """By a machine."""
        return self.exclude(version=None)

    def pending(self) -> PieceQuerySet:
        """In the queue, or being made."""
        return self.filter(status__in=[Piece.Status.QUEUED, Piece.Status.RUNNING])


class Piece(models.Model):
    """An excerpt whose written cells one version of a composer filled with one seed.

    Bach's piece has no version. A piece of a collection has the name of its source, and no excerpt
    if it is a whole piece of an outside system.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    excerpt = models.ForeignKey(
        Excerpt, null=True, blank=True, on_delete=models.PROTECT, related_name="pieces"
    )
    version = models.ForeignKey(
        Version,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pieces",
        help_text="empty for Bach",
    )
    tune = models.CharField(max_length=64, blank=True, help_text="family; empty if unknown")
    source = models.CharField(
        max_length=200, blank=True, help_text="name in its collection; empty for other pieces"
    )
    condition = models.CharField(
        max_length=12, blank=True, help_text="the written cells; empty for Bach"
    )
    seed = models.PositiveIntegerField(default=0)
    settings = models.JSONField(
        default=dict, blank=True, help_text="settings of the fill; complete once the piece is done"
    )
    budget_steps = models.PositiveIntegerField(
        null=True, blank=True, help_text="at most so many of the composer's own steps"
    )
    fold = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the member of a cross-fitted composer that writes it"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveIntegerField(default=0, help_text="so far; the last one counts")
    error = models.TextField(blank=True)
    grid = models.JSONField(null=True, blank=True)
    copied_run = models.PositiveIntegerField(
        null=True, blank=True, help_text="longest run of events shared with another work by Bach"
    )
    created = models.DateTimeField(default=now)
    done = models.DateTimeField(null=True, blank=True)

    objects = PieceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "excerpt", "condition", "seed"],
                condition=models.Q(version__isnull=False, source=""),
                name="piece_once",
            ),
            models.UniqueConstraint(
                fields=["excerpt"],
                condition=models.Q(version__isnull=True),
                name="bach_piece_once",
            ),
            models.UniqueConstraint(
                fields=["version", "source"],
                condition=~models.Q(source=""),
                name="collected_piece_once",
            ),
            models.CheckConstraint(
                condition=models.Q(excerpt__isnull=False)
                | (models.Q(version__isnull=False) & ~models.Q(source="")),
                name="piece_has_excerpt_or_source",
            ),
        ]
        indexes = [models.Index(fields=["status", "lease_until"], name="piece_waiting")]

    def __str__(self) -> str:
        author = self.version.composer.slug if self.version else "bach"
        where = self.excerpt or self.source
        return f"{author} {self.condition or '-'} {where} #{self.seed}"


class RenderingQuerySet(models.QuerySet["Rendering"]):
    def clips(self) -> RenderingQuerySet:
        return self.filter(kind=Rendering.Kind.CLIP)

    def finished_clips(self, profile: int | None = None) -> RenderingQuerySet:
        """Of one profile, or of any; a row without a length is only begun."""
        clips = self.clips().filter(seconds__isnull=False)
        return clips if profile is None else clips.filter(profile=profile)


class Rendering(models.Model):
    """A piece as sound. Rendered in another way it gets another row, and the old one stays."""

    class Kind(models.TextChoices):
        CLIP = "clip"
        STEM = "stem"
        MASTER = "master", "a clip before its encoding, without loss"

    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="renderings")
    fingerprint = models.CharField(max_length=64, help_text="of the renderer and its settings")
    profile = models.PositiveSmallIntegerField(help_text="how loud it is and how it is encoded")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.CLIP)
    voice = models.CharField(max_length=1, blank=True, help_text="of a stem")
    file = models.FileField(upload_to="clips/", blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="empty if the file is missing")
    bytes = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True)
    loudness = models.FloatField(null=True, blank=True, help_text="LUFS")
    objects = RenderingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["piece", "fingerprint", "kind", "voice"], name="rendering_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.piece_id} {self.kind} {self.voice}".rstrip()


def _rendered_alike(profile: int | None) -> models.Exists:
    finished = Rendering.objects.finished_clips(profile)
    of_bach = finished.filter(piece=models.OuterRef(models.OuterRef("bach")))
    of_machine = finished.filter(piece=models.OuterRef("machine"))
    return models.Exists(of_machine.filter(fingerprint__in=of_bach.values("fingerprint")))


class PairQuerySet(models.QuerySet["Pair"]):
    def playable(self, profile: int | None = None) -> PairQuerySet:
        """In the pool: not excluded, licensed, and both clips rendered in the same way.

        A study plays those of its own profile.
        """
        return self._may_be_played().filter(_rendered_alike(profile))

    def unrendered(self, profile: int) -> PairQuerySet:
        """In the pool as soon as both sides have a clip of this profile.

        In an unpaired item, Bach's may have one that is too short.
        """
        finished = Rendering.objects.finished_clips(profile)
        of_bach = models.Exists(finished.filter(piece=models.OuterRef("bach")))
        of_machine = models.Exists(finished.filter(piece=models.OuterRef("machine")))
        lacking = ~of_bach | ~of_machine | models.Q(kind=Pair.Kind.UNPAIRED)
        return self._may_be_played().filter(lacking, ~_rendered_alike(profile))

    def _may_be_played(self) -> PairQuerySet:
        collected = models.Q(machine__version__kind=Version.Kind.COLLECTION)
        pairs = self.alias(licence=Lower(Trim("machine__version__licence")))
        return pairs.exclude(collected & forbidden("licence")).filter(
            excluded_reason="",
            bach__status=Piece.Status.DONE,
            machine__status=Piece.Status.DONE,
        )

    def clips(self, profile: int) -> dict[int, tuple[Rendering | None, Rendering | None]]:
        """What each pair plays in a study of this profile: Bach's clip and the machine's."""
        of_these = models.Q(piece__in=self.values("bach")) | models.Q(
            piece__in=self.values("machine")
        )
        by_piece: dict[int, list[Rendering]] = {}
        for row in Rendering.objects.finished_clips(profile).filter(of_these):
            by_piece.setdefault(row.piece_id, []).append(row)
        played = {}
        for pair, bach, machine in self.values_list("id", "bach", "machine"):
            rows = by_piece.get(bach, []) + by_piece.get(machine, [])
            clips = played_clips(rows, newest_of=machine)
            played[pair] = (clips.get(bach), clips.get(machine))
        return played


class Pair(models.Model):
    """The item of the statistics: Bach's piece and a composer's."""

    class Kind(models.TextChoices):
        PAIRED = "paired", "of the same excerpt"
        UNPAIRED = "unpaired", "Bach and a foreign piece"
        BACH = "bach", "Bach on both sides"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PAIRED)
    excerpt = models.ForeignKey(
        Excerpt, on_delete=models.PROTECT, related_name="pairs", help_text="Bach's"
    )
    tune = models.CharField(max_length=64, help_text="family of Bach's piece")
    bach = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="pairs_as_bach")
    machine = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="pairs")
    differing = models.FloatField(
        null=True,
        blank=True,
        help_text="share of written cells that differ from Bach's; empty if not paired",
    )
    excluded_reason = models.CharField(
        max_length=200, blank=True, help_text="why the pair is never played; empty if it may be"
    )
    created = models.DateTimeField(default=now)

    objects = PairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bach", "machine"], name="pair_once"),
            models.CheckConstraint(
                condition=models.Q(differing__gte=0, differing__lte=1), name="differing_is_a_share"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="paired") | models.Q(differing__isnull=False),
                name="paired_has_differing",
            ),
            models.CheckConstraint(condition=~models.Q(tune=""), name="pair_has_tune"),
        ]

    def __str__(self) -> str:
        return str(self.machine)

    @property
    def composer(self) -> Composer:
        """Who wrote the machine's piece."""
        assert self.machine.version is not None
        return self.machine.version.composer

    def clips(self, profile: int) -> dict[int, Rendering]:
        """What is played in a study of this profile, by piece."""
        both = [self.bach_id, self.machine_id]
        rows = Rendering.objects.finished_clips(profile).filter(piece__in=both)
        return played_clips(rows, newest_of=self.machine_id)
