"""Conditions: sets of written cells, by name. All of them are in one list, `CONDITIONS`.

Conventions
-----------
A set of whole voices is named by its letters in the order SATB. Two conditions are spans of time in
all four voices: in ``"NEXT"`` the machine goes on where Bach stops, in ``"GAP"`` it writes what is
missing in the middle. A span begins and ends where all four voices begin a note or a rest, so that
no note is cut. Of such places the ends of phrases come first (without the excerpt's own), then bar
lines, then all the others. ``"NEXT"`` begins at the place that is nearest to the middle; it is a
quarter to three quarters of the whole. ``"GAP"`` lies between the places that are nearest to one
third and two thirds; it is a sixth to a half of the whole. So it is a phrase where the excerpt has
three or more, and otherwise some whole bars.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from generator.music.grid.chorale import VOICES, BoolArray, Chorale
from generator.music.grid.phrases import cuts, phrase_ends

NEXT, GAP = "NEXT", "GAP"
# What the quiz plays and composers are scored on; then the other sets of voices, then the spans.
QUIZ_CONDITIONS: tuple[str, ...] = ("S", "A", "T", "B", "AT", "ATB", "SATB")
VOICE_CONDITIONS: tuple[str, ...] = (
    *QUIZ_CONDITIONS, "SA", "ST", "SB", "AB", "TB", "SAT", "SAB", "STB",
)  # fmt: skip
CONDITIONS: tuple[str, ...] = (*VOICE_CONDITIONS, NEXT, GAP)
# Where spans should begin and end, and how long they may be, as shares of the whole.
_WANTED = {NEXT: (1 / 2, 1.0), GAP: (1 / 3, 2 / 3)}
_SHARES = {NEXT: (1 / 4, 3 / 4), GAP: (1 / 6, 1 / 2)}


def checked_condition(name: str, *, allowed: Sequence[str] = CONDITIONS) -> str:
    """The name, if it is a condition.

    Raises
    ------
    ValueError
        If it is not one of those allowed; the message lists them.
    """
    if name not in allowed:
        raise ValueError(f"unknown condition {name!r}; use one of {', '.join(allowed)}")
    return name


def given_for(condition: str, chorale: Chorale) -> BoolArray:
    """bool[4, T]: True where a cell of the chorale is kept.

    Raises
    ------
    ValueError
        If the condition is unknown, or the chorale has no place for its span.
    """
    if checked_condition(condition) in VOICE_CONDITIONS:
        return given_voices(condition, chorale.steps)
    given = np.ones((4, chorale.steps), dtype=np.bool_)
    given[:, written_span(condition, chorale)] = False
    return given


def given_voices(condition: str, steps: int) -> BoolArray:
    """bool[4, T]: True where a voice is given, for a set of whole voices.

    Raises
    ------
    ValueError
        If the condition is not a subset of SATB in that order.

    Examples
    --------
    >>> given_voices("ATB", 1).ravel().tolist()
    [True, False, False, False]
    """
    given = np.ones((4, steps), dtype=np.bool_)
    for voice in checked_condition(condition, allowed=VOICE_CONDITIONS):
        given[VOICES.index(voice)] = False
    return given


def written_span(condition: str, chorale: Chorale) -> slice:
    """The steps that are written in ``"NEXT"`` or ``"GAP"``.

    Raises
    ------
    ValueError
        If all four voices begin together nowhere inside the chorale, or for a gap only once.

    Examples
    --------
    >>> quarters = Chorale(pitch=[[60] * 32] * 4, onset=[[1, 0, 0, 0] * 8] * 4)
    >>> written_span("NEXT", quarters), written_span("GAP", quarters)
    (slice(16, 32, None), slice(12, 20, None))
    """
    steps = chorale.steps
    start, stop = (part * steps for part in _WANTED[condition])
    spans: list[tuple[int, int]] = []
    for places in _places(chorale):
        spans = [(place, steps) for place in places]
        if condition == GAP:
            spans = list(combinations(places, 2))
        low, high = (share * steps for share in _SHARES[condition])
        if fitting := [(a, b) for a, b in spans if low <= b - a <= high]:
            spans = fitting
            break
    if spans:
        return slice(*min(spans, key=lambda span: abs(span[0] - start) + abs(span[1] - stop)))
    raise ValueError(
        f"condition {condition} does not fit these {steps} steps, where the four voices begin "
        "together too seldom; choose another excerpt"
    )


def _places(chorale: Chorale) -> Iterator[list[int]]:
    """Where a span may begin or end, the best kind of place first."""
    inside = np.flatnonzero(cuts(chorale)[1:-1]) + 1
    yield [step for step in phrase_ends(chorale) if step < chorale.steps]
    yield inside[chorale.bar_phase()[inside] == 0].tolist()
    yield inside.tolist()
