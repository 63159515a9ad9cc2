"""A study: the fixed design of its games."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now

from bachtest.studies import design
from generator.models import Composer, Pair, Version
from generator.rendering.profiles import NEWEST, PROFILES


def bachbot_rounds() -> list[list[str]]:
    """The five rounds of the BachBot challenge, each with the conditions it may have."""
    return [["S", "A", "T", "B"], ["AT"], ["ATB"], ["SATB"], ["SATB"]]


def newest_profile() -> int:
    return NEWEST


def profile_choices() -> list[tuple[int, str]]:
    return [(number, str(profile)) for number, profile in PROFILES.items()]


class StudyQuerySet(models.QuerySet["Study"]):
    def open(self) -> StudyQuerySet:
        return self.filter(is_open=True)

    def profiles_in_use(self) -> set[int]:
        """What new pieces are rendered in: of studies that are open, or that nobody has played."""
        studies = self.filter(models.Q(is_open=True) | models.Q(participations=None))
        return set(studies.values_list("rendering", flat=True))


class Study(models.Model):
    class Protocol(models.TextChoices):
        PAIR = "pair", "two clips: which is Bach?"

    class Feedback(models.TextChoices):
        ROUND = "round", "the answer is shown after each round"

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    is_open = models.BooleanField(default=False, help_text="new games can start")
    rounds = models.JSONField(
        default=bachbot_rounds,
        help_text="the conditions of each round; one is drawn, and the order is shuffled",
    )
    protocol = models.CharField(max_length=8, choices=Protocol.choices, default=Protocol.PAIR)
    feedback = models.CharField(max_length=8, choices=Feedback.choices, default=Feedback.ROUND)
    consent_version = models.CharField(max_length=20)
    consent_text = models.TextField()
    listen_seconds = models.FloatField(
        null=True,
        blank=True,
        help_text="seconds of each clip to hear before answering; LISTEN_SECONDS if empty",
    )
    rendering = models.PositiveSmallIntegerField(
        default=newest_profile,
        choices=profile_choices,
        help_text="how loud its clips are and how they are encoded; kept once somebody takes part",
    )
    margin = models.FloatField(
        default=0.1, help_text="rates this close to .5 count as 'cannot tell'"
    )
    exclusions = models.JSONField(
        default=list, blank=True, help_text="flags whose answers are excluded from the headline"
    )
    refill = models.BooleanField(
        default=True,
        help_text="in quiet time workers order pairs, until each tune family has one in each cell",
    )
    stopping = models.TextField(blank=True, help_text="when the study stops taking answers")
    created = models.DateTimeField(default=now)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.slug

    def faults(self) -> dict[str, str]:
        """What would break pages, games or the analysis later, by field."""
        rules: dict[str, Callable[[], None]] = {
            "rounds": lambda: design.check_rounds(self.rounds),
            "exclusions": lambda: design.check_exclusions(self.exclusions),
            "margin": lambda: design.check_margin(self.margin),
            "listen_seconds": lambda: design.check_listen_seconds(self.listen_seconds),
        }
        found = {}
        for field, check in rules.items():
            try:
                check()
            except ValueError as error:
                found[field] = str(error)
        return found

    def clean(self) -> None:
        if found := self.faults():
            raise ValidationError(found)

    def weights(self) -> dict[int, float]:
        """Of the versions that may be drawn, by their ids."""
        played = self.composers.filter(weight__gt=0, version__status=Version.Status.READY)
        return dict(played.values_list("version", "weight"))

    def seconds_to_hear(self) -> float:
        if self.listen_seconds is not None:
            return self.listen_seconds
        return float(settings.LISTEN_SECONDS)


class StudyComposer(models.Model):
    """A version of a composer that a study plays. It plays no other."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="composers")
    composer = models.ForeignKey(Composer, on_delete=models.PROTECT, related_name="in_studies")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="in_studies")
    weight = models.FloatField(
        default=1.0, help_text="how often it is drawn, relative to the others; 0: no more"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="version_once_a_study"),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0, weight__lte=design.MAX_WEIGHT),
                name="weight_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study.slug} {self.version}"

    def clean(self) -> None:
        try:
            design.check_weight(self.weight)
        except ValueError as error:
            raise ValidationError({"weight": str(error)}) from error
        if self.version_id and self.version.composer_id != self.composer_id:
            raise ValidationError({"version": f"{self.version} is by another composer"})


class StudyItem(models.Model):
    """How often a pair was drawn and answered in a study. A pair without a row counts 0.

    The transaction that draws, answers, withdraws or deletes keeps the counts.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="items")
    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="study_items")
    exposures = models.IntegerField(default=0, help_text="rounds drawn with it, not withdrawn")
    answered = models.IntegerField(default=0, help_text="answers among them")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "pair"], name="item_once")]

    def __str__(self) -> str:
        return f"{self.study_id} {self.pair_id}: {self.answered}/{self.exposures}"
