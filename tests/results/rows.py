"""Answers straight into the database, where a test needs many and not how they came about."""

from __future__ import annotations

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


def make_answer(game: Game, pair: Pair, correct: bool, **fields: object) -> Answer:
    """The next round of the game, answered; sides alternate."""
    number = game.rounds.count() + 1
    side, other = ("left", "right") if number % 2 else ("right", "left")
    put = Round.objects.create(
        game=game,
        number=number,
        pair=pair,
        bach_side=side,
        left_token=f"left{next(_tokens)}",
        right_token=f"right{next(_tokens)}",
        tokens_expire=now(),
    )
    said = {
        "chosen": side if correct else other,
        "correct": correct,
        "seconds": 12.5,
        "heard_left": 6.0,
        "heard_right": 7.0,
        "plays_left": 1,
        "plays_right": 2,
        "first": True,
    }
    return Answer.objects.create(round=put, **said | fields)
