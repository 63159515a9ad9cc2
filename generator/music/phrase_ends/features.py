"""What speaks for a phrase end, in numbers: of a note, of a phrase, and of two in a row.

Features of an end note
-----------------------
long
    log2 of its span over the mean span, from -2 to 2: a gap in time (the proximity of Lerdahl and
    Jackendoff's GPR 2, the gap score of Temperley's Grouper, the IOI profile of Cambouropoulos'
    LBDM).
rest
    log2 of 1 + the rest after it in beats, beyond the melody's usual rest (GPR 2a).
leap
    The interval to the next note in octaves, at most 1 (the pitch profile of LBDM).
tonic, third_or_fifth
    Whether it is that degree of the key.
downbeat, half_bar, off_beat
    Where it begins.
as_opening
    Whether the next note begins at the same place in the bar as the melody does (the metrical
    parallelism of Temperley).
opening_rhythm, opening_tune
    Notes after it that have the rhythm, or the rhythm and the pitches, of the melody's opening: the
    share of eight (GPR 6, parallelism).
hint
    What the file says, see `hints.py`; the weights stand there.

Features of a phrase
--------------------
phrase
    1.
few_notes, few_notes_squared, many_notes, many_notes_squared
    log2 of 8 over its notes, if it has fewer, or of its notes over 8, and the squares. Temperley
    takes 8 notes as the length of a phrase.
few_units, few_units_squared, many_units, many_units_squared
    The same of its length, from its first note to the next phrase, in median spans.
even_bars
    Whether the next phrase begins 1, 2, 4 or 8 bars after it did. 0 for the last phrase.

Features of two phrases in a row
--------------------------------
same_length, double_length
    Whether the second lasts as long as the first, from start to start, or one twice the other. The
    last phrase, which nothing follows, may end early.
same_rhythm
    The share of spans that both have, counted from their beginnings.

References
----------
Lerdahl, F. and Jackendoff, R. (1983). A Generative Theory of Tonal Music.
Cambouropoulos, E. (2001). The local boundary detection model (LBDM) and its application in the
study of expressive timing. ICMC.
Temperley, D. (2001). The Cognition of Basic Musical Structures, chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.chorale import BoolArray
from generator.music.phrase_ends.line import FloatArray, IntArray, Line

END_NAMES = (
    "long", "rest", "leap", "tonic", "third_or_fifth", "downbeat", "half_bar", "off_beat",
    "as_opening", "opening_rhythm", "opening_tune", "hint",
)  # fmt: skip
PHRASE_NAMES = (
    "phrase", "few_notes", "few_notes_squared", "many_notes", "many_notes_squared",
    "few_units", "few_units_squared", "many_units", "many_units_squared", "even_bars",
)  # fmt: skip
PAIR_NAMES = ("same_length", "double_length", "same_rhythm")

MAX_NOTES = 32
"""Notes in a phrase. Of the phrases of folk songs, 1 in 5,000 has more."""
USUAL = 8
"""Notes and beats of a phrase."""


@dataclass(frozen=True)
class Features:
    """All features of a melody of n notes with phrases of up to m notes.

    Attributes
    ----------
    ends : float[n, 12]
    phrases : float[n, m + 1, 10]
        Of the phrase that ends with note i and has k notes, at [i, k].
    repeats : int[n, n]
        Notes from i on that have the same spans as those from k on, at [i, k].
    """

    line: Line
    ends: FloatArray
    phrases: FloatArray
    repeats: IntArray

    @property
    def longest(self) -> int:
        return int(self.phrases.shape[1]) - 1

    def pairs(self, last: int) -> FloatArray:
        """float[m + 1, m + 1, 3]: phrases of k notes that end with note `last`, after one of j."""
        starts = np.append(self.line.start, self.line.end[-1])
        size = np.arange(self.longest + 1)
        second = np.clip(last - size[:, None] + 1, 0, last)
        first = np.clip(second - size, 0, None)
        before = starts[second] - starts[first]
        if last == self.line.notes - 1:
            lowest = starts[last] - starts[second] + 1
            highest = starts[last + 1] - starts[second] + self.line.bar[-1]
        else:
            lowest = highest = starts[last + 1] - starts[second]
        same = (lowest <= before) & (before <= highest)
        double = _any_within((2 * before, before // 2), lowest, highest) & ~same
        rhythm = _shared(self.repeats[second, first], size)
        return np.stack([same, double, rhythm], axis=-1).astype(np.float64)


def features_of(line: Line) -> Features:
    """The features of a melody."""
    same_span = line.span[:, None] == line.span
    repeats = _runs(same_span)
    tunes = _runs(same_span & (line.pitch[:, None] == line.pitch))
    return Features(line, _ends(line, repeats, tunes), _phrases(line), repeats)


def _ends(line: Line, repeats: IntArray, tunes: IntArray) -> FloatArray:
    """float[n, 12]; all 0 for the last note, which always ends a phrase."""
    inner = slice(0, line.notes - 1)
    rest = np.maximum(line.start[1:] - line.end[:-1], 0)
    degree = (line.pitch - line.tonic)[inner] % 12
    phase, bar, beat = line.phase[inner], line.bar[inner], line.beat[inner]
    table = np.zeros((line.notes, len(END_NAMES)))
    if line.notes > 1:
        usual = np.median(rest)
        table[inner] = np.stack(
            [
                np.clip(np.log2(line.span / line.span.mean()), -2, 2)[inner],
                np.log2(1 + np.maximum(rest - usual, 0) / beat),
                np.minimum(np.abs(np.diff(line.pitch)), 12) / 12,
                degree == 0,
                np.isin(degree, (3, 4, 7)),
                phase == 0,
                (2 * phase == bar) & (bar // beat % 2 == 0),
                phase % beat != 0,
                line.phase[1:] == line.phase[0],
                np.minimum(repeats[1:, 0], USUAL) / USUAL,
                np.minimum(tunes[1:, 0], USUAL) / USUAL,
                line.hint[inner],
            ],
            axis=1,
        )
    return table


def _phrases(line: Line) -> FloatArray:
    last = np.arange(line.notes)[:, None]
    size = np.arange(min(line.notes, MAX_NOTES) + 1)
    first = np.clip(last - size + 1, 0, last)
    starts = np.append(line.start, line.end[-1])
    steps = starts[last + 1] - starts[first]
    even = np.zeros(steps.shape, dtype=np.bool_)
    for bars in (1, 2, 4, 8):
        even |= steps == bars * line.bar[first]
    even[-1] = False
    notes = np.maximum(size, 1) + 0 * last
    units = np.maximum(steps, 1) / np.median(line.span)
    lengths = [*_from_usual(notes), *_from_usual(units)]
    return np.stack([np.ones(notes.shape), *lengths, even], axis=-1)


def _from_usual(length: NDArray[Any]) -> Iterator[FloatArray]:
    """How far below and above 8, in octaves, each with its square."""
    octaves = np.log2(length / USUAL)
    for part in (np.maximum(-octaves, 0), np.maximum(octaves, 0)):
        yield part
        yield part**2


def _runs(same: BoolArray) -> IntArray:
    """int[n, n]: how many are true in a row, from [i, k] along the diagonal."""
    notes = len(same)
    runs = np.zeros((notes + 1, notes + 1), dtype=np.int64)
    for row in range(notes - 1, -1, -1):
        runs[row, :-1] = np.where(same[row], runs[row + 1, 1:] + 1, 0)
    return runs[:-1, :-1]


def _any_within(lengths: tuple[IntArray, ...], lowest: IntArray, highest: IntArray) -> BoolArray:
    within: BoolArray = np.any([(lowest <= each) & (each <= highest) for each in lengths], axis=0)
    return within


def _shared(repeats: IntArray, size: IntArray) -> FloatArray:
    """Shares of equal spans; the span of a phrase's last note does not count."""
    fewer = np.minimum(size[:, None], size) - 1
    more = np.maximum(size[:, None], size) - 1
    shared: FloatArray = np.minimum(repeats, np.maximum(fewer, 0)) / np.maximum(more, 1)
    return shared
