"""People and their answers: a listener plays games of rounds and answers each round once."""

from __future__ import annotations

import uuid
from collections import defaultdict

from django.db import models
from django.utils.functional import cached_property
from django.utils.timezone import now

from bachtest.lib.compiled_query import CompiledQuery
from bachtest.studies.models import Study
from generator.models import Pair, Piece


class Side(models.TextChoices):
    """Where a clip stands in a round of two: position 1 is left."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def position(self) -> int:
        return 1 if self is Side.LEFT else 2

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT

    @classmethod
    def at(cls, position: int) -> Side:
        return Side.LEFT if position == 1 else Side.RIGHT


class Listener(models.Model):
    """A person, known only by a random id in a cookie."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.id)


class Participation(models.Model):
    """A listener in a study: the consent given to it, and what was stated there."""

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

    listener = models.ForeignKey(Listener, on_delete=models.CASCADE, related_name="participations")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participations")
    consent_version = models.CharField(max_length=20)
    consented_at = models.DateTimeField(default=now)
    experience = models.CharField(
        max_length=12, choices=Experience.choices, default=Experience.UNSTATED
    )
    age_group = models.CharField(max_length=8, choices=AgeGroup.choices, default=AgeGroup.UNSTATED)
    created = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listener", "study"], name="participation_once")
        ]

    def __str__(self) -> str:
        return f"{self.listener_id} {self.study_id}"


class Game(models.Model):
    """One sitting."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="games")
    seed = models.BigIntegerField(help_text="decides the order, the pairs and the sides")
    created = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation"],
                condition=models.Q(finished_at=None),
                name="one_unfinished_game_a_participation",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def study(self) -> Study:
        return self.participation.study

    @property
    def listener(self) -> Listener:
        return self.participation.listener

    @cached_property
    def all_rounds(self) -> list[Round]:
        """By number, withdrawn ones too, with their pairs, answers and clips: read once."""
        clips: dict[uuid.UUID, list[RoundClip]] = defaultdict(list)
        for clip in _CLIPS_OF_GAME(self.pk):
            clips[clip.round_id].append(clip)
        rows = sorted(_ROUNDS_OF_GAME(self.pk), key=lambda row: row.number)
        for row in rows:
            row.game, row.clips_read = self, clips[row.pk]
        return rows

    def read_rounds_again(self) -> None:
        vars(self).pop("all_rounds", None)

    def answered_rounds(self) -> list[Round]:
        return [row for row in self.all_rounds if hasattr(row, "answer")]

    def unanswered_rounds(self) -> list[Round]:
        return [row for row in self.all_rounds if not (row.withdrawn or hasattr(row, "answer"))]

    def last_number(self) -> int:
        """Not the count of rounds: the number of a dropped round stays unused."""
        return max((row.number for row in self.all_rounds if not row.withdrawn), default=0)


class RoundQuerySet(models.QuerySet["Round"]):
    def standing(self) -> RoundQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn=False)


class Round(models.Model):
    """What the listener hears and answers once. The positions are drawn when the game starts."""

    class Kind(models.TextChoices):
        SCORED = "scored", "one answer is right"
        NO_TRUTH = "no_truth", "no answer is right or wrong"
        TRAP = "trap", "whoever listens answers it right"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField(help_text="1 for the first round of the game")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="rounds")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SCORED)
    tokens_expire = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="when the browser first got it")
    withdrawn = models.BooleanField(
        default=False, help_text="its pair was retired first; another round has its number"
    )

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["game", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["game", "number"], condition=models.Q(withdrawn=False), name="round_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.game_id} {self.number}"

    @cached_property
    def clips_read(self) -> list[RoundClip]:
        """As they were when they were first looked at."""
        return _CLIPS_OF_ROUND(self.pk)

    def read_clips_again(self) -> None:
        vars(self).pop("clips_read", None)

    def clips_in_order(self) -> list[RoundClip]:
        return sorted(self.clips_read, key=lambda clip: clip.position)

    @property
    def bach_position(self) -> int | None:
        """Where Bach's piece of the pair stands; None if it isn't in the round."""
        places = [clip.position for clip in self.clips_read if clip.piece_id == self.pair.bach_id]
        return places[0] if places else None

    @property
    def bach_side(self) -> Side | None:
        """The same in a round of two clips."""
        return None if self.bach_position is None else Side.at(self.bach_position)


class RoundClip(models.Model):
    """A piece at its position in a round, and how it was heard there."""

    class Role(models.TextChoices):
        A = "A"
        B = "B"
        X = "X"
        ODD = "odd"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="clips")
    position = models.PositiveSmallIntegerField(help_text="1 for the first, or the left one")
    role = models.CharField(
        max_length=3, choices=Role.choices, blank=True, help_text="empty where all are alike"
    )
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="round_clips")
    token = models.CharField(
        max_length=43, unique=True, help_text="what the browser gets instead of a file name"
    )
    first_play = models.DateTimeField(null=True, blank=True)
    plays = models.PositiveIntegerField(default=0)
    heard = models.FloatField(default=0.0, help_text="seconds heard, as the browser reports")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="one_clip_a_position")
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.position}"


class Answer(models.Model):
    """What the listener answered; the database allows one answer a round."""

    class Response(models.TextChoices):
        FIRST = "1", "the clip at position 1"
        SECOND = "2", "the clip at position 2"
        THIRD = "3", "the clip at position 3"
        BACH = "bach", "the clip is by Bach"
        MACHINE = "machine", "the clip is by a machine"
        NONE = "none", "no idea"

    class Knew(models.TextChoices):
        YES = "yes"
        NO = "no"
        UNSURE = "unsure"
        PASSED = "passed"

    round = models.OneToOneField(Round, on_delete=models.CASCADE, related_name="answer")
    response = models.CharField(max_length=7, choices=Response.choices)
    correct = models.BooleanField(null=True, help_text="empty without a truth, or without an idea")
    seconds = models.FloatField(help_text="from the first start of a clip, by the server's clock")
    quick_streak = models.PositiveIntegerField(
        default=0, help_text="right and quick answers of the participation in a row, up to this one"
    )
    first = models.BooleanField(null=True, help_text="Bach was heard first")
    knew = models.CharField(
        max_length=6, choices=Knew.choices, blank=True, help_text="empty: not asked yet"
    )
    created = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(response__in=["1", "2", "3", "bach", "machine", "none"]),
                name="answer_response",
            )
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.response}"

    @property
    def chosen(self) -> Side | None:
        """The side chosen in a round of two clips."""
        positions = {str(side.position): side for side in Side}
        return positions.get(self.response)


_ROUNDS_OF_GAME = CompiledQuery(
    lambda game: Round.objects.order_by().filter(game=game).select_related("answer", "pair"),
    Game._meta.pk,
)
_CLIPS_OF_GAME = CompiledQuery(
    lambda game: RoundClip.objects.order_by().filter(round__game=game), Game._meta.pk
)
_CLIPS_OF_ROUND = CompiledQuery(
    lambda row: RoundClip.objects.order_by().filter(round=row), Round._meta.pk
)
