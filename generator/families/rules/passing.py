"""Passing notes: they fill leaps of a third, wherever that makes no new fault."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray

from generator.families.rules.beats import RulesBeat
from generator.music.grid.chorale import REST, BoolArray
from generator.music.measures.voice_leading import PERFECT

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)


def add_passing_notes(
    pitch: NDArray[Any], given: BoolArray, beats: Sequence[RulesBeat], scale: frozenset[int]
) -> None:
    """Write passing notes into `pitch`, int[4, T], in the second half of beats.

    Parameters
    ----------
    pitch : int[4, T], changed in place
    given : bool[4, T]
    beats : of the whole piece
    scale : pitch classes of the key
    """
    for one, two in pairwise(beats):
        middle = (one.start + one.stop + 1) // 2
        if two.opens or middle == one.stop:
            continue
        for voice in (3, 2, 1, 0):
            here, there = int(pitch[voice, middle]), int(pitch[voice, two.start])
            note = _between(here, there, scale)
            free = not given[voice, middle : one.stop].any()
            if free and note != REST and _is_clear(pitch, voice, note, middle, two.start):
                pitch[voice, middle : one.stop] = note


def scale_of(tonic: int, mode: str) -> frozenset[int]:
    """Pitch classes of a key; those of natural minor.

    Examples
    --------
    >>> sorted(scale_of(9, "minor")) == sorted(scale_of(0, "major"))
    True
    """
    first = tonic + (3 if mode == "minor" else 0)
    return frozenset((first + step) % 12 for step in MAJOR_SCALE)


def _between(here: int, there: int, scale: frozenset[int]) -> int:
    """The note of the scale inside a third; inside a major third any, or the raised is lost."""
    low, high = sorted((here, there))
    if REST in (here, there) or high - low not in (3, 4):
        return REST
    if high - low == 4:
        return low + 2
    return next((note for note in (low + 1, low + 2) if note % 12 in scale), REST)


def _is_clear(pitch: NDArray[Any], voice: int, note: int, middle: int, after: int) -> bool:
    """Whether a note clashes with no voice, crosses none and makes no parallels on either side."""
    before, there = int(pitch[voice, middle - 1]), int(pitch[voice, after])
    for other in {0, 1, 2, 3} - {voice}:
        was, now, then = (int(pitch[other, step]) for step in (middle - 1, middle, after))
        if REST in (was, now, then):
            continue
        if abs(note - now) % 12 in (1, 11) or (note - now) * (other - voice) <= 0:
            return False
        if _parallel(before, note, was, now) or _parallel(note, there, now, then):
            return False
    return True


def _parallel(one: int, one_then: int, two: int, two_then: int) -> bool:
    interval = abs(one - two) % 12
    together = (one_then - one) * (two_then - two) > 0
    return together and interval in PERFECT and abs(one_then - two_then) % 12 == interval
