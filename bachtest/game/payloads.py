"""What the browser gets: game and round before the answer, the reveal after it."""

from __future__ import annotations

from typing import TypedDict

from django.db.models import Count, Max, Q
from django.urls import reverse

from bachtest.game import scoring
from bachtest.game.models import Answer, Game, Round, Side
from bachtest.game.services import games
from bachtest.game.services.answers import clip_seconds


class ClipPayload(TypedDict):
    side: str
    url: str
    seconds: float


class HeardPayload(TypedDict):
    side: str
    plays: int
    seconds: float


class RoundPayload(TypedDict):
    id: str
    number: int
    listen_seconds: float
    clips: list[ClipPayload]
    heard: list[HeardPayload]


class OthersPayload(TypedDict):
    answers: int
    correct: int


class RevealPayload(TypedDict):
    number: int
    chosen: str | None  # of no clip: no idea
    bach: str | None  # of no clip: both are Bach
    correct: bool | None  # without a truth, or without an idea
    bwv: str
    title: str
    composer: str | None
    condition: str
    written: list[str]
    part: str
    others: OthersPayload
    game_finished: bool
    result_url: str


class ResultRoundPayload(RevealPayload):
    round: str
    knew: str
    clips: list[ClipPayload]


class GamePayload(TypedDict):
    id: str
    rounds: int
    answered: int
    finished: bool
    round: RoundPayload | None
    reveal: ResultRoundPayload | None


class ResultPayload(TypedDict):
    id: str
    correct: int
    scored: int  # rounds with an answer that is right or wrong
    rounds: list[ResultRoundPayload]


def fetched_game(game: Game) -> GamePayload:
    """The game with its next round, which counts as sent from now on."""
    games.fetch_round(game)
    return game_payload(game)


def game_payload(game: Game) -> GamePayload:
    """The game as it is stored: the round that was sent last, and the reveal still to be seen."""
    current = games.round_sent(game)
    revealed = games.round_to_reveal(game)
    # Not the count of rounds: the number of a dropped round stays unused.
    last = game.rounds.standing().aggregate(last=Max("number"))["last"]
    return {
        "id": str(game.id),
        "rounds": last,
        "answered": game.rounds.exclude(answer=None).count(),
        "finished": game.finished_at is not None,
        "round": round_payload(current) if current else None,
        "reveal": _result_round(revealed) if revealed else None,
    }


def round_payload(row: Round) -> RoundPayload:
    return {
        "id": str(row.id),
        "number": row.number,
        "listen_seconds": row.game.study.seconds_to_hear(),
        "clips": clips_payload(row),
        "heard": [
            {"side": str(Side.at(clip.position)), "plays": clip.plays, "seconds": clip.heard}
            for clip in row.clips_in_order()
        ],
    }


def clips_payload(row: Round) -> list[ClipPayload]:
    seconds = clip_seconds(row)
    return [
        {
            "side": str(Side.at(clip.position)),
            "url": reverse("game:clip", args=[clip.token]),
            "seconds": seconds,
        }
        for clip in row.clips_in_order()
    ]


def reveal_payload(row: Round, answer: Answer) -> RevealPayload:
    work = row.pair.excerpt.work
    condition = row.pair.machine.condition
    all_bach = row.pair.machine.version is None
    return {
        "number": row.number,
        "chosen": _value(answer.chosen),
        "bach": None if all_bach else _value(row.bach_side),
        "correct": answer.correct,
        "bwv": work.bwv.replace("BWV", "BWV ", 1),
        "title": work.title,
        "composer": None if all_bach else row.pair.composer.name,
        "condition": condition,
        "written": scoring.written_voices(condition),
        "part": scoring.written_part(condition),
        "others": _others(row),
        "game_finished": row.game.finished_at is not None,
        "result_url": reverse("game:result", args=[row.game_id]),
    }


def _value(side: Side | None) -> str | None:
    return None if side is None else str(side)


def _others(row: Round) -> OthersPayload:
    """Of those who gave an answer that is right or wrong."""
    scored = Answer.objects.filter(correct__isnull=False)
    answers = scored.filter(round__pair=row.pair_id).exclude(round=row)
    totals = answers.aggregate(answers=Count("id"), correct=Count("id", filter=Q(correct=True)))
    return {"answers": totals["answers"], "correct": totals["correct"]}


def result_payload(game: Game) -> ResultPayload:
    rounds = game.rounds.select_related(
        "answer",
        "game__participation__study",
        "pair__bach",
        "pair__machine__version__composer",
        "pair__excerpt__work",
    ).prefetch_related("clips")
    # When an answer is deleted on request, its round leaves the page.
    answered = [_result_round(row) for row in rounds if hasattr(row, "answer")]
    return {
        "id": str(game.id),
        "correct": sum(each["correct"] is True for each in answered),
        "scored": sum(each["correct"] is not None for each in answered),
        "rounds": answered,
    }


def _result_round(row: Round) -> ResultRoundPayload:
    return {
        **reveal_payload(row, row.answer),
        "round": str(row.id),
        "knew": row.answer.knew,
        "clips": clips_payload(row),
    }
