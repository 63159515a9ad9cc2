"""Answers written straight into the database, for tests that need many of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from django.utils.timezone import now

from bachtest.game.models import Answer, Game, Listener, Round
from bachtest.studies.models import Study
from generator.models import Pair

_tokens = count(1)


def quiz() -> Study:
    return Study.objects.get(slug="quiz")


def make_game(experience: str = "novice", study: Study | None = None) -> Game:
    listener = Listener.objects.create(experience=experience, consent_version="2026-11")
    return Game.objects.create(listener=listener, study=study or quiz(), seed=next(_tokens))


def make_many_answers(outcomes: Sequence[tuple[Game, Pair, bool, str]], per_game: int) -> None:
    """Games of so many rounds, all at once. No signal is sent: the tallies know nothing of them."""
    rounds = [
        Round(
            game=game,
            number=i % per_game + 1,
            pair=pair,
            bach_side="left" if i % 3 else "right",
            left_token=f"left{next(_tokens)}",
            right_token=f"right{next(_tokens)}",
            tokens_expire=now(),
        )
        for i, (game, pair, _, _) in enumerate(outcomes)
    ]
    Round.objects.bulk_create(rounds)
    answers = []
    for i, (row, (_, _, correct, knew)) in enumerate(zip(rounds, outcomes, strict=True)):
        other = "left" if row.bach_side == "right" else "right"
        chosen = row.bach_side if correct else other
        heard = {"heard_left": 6.0, "heard_right": 7.0, "plays_left": 1, "plays_right": 2}
        outcome = {"correct": correct, "knew": knew, "first": i % 2 > 0, "seconds": 9.0}
        answers.append(Answer(round=row, chosen=chosen, **heard, **outcome))
    Answer.objects.bulk_create(answers)


def make_answer(game: Game, pair: Pair, correct: bool, **fields: object) -> Answer:
    """The next round of the game, answered; sides alternate."""
    number = game.rounds.count() + 1
    side, other = ("left", "right") if number % 2 else ("right", "left")
    row = Round.objects.create(
        game=game,
        number=number,
        pair=pair,
        bach_side=side,
        left_token=f"left{next(_tokens)}",
        right_token=f"right{next(_tokens)}",
        tokens_expire=now(),
    )
    defaults = {
        "chosen": side if correct else other,
        "correct": correct,
        "seconds": 12.5,
        "heard_left": 6.0,
        "heard_right": 7.0,
        "plays_left": 1,
        "plays_right": 2,
        "first": True,
    }
    return Answer.objects.create(round=row, **defaults | fields)
