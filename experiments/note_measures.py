"""What the experiments on integer notes measure of whole chorales: loops, copying, wandering, form.

Conventions
-----------
Chorales are written from nothing by `generator.evaluation.from_nothing`: 16 bars, twenty keys, the
n-th with the seed 1 + n. Copying is the longest run of events shared with a training work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from generator.evaluation.from_nothing import write_chorales
from generator.families.base import Family
from generator.families.settings import Choices
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.measures.copying import CopyIndex
from generator.music.measures.counts import total
from generator.music.measures.decoding_faults import loops
from generator.music.measures.style import style_counts

CHORALES = 20
RETURNING = 8  # notes of a melody that come again
ALL = np.ones(4, dtype=np.bool_)
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}


@dataclass(frozen=True)
class Measures:
    """Of a set of chorales; shares are in %, copying is in events."""

    loops: float
    copied: float
    """Mean of the longest run that a chorale shares with a training work."""
    most_copied: int
    off_scale: float
    """Notes off the scale of the key."""
    leaps: float
    dissonances: float
    on_beat: float
    """Notes that begin on a beat."""
    returning: float
    """Notes of the soprano in runs of eight, by intervals and rhythm, that come twice."""

    def cells(self) -> list[str]:
        """The values as text, in the order of `HEADINGS`."""
        return [
            f"{self.loops:.0f}",
            f"{self.copied:.1f}",
            f"{self.most_copied}",
            f"{self.off_scale:.1f}",
            f"{self.leaps:.1f}",
            f"{self.dissonances:.1f}",
            f"{self.on_beat:.1f}",
            f"{self.returning:.1f}",
        ]


HEADINGS = (
    "loops, % of pieces",
    "longest copied run, mean",
    "most",
    "notes off the scale, %",
    "leaps, %",
    "dissonant beats, %",
    "notes on the beat, %",
    "melody that returns, %",
)


class _Interval(NamedTuple):
    move: int
    length: int


def written(composer: Family, settings: Choices) -> list[Chorale]:
    """The chorales that a composer writes from nothing."""
    return write_chorales(composer, CHORALES, seed=1, settings=settings)[0]


def measured(chorales: Sequence[Chorale], training: CopyIndex) -> Measures:
    """All measures of some chorales."""
    runs = [training.longest_run(chorale) for chorale in chorales]
    style = [style_counts(chorale, ALL) for chorale in chorales]
    rates = {
        name: 100 * total([counts[name] for counts in style]).rate
        for name in ("leaps", "dissonances_on")
    }
    return Measures(
        loops=100 * float(np.mean([loops(chorale, ALL).count for chorale in chorales])),
        copied=float(np.mean(runs)),
        most_copied=max(runs),
        off_scale=100 * _share([_off_scale(chorale) for chorale in chorales]),
        leaps=rates["leaps"],
        dissonances=rates["dissonances_on"],
        on_beat=100 * _share([_on_beat(chorale) for chorale in chorales]),
        returning=100 * _share([_returning(chorale) for chorale in chorales]),
    )


def table(first: str, rows: Sequence[tuple[str, Measures]]) -> str:
    """The measures as a table in Markdown."""
    lines = [" | ".join((first, *HEADINGS)), " | ".join(["---"] * (1 + len(HEADINGS)))]
    lines += [" | ".join((name, *measures.cells())) for name, measures in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _share(counts: Sequence[tuple[int, int]]) -> float:
    some, of = np.sum(counts, axis=0)
    return float(some / max(1, of))


def _off_scale(chorale: Chorale) -> tuple[int, int]:
    scale = [(tonic_class(chorale.key) + degree) % 12 for degree in SCALES[chorale.mode]]
    notes = chorale.pitch[chorale.onset]
    return int((~np.isin(notes % 12, scale)).sum()), notes.size


def _on_beat(chorale: Chorale) -> tuple[int, int]:
    on = chorale.bar_phase() % 4 == 0
    return int(chorale.onset[:, on].sum()), int(chorale.onset.sum())


def _returning(chorale: Chorale) -> tuple[int, int]:
    melody = _melody(chorale)
    runs = [tuple(melody[at : at + RETURNING]) for at in range(len(melody) - RETURNING + 1)]
    again = np.zeros(len(melody), dtype=np.bool_)
    for at, run in enumerate(runs):
        if runs.count(run) > 1:
            again[at : at + RETURNING] = True
    return int(again.sum()), len(melody)


def _melody(chorale: Chorale) -> list[_Interval]:
    """The soprano's moves, each with the length of the note before it."""
    starts = np.flatnonzero(chorale.onset[0] & (chorale.pitch[0] != REST))
    pitch = chorale.pitch[0]
    return [
        _Interval(int(pitch[two]) - int(pitch[one]), int(two - one))
        for one, two in pairwise(starts)
    ]
