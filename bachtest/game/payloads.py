"""What the browser gets: game and round before the answer, the reveal after it."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
from django.db.models import Count, QuerySet
from django.urls import reverse

from bachtest.game import scoring
from bachtest.game.models import Answer, Game, Round, Side
from bachtest.game.services import games
from bachtest.game.services.pair_facts import PairFacts, clip_seconds, pair_facts
from bachtest.lib.compiled_query import CompiledQuery
from generator.models import Pair
from generator.music.corpus.titles import title_of
from generator.music.grid.chorale import VOICE_NAMES, VOICES, BoolArray, Chorale
from generator.music.grid.tempo import step_seconds
from generator.music.grid.voice_runs import voice_runs
from generator.music.measures.counterpoint_marks import CounterpointMark, counterpoint_marks
from generator.registered import first_sentence
from generator.rendering.events import LEAD_SECONDS


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


class VoicesPayload(TypedDict):
    """Of each voice the length of every note and rest, in steps, and its pitch; -1 is a rest."""

    soprano: list[tuple[int, int]]
    alto: list[tuple[int, int]]
    tenor: list[tuple[int, int]]
    bass: list[tuple[int, int]]


class MarkPayload(TypedDict):
    """What a teacher of counterpoint would mark: at a step, in some of the voices."""

    kind: str
    voices: list[str]
    step: int
    bar: int
    sentence: str


class NotesPayload(TypedDict):
    side: str
    lead: float  # seconds of the clip before its first step
    step: float  # seconds
    steps: int
    bars: list[int]  # steps at which a bar begins
    voices: VoicesPayload
    marks: list[MarkPayload]


class RevealPayload(TypedDict):
    number: int
    chosen: str | None  # of no clip: no idea
    bach: str | None  # of no clip: both are Bach
    correct: bool | None  # without a truth, or without an idea
    bwv: str
    title: str  # in German
    title_english: str  # empty where no translation is certain
    occasion: str  # empty where it is unknown
    composer: str | None
    about: str  # the composer, in a sentence
    condition: str
    written: list[str]
    part: str
    paired: bool  # both clips are of one excerpt, so that their notes can be compared
    notes: list[NotesPayload]  # of each clip; empty where they are not known
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
    return _game_payload(game, games.fetch_round(game))


def game_payload(game: Game) -> GamePayload:
    """The game as it is stored: the round that was sent last, and the reveal still to be seen."""
    return _game_payload(game, games.round_sent(game))


def _game_payload(game: Game, current: Round | None) -> GamePayload:
    revealed = games.round_to_reveal(game)
    return {
        "id": str(game.id),
        "rounds": game.last_number(),
        "answered": len(game.answered_rounds()),
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


def clips_payload(row: Round, *, plain: bool = False) -> list[ClipPayload]:
    """The round's own bytes; or the plain clips, where there is nothing left to hide."""
    seconds = clip_seconds(row.pair, row.game.study.rendering)
    address = "game:plain_clip" if plain else "game:clip"
    return [
        {
            "side": str(Side.at(clip.position)),
            "url": reverse(address, args=[clip.token]),
            "seconds": seconds,
        }
        for clip in row.clips_in_order()
    ]


def reveal_payload(row: Round, answer: Answer) -> RevealPayload:
    facts = pair_facts(row.pair_id)
    named = title_of(facts.bwv, facts.work_title)
    all_bach = facts.version is None
    return {
        "number": row.number,
        "chosen": _value(answer.chosen),
        "bach": None if all_bach else _value(row.bach_side),
        "correct": answer.correct,
        "bwv": named.number,
        "title": named.title,
        "title_english": named.title_english,
        "occasion": named.occasion,
        "composer": facts.composer,
        "about": first_sentence(facts.about or ""),
        "condition": facts.condition,
        "written": scoring.written_voices(facts.condition),
        "part": scoring.written_part(facts.condition),
        "paired": facts.is_paired(),
        "notes": notes_payload(row, facts),
        "others": _others(row),
        "game_finished": row.game.finished_at is not None,
        "result_url": reverse("game:result", args=[row.game_id]),
    }


def notes_payload(row: Round, facts: PairFacts) -> list[NotesPayload]:
    """What each clip plays, in the order of the clips, if it is known of all."""
    clips, chorales = row.clips_in_order(), facts.chorales()
    if not all(clip.piece_id in chorales for clip in clips):
        return []
    cells = facts.compared_cells(chorales)
    return [_notes(Side.at(clip.position), chorales[clip.piece_id], cells) for clip in clips]


def _notes(side: Side, chorale: Chorale, cells: BoolArray) -> NotesPayload:
    soprano, alto, tenor, bass = (voice_runs(chorale, voice) for voice in range(len(VOICES)))
    return {
        "side": str(side),
        "lead": LEAD_SECONDS,
        "step": step_seconds(chorale.metre[0][1]),
        "steps": chorale.steps,
        "bars": np.flatnonzero(chorale.bar_phase() == 0).tolist(),
        "voices": {"soprano": soprano, "alto": alto, "tenor": tenor, "bass": bass},
        "marks": [_mark(mark) for mark in counterpoint_marks(chorale, cells)],
    }


def _mark(mark: CounterpointMark) -> MarkPayload:
    return {
        "kind": mark.kind,
        "voices": [VOICE_NAMES[voice] for voice in mark.voices],
        "step": mark.step,
        "bar": mark.bar,
        "sentence": mark.sentence,
    }


def _value(side: Side | None) -> str | None:
    return None if side is None else str(side)


def _others(row: Round) -> OthersPayload:
    """Of those who gave an answer that is right or wrong."""
    counts = dict(_OTHERS(row.pair_id, row.id))
    return {"answers": sum(counts.values()), "correct": counts.get(True, 0)}


def _others_by_correct(pair: Any, own: Any) -> QuerySet[Answer, Any]:
    scored = Answer.objects.filter(correct__isnull=False, round__pair=pair).exclude(round=own)
    return scored.order_by().values_list("correct").annotate(Count("id"))


_OTHERS = CompiledQuery(_others_by_correct, Pair._meta.pk, Round._meta.pk)


def result_payload(game: Game) -> ResultPayload:
    # When an answer is deleted on request, its round leaves the page.
    answered = [_result_round(row, plain=True) for row in game.answered_rounds()]
    return {
        "id": str(game.id),
        "correct": sum(each["correct"] is True for each in answered),
        "scored": sum(each["correct"] is not None for each in answered),
        "rounds": answered,
    }


def _result_round(row: Round, *, plain: bool = False) -> ResultRoundPayload:
    return {
        **reveal_payload(row, row.answer),
        "round": str(row.id),
        "knew": row.answer.knew,
        "clips": clips_payload(row, plain=plain),
    }
