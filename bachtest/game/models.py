"""People and their answers: a listener plays games of rounds and answers each round once."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.timezone import now

from bachtest.studies.models import Study
from generator.models import Pair, Piece


class Side(models.TextChoices):
    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Listener(models.Model):
    """A person, known only by a random id in a cookie."""

    class Experience(models.TextChoices):
        NOVICE = "novice", "I listen to music"
        INTERMEDIATE = "intermediate", "I have played an instrument"
        ADVANCED = "advanced", "I have studied music theory"
        EXPERT = "expert", "I teach or research music"
        UNSTATED = "unstated", "I would rather not say"

    class AgeGroup(models.TextChoices):
        UNDER_18 = "under-18", "under 18"
        FROM_18 = "18-29", "18 to 29"
        FROM_30 = "30-44", "30 to 44"
        FROM_45 = "45-59", "45 to 59"
        FROM_60 = "60-plus", "60 or over"
        UNSTATED = "unstated", "I would rather not say"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    experience = models.CharField(
        max_length=12, choices=Experience.choices, default=Experience.UNSTATED
    )
    age_group = models.CharField(max_length=8, choices=AgeGroup.choices, default=AgeGroup.UNSTATED)
    consent_version = models.CharField(max_length=20)
    consented_at = models.DateTimeField(default=now)
    created = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.id)


class Game(models.Model):
    """One sitting."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listener = models.ForeignKey(Listener, on_delete=models.CASCADE, related_name="games")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="games")
    seed = models.BigIntegerField(help_text="decides the order, the pairs and the sides")
    created = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created"]
        constraints = [
            models.UniqueConstraint(
                fields=["listener"],
                condition=models.Q(finished_at=None),
                name="one_unfinished_game_a_listener",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class RoundQuerySet(models.QuerySet["Round"]):
    def standing(self) -> RoundQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn=False)


class Round(models.Model):
    """One pair that the listener hears. The side is drawn when the game starts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField(help_text="1 for the first round of the game")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="rounds")
    bach_side = models.CharField(max_length=5, choices=Side.choices)
    # What the browser gets instead of a file name.
    left_token = models.CharField(max_length=43, unique=True)
    right_token = models.CharField(max_length=43, unique=True)
    tokens_expire = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when the browser first got it")
    first_play_left = models.DateTimeField(null=True, blank=True)
    first_play_right = models.DateTimeField(null=True, blank=True)
    plays_left = models.PositiveIntegerField(default=0)
    plays_right = models.PositiveIntegerField(default=0)
    heard_left = models.FloatField(default=0.0, help_text="seconds heard so far")
    heard_right = models.FloatField(default=0.0, help_text="seconds heard so far")
    withdrawn = models.BooleanField(
        default=False, help_text="its pair was retired first; another round has its number"
    )

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["game", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "number"], condition=models.Q(withdrawn=False), name="round_once"
            ),
            models.CheckConstraint(
                condition=models.Q(bach_side__in=Side.values), name="round_bach_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} {self.number}"

    def piece_on(self, side: Side) -> Piece:
        return self.pair.bach if side == self.bach_side else self.pair.machine

    def token_of(self, side: Side) -> str:
        return self.left_token if side is Side.LEFT else self.right_token


class Answer(models.Model):
    """What the listener answered; the database allows one answer a round."""

    class Knew(models.TextChoices):
        YES = "yes"
        NO = "no"
        UNSURE = "unsure"
        PASSED = "passed"

    round = models.OneToOneField(Round, on_delete=models.CASCADE, related_name="answer")
    chosen = models.CharField(max_length=5, choices=Side.choices)
    correct = models.BooleanField()
    seconds = models.FloatField(help_text="from the first start of a clip, by the server's clock")
    heard_left = models.FloatField(help_text="seconds heard, as the browser reports")
    heard_right = models.FloatField(help_text="seconds heard, as the browser reports")
    plays_left = models.PositiveIntegerField()
    plays_right = models.PositiveIntegerField()
    first = models.BooleanField(help_text="Bach was heard first")
    knew = models.CharField(
        max_length=6,
        choices=Knew.choices,
        blank=True,
        help_text="empty: not asked yet",
    )
    created = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chosen__in=Side.values), name="answer_chosen_side"
            )
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.chosen}"
