"""Where the phrases of a melody end: as the file says, as its owner says, or as they are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.phrase_ends.features import features_of
from generator.music.phrase_ends.hints import EndHint
from generator.music.phrase_ends.line import Line, line_of
from generator.music.phrase_ends.search import best_ends
from generator.music.phrase_ends.weights import WEIGHTS

_ORIGINS = {
    "file": "where the file has fermatas",
    "given": "as given",
    "found": "found in the notes; --phrases says otherwise",
}


class PhraseEnd(NamedTuple):
    """The note with which a phrase ends: its first step, the step after it, and the bar it is in.

    Bars count from 1; a pickup is bar 0.
    """

    start: int
    end: int
    bar: int


@dataclass(frozen=True)
class Phrases:
    """The phrase ends of a melody, in order.

    Attributes
    ----------
    origin : str
        ``"file"``: its fermatas; ``"given"``: its owner said in which bars; ``"found"``.
    written : bool[T]
        Fermatas that a score of the melody has: those of the file or of its owner, none that were
        found.
    """

    ends: tuple[PhraseEnd, ...]
    origin: Literal["file", "given", "found"]
    written: BoolArray

    @property
    def marks(self) -> BoolArray:
        """bool[T]: true under the last notes of phrases, as a composer is told."""
        if self.origin == "file":
            return self.written
        marks = np.zeros(len(self.written), dtype=np.bool_)
        for end in self.ends:
            marks[end.start : end.end] = True
        return marks

    def between(self, start: int, stop: int) -> Phrases:
        """Those of a part of the melody, in its steps; bars keep their numbers."""
        inside = tuple(
            PhraseEnd(max(end.start, start) - start, min(end.end, stop) - start, end.bar)
            for end in self.ends
            if end.start < stop and end.end > start
        )
        return Phrases(inside, self.origin, self.written[start:stop])

    def sentence(self) -> str:
        """What a person is told.

        Examples
        --------
        >>> ends = (PhraseEnd(24, 32, 2), PhraseEnd(56, 64, 4))
        >>> Phrases(ends, "given", np.zeros(64, dtype=bool)).sentence()
        'they end in bars 2 and 4 (as given)'
        """
        bars = [str(end.bar) for end in self.ends]
        named = " and ".join(", ".join(bars).rsplit(", ", 1))
        one = len(bars) == 1
        return (
            f"{'it ends' if one else 'they end'} in {'bar' if one else 'bars'} {named} "
            f"({_ORIGINS[self.origin]})"
        )


def phrases_of(
    chorale: Chorale,
    voice: int,
    *,
    bars: Sequence[int] | None = None,
    hints: Iterable[EndHint] = (),
) -> Phrases:
    """The phrases of one voice, which has notes.

    Parameters
    ----------
    chorale : Chorale
    voice : int
    bars : sequence of int, optional
        Bars in which phrases end; the last note ends one in any case. In each of them the model
        says with which note. They go before the fermatas of the chorale.
    hints : iterable of EndHint
        What the file says besides fermatas. Where the chorale has these, nothing else counts.

    Raises
    ------
    ValueError
        Naming a bar that the melody does not have.
    """
    line = line_of(chorale, voice, hints)
    if bars is not None:
        named = _ends_in(line, bars)
        written = _marks(chorale.steps, line, named)
        return Phrases(_phrase_ends(line, {*named, line.notes - 1}), "given", written)
    if chorale.fermata.any():
        return phrases_of_fermatas(chorale)
    found = best_ends(features_of(line), WEIGHTS)
    return Phrases(_phrase_ends(line, found), "found", np.zeros(chorale.steps, dtype=np.bool_))


def phrases_of_fermatas(chorale: Chorale) -> Phrases:
    """The phrases that end with the fermatas of a chorale."""
    return Phrases(_ends_at_fermatas(chorale), "file", chorale.fermata)


def _ends_at_fermatas(chorale: Chorale) -> tuple[PhraseEnd, ...]:
    after = np.append(np.flatnonzero(fermata_ends(chorale)), chorale.steps)
    bar = np.cumsum(chorale.bar_phase() == 0)
    ends, before = [], 0
    for stop in after.tolist():
        under = np.flatnonzero(chorale.fermata[before:stop]) + before
        if len(under):
            first, last = int(under[0]), int(under[-1])
            ends.append(PhraseEnd(first, last + 1, int(bar[first])))
        before = stop
    return tuple(ends)


def _ends_in(line: Line, bars: Sequence[int]) -> list[int]:
    """The likeliest end note of each bar; where none begins, the one that sounds there."""
    last_bar = int(line.number[-1])
    scores = features_of(line).ends @ WEIGHTS.ends
    scores[-1] = np.inf
    ends = []
    for bar in bars:
        if not 1 <= bar <= last_bar:
            raise ValueError(f"no phrase can end in bar {bar}; the melody has bars 1 to {last_bar}")
        beginning = np.flatnonzero(line.number == bar)
        if not len(beginning):
            beginning = np.flatnonzero(line.number < bar)[-1:]
        if not len(beginning):
            raise ValueError(f"no phrase can end in bar {bar}; nothing sounds there")
        ends.append(int(beginning[scores[beginning].argmax()]))
    return ends


def _phrase_ends(line: Line, notes: Iterable[int]) -> tuple[PhraseEnd, ...]:
    return tuple(
        PhraseEnd(int(line.start[note]), int(line.end[note]), int(line.number[note]))
        for note in sorted(notes)
    )


def _marks(steps: int, line: Line, notes: Iterable[int]) -> BoolArray:
    marks = np.zeros(steps, dtype=np.bool_)
    for note in notes:
        marks[line.start[note] : line.end[note]] = True
    return marks
