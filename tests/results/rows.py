"""Answers written straight into the database, for tests that need many of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from django.utils.timezone import now

from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip
from bachtest.studies.models import Study
from generator.models import Pair

_tokens = count(1)


def quiz() -> Study:
    return Study.objects.get(slug="quiz")


def make_game(experience: str = "novice", study: Study | None = None) -> Game:
    participation = Participation.objects.create(
        listener=Listener.objects.create(),
        study=study or quiz(),
        experience=experience,
        consent_version="2026-11",
    )
    return Game.objects.create(participation=participation, seed=next(_tokens))


def make_many_answers(outcomes: Sequence[tuple[Game, Pair, bool, str]], per_game: int) -> None:
    """Games of so many rounds, all at once. No signal is sent: the tallies know nothing of them."""
    rounds = [
        Round(game=game, number=i % per_game + 1, pair=pair, tokens_expire=now())
        for i, (game, pair, _, _) in enumerate(outcomes)
    ]
    Round.objects.bulk_create(rounds)
    answers, clips = [], []
    for i, (row, (_, pair, correct, knew)) in enumerate(zip(rounds, outcomes, strict=True)):
        bach = 1 if i % 3 else 2
        clips += clips_of(row, pair, bach)
        response = str(bach if correct else 3 - bach)
        outcome = {"correct": correct, "knew": knew, "first": i % 2 > 0, "seconds": 9.0}
        answers.append(Answer(round=row, response=response, **outcome))
    RoundClip.objects.bulk_create(clips)
    Answer.objects.bulk_create(answers)


def spread_over_hours() -> None:
    """One answer an hour, as the tallies have it once they are counted again."""
    for number, answer in enumerate(Answer.objects.order_by("id")):
        when = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
        Answer.objects.filter(pk=answer.pk).update(created=when)


def clips_of(row: Round, pair: Pair, bach: int) -> list[RoundClip]:
    """Both clips, heard; Bach's at the position `bach`."""
    return [
        RoundClip(
            round=row,
            position=position,
            piece_id=pair.bach_id if position == bach else pair.machine_id,
            token=f"token{next(_tokens)}",
            plays=position,
            heard=5.0 + position,
        )
        for position in (1, 2)
    ]


def make_round(game: Game, pair: Pair, bach: int = 1) -> Round:
    """The next round of the game."""
    number = game.rounds.count() + 1
    row = Round.objects.create(game=game, number=number, pair=pair, tokens_expire=now())
    RoundClip.objects.bulk_create(clips_of(row, pair, bach))
    return row


def make_answer(game: Game, pair: Pair, correct: bool, **fields: object) -> Answer:
    """The next round of the game, answered; sides alternate."""
    bach = 2 - (game.rounds.count() + 1) % 2
    row = make_round(game, pair, bach)
    defaults = {
        "response": str(bach if correct else 3 - bach),
        "correct": correct,
        "seconds": 12.5,
        "first": True,
    }
    return Answer.objects.create(round=row, **defaults | fields)
