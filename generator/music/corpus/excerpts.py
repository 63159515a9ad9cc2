"""Excerpts: whole phrases of a chorale, long enough to judge and short enough to hear twice.

Rule
----
A cut is a place that no voice holds a note over: all four begin a note or a rest there. An excerpt
begins and ends at a cut. It ends with the last step of a soprano note under a fermata, and begins
with the first note of the piece or the first note after such an end. It lasts 10 to 25 seconds at
the standard tempo. In it the voices are never all silent for longer than a half note (such silences
are interludes of instruments, which are not on the grid). Excerpts do not overlap. As many as
possible are taken; where there are several ways, the one that leaves out least of the piece.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, Chorale
from generator.music.grid.phrases import cuts, phrase_ends
from generator.music.grid.runs import longest_run
from generator.music.grid.tempo import step_seconds

MIN_SECONDS = 10.0
MAX_SECONDS = 25.0
MAX_SILENCE = 2 * STEPS_PER_QUARTER

Span = tuple[int, int]


def excerpts_of(chorale: Chorale) -> list[Span]:
    """The excerpts of a chorale in order, as spans of steps start..stop.

    Examples
    --------
    >>> phrase = [[1] + [0] * 63] * 4
    >>> tune = Chorale(pitch=[[72] * 64, [67] * 64, [64] * 64, [48] * 64], onset=phrase,
    ...                fermata=[1] * 64)
    >>> excerpts_of(tune)
    [(0, 64)]
    """
    best: dict[int, tuple[int, int, list[Span]]] = {0: (0, 0, [])}
    spans = candidates(chorale)
    ends = sorted({stop for _, stop in spans})
    for end in ends:
        chosen = best[max(best)]
        for start, stop in spans:
            if stop == end:
                count, steps, before = best[max(at for at in best if at <= start)]
                extended = (count + 1, steps + stop - start, [*before, (start, stop)])
                if extended[:2] > chosen[:2]:
                    chosen = extended
        best[end] = chosen
    return best[max(best)][2]


def candidates(chorale: Chorale) -> list[Span]:
    """All spans that follow the rule, overlapping or not, by start and then by stop."""
    return spans_between(chorale, phrase_ends(chorale))


def spans_between(chorale: Chorale, ends: list[int]) -> list[Span]:
    """The same with these ends of phrases, each of them a cut."""
    starts = sorted(set(_starts(chorale, [0, *ends])))
    seconds = step_seconds(chorale.metre[0][1])
    silent = (chorale.pitch == REST).all(axis=0)
    return [
        (start, stop)
        for start in starts
        for stop in ends
        if MIN_SECONDS <= (stop - start) * seconds <= MAX_SECONDS
        and longest_run(silent[start:stop]) <= MAX_SILENCE
    ]


def _starts(chorale: Chorale, ends: list[int]) -> list[int]:
    """The first sounding step after each end, if it is a cut."""
    sounding = np.flatnonzero((chorale.pitch != REST).any(axis=0))
    places = np.searchsorted(sounding, ends)
    allowed = cuts(chorale)
    steps = [int(sounding[place]) for place in places if place < len(sounding)]
    return [step for step in steps if allowed[step]]
