"""The places of a piece that a teacher of counterpoint would mark, in words.

Conventions
-----------
What is marked is what the measures of `voice_leading`, `parallels_between_beats`, `counterpoint`
and `cadences` count, in the same `written` cells. A mark stands at a step in each of its voices: at
the second note of a move, at the dissonant note of a dissonance, and where the last chord of a
phrase begins. What is said twice in a bar is marked once. Bars count from the first bar line; what
comes before it is bar 0, the upbeat. Names of notes are those of `grid.spelling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, VOICE_NAMES, BoolArray, Chorale
from generator.music.grid.conditions import given_for
from generator.music.grid.spelling import signature, spelled
from generator.music.measures.cadences import open_ends_at
from generator.music.measures.counterpoint import (
    augmented_fourths_at,
    augmented_seconds_at,
    cross_relations_at,
    dissonances_left_by_leap_at,
    doubled_leading_tones_at,
    held_against,
    leaps_beyond_octave_at,
    leaps_of_a_seventh_at,
)
from generator.music.measures.parallels_between_beats import ornamented_at
from generator.music.measures.voice_leading import VOICE_PAIRS, parallels_at, written_cells

FIFTH = 4  # letters
_LETTERS = "CDEFGAB"
_SIGNS = {-2: " double flat", -1: " flat", 0: "", 1: " sharp", 2: " double sharp"}
_MOVES = (
    ("augmented second", augmented_seconds_at, "moves by an augmented second"),
    ("augmented fourth", augmented_fourths_at, "moves by an augmented fourth"),
    ("leap beyond the octave", leaps_beyond_octave_at, "leaps by more than an octave"),
    ("leap of a seventh", leaps_of_a_seventh_at, "leaps by a seventh"),
)


class CounterpointMark(NamedTuple):
    """`voices` are S, A, T, B = 0..3, the highest first; `sentence` begins with the bar."""

    step: int
    kind: str
    voices: tuple[int, ...]
    bar: int
    sentence: str


class _Place(NamedTuple):
    """A mark before its bar is known."""

    step: int
    kind: str
    voices: tuple[int, ...]
    words: str


def counterpoint_marks(chorale: Chorale, written: ArrayLike) -> list[CounterpointMark]:
    """Every mark of a piece, in the order of time.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Raises
    ------
    ValueError
        If `written` has neither shape.

    Examples
    --------
    >>> c = Chorale(pitch=[[74, 76], [67, 67], [67, 69], [55, 53]], onset=[[1] * 2] * 4)
    >>> [mark.sentence for mark in counterpoint_marks(c, [True] * 4)]
    ['Bar 1: soprano and tenor move in parallel fifths, D over G up to E over A']
    """
    return list(_marks(chorale, written_cells(chorale, written).tobytes()))


def compared_cells(condition: str, bach: Chorale, piece: Chorale) -> BoolArray:
    """bool[4] or bool[4, T]: where a piece written in a condition stands beside Bach's setting.

    All cells without a condition, and where the two are not equally long.

    Examples
    --------
    >>> bar = Chorale(pitch=[[72]] * 4, onset=[[1]] * 4)
    >>> compared_cells("AT", bar, bar).ravel().tolist()
    [False, True, True, False]
    """
    if condition and bach.steps == piece.steps:
        return ~given_for(condition, bach)
    return np.ones(len(VOICE_NAMES), dtype=np.bool_)


@lru_cache(maxsize=64)
def _marks(chorale: Chorale, written: bytes) -> tuple[CounterpointMark, ...]:
    """Kept, since a reveal is sent once more with the round that follows it."""
    cells = np.frombuffer(written, dtype=np.bool_).reshape(chorale.pitch.shape)
    places = [
        *_parallels(chorale, cells),
        *_dissonances(chorale, cells),
        *_cross_relations(chorale, cells),
        *_moves(chorale, cells),
        *_leading_tones(chorale, cells),
        *_open_ends(chorale, cells),
    ]
    bars = np.cumsum(chorale.bar_phase() == 0)
    marks: dict[tuple[int, str], CounterpointMark] = {}
    for step, kind, voices, words in sorted(places, key=lambda place: place.step):
        bar = int(bars[step])
        sentence = f"{f'Bar {bar}' if bar else 'Upbeat'}: {words}"
        marks.setdefault((bar, sentence), CounterpointMark(step, kind, voices, bar, sentence))
    return tuple(marks.values())


def _parallels(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    by_step = parallels_at(chorale, cells)
    for pair, step in np.argwhere(by_step).tolist():
        voices = _pair(pair)
        interval, notes = _moved(chorale, voices, step - 1, step)
        words = f"{_both(voices)} move in parallel {interval}, {notes}"
        yield _Place(step, "parallels", voices, words)
    beats = np.flatnonzero(on_beat(chorale))
    for pair, step in np.argwhere(ornamented_at(chorale, cells) & ~by_step).tolist():
        voices, before = _pair(pair), int(beats[beats < step][-1])
        interval, notes = _moved(chorale, voices, before, step)
        words = f"{_both(voices)} move in {interval} from beat to beat, {notes}"
        yield _Place(step, "parallels between beats", voices, words)


def _dissonances(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    for voice, goal in np.argwhere(dissonances_left_by_leap_at(chorale, cells)).tolist():
        note = int(np.flatnonzero(chorale.onset[voice, :goal])[-1])
        other = held_against(chorale, voice, note)[0]
        words = (
            f"{_the(voice)} leaps away from a dissonance, "
            f"{_name(chorale, voice, note)} against {_name(chorale, other, note)} in {_the(other)}"
        )
        yield _Place(note, "dissonance left by leap", _ordered(voice, other), words)


def _cross_relations(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    for pair, step in np.argwhere(cross_relations_at(chorale, cells)).tolist():
        upper, lower = _pair(pair)
        one, two = (_name(chorale, voice, step, natural=True) for voice in (upper, lower))
        words = f"{one} in {_the(upper)} against {two} in {_the(lower)}"
        yield _Place(step, "cross relation", (upper, lower), words)


def _moves(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    for kind, at, verb in _MOVES:
        for voice, step in np.argwhere(at(chorale, cells)).tolist():
            way = "up" if chorale.pitch[voice, step] > chorale.pitch[voice, step - 1] else "down"
            names = [_name(chorale, voice, each) for each in (step - 1, step)]
            words = f"{_the(voice)} {verb}, {names[0]} {way} to {names[1]}"
            yield _Place(step, kind, (voice,), words)


def _leading_tones(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    found = doubled_leading_tones_at(chorale, cells)
    for step in np.flatnonzero(found.any(axis=0)).tolist():
        voices = tuple(np.unique(VOICE_PAIRS[found[:, step]]).tolist())
        words = f"{_both(voices)} double the leading tone, {_name(chorale, voices[0], step)}"
        yield _Place(step, "doubled leading tone", voices, words)


def _open_ends(chorale: Chorale, cells: BoolArray) -> Iterator[_Place]:
    for last in np.flatnonzero(open_ends_at(chorale, cells)).tolist():
        begins = np.flatnonzero(chorale.onset[:, : last + 1].any(axis=0))
        sounding = tuple(np.flatnonzero(chorale.pitch[:, last] != REST).tolist())
        words = "the phrase ends without a triad in root position"
        yield _Place(int(begins[-1]), "open end", sounding, words)


def _moved(chorale: Chorale, voices: tuple[int, int], before: int, step: int) -> tuple[str, str]:
    """An interval at two steps, and its notes: "fifths" and "D over G up to E over A"."""
    pitch = chorale.pitch[list(voices)][:, [before, step]].astype(np.int64)
    way = "up" if pitch[0, 1] > pitch[0, 0] else "down"
    if (pitch[0, 0] - pitch[1, 0]) % 12:
        one, two = (_fifth(chorale, voices, at) for at in (before, step))
        return "fifths", f"{one} {way} to {two}"
    one, two = (_name(chorale, voices[0], at) for at in (before, step))
    return "octaves" if (pitch[0] != pitch[1]).any() else "unisons", f"{one} {way} to {two}"


def _fifth(chorale: Chorale, voices: tuple[int, int], step: int) -> str:
    """Its notes. The lower one is named by the upper one: E flat under B flat, never D sharp."""
    lower, upper = sorted(chorale.pitch[list(voices), step].tolist())
    sharps = signature(chorale.key)
    one, two = spelled(upper, sharps), spelled(lower, sharps)
    if (_LETTERS.index(one[0]) - _LETTERS.index(two[0])) % len(_LETTERS) != FIFTH:
        two = spelled(lower, sharps - 1)
    return f"{one[0]}{_SIGNS[one[1]]} over {two[0]}{_SIGNS[two[1]]}"


def _name(chorale: Chorale, voice: int, step: int, *, natural: bool = False) -> str:
    letter, alter, _ = spelled(int(chorale.pitch[voice, step]), signature(chorale.key))
    return letter + (" natural" if natural and not alter else _SIGNS[alter])


def _the(voice: int) -> str:
    return f"the {VOICE_NAMES[voice]}"


def _both(voices: Sequence[int]) -> str:
    names = [VOICE_NAMES[voice] for voice in voices]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _pair(pair: int) -> tuple[int, int]:
    one, two = VOICE_PAIRS[pair].tolist()
    return one, two


def _ordered(one: int, two: int) -> tuple[int, int]:
    return min(one, two), max(one, two)
