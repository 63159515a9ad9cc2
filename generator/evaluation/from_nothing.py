"""Scores of whole chorales that a composer writes from nothing, as `manage.py compose --key` does.

Conventions
-----------
The frames are 16 bars of 4/4 in ten major and ten minor keys, every second one with a pickup of a
quarter. Only the last note of the bass is given. Bach's own figures are those of the held-out
works, which are no pairs of the chorales: rates stand side by side, without a comparison.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from generator.evaluation.beside_bach import (
    COUNTERPOINT_UNITS,
    FORM_UNITS,
    Units,
    copying_scores,
    named_counterpoint,
    named_form,
    rates_apart,
)
from generator.evaluation.bootstrap import Ratio
from generator.evaluation.scores import ObjectiveScore
from generator.evaluation.test_set import TestSet
from generator.families.base import Family
from generator.families.fill_run import Budget
from generator.families.settings import Choices
from generator.music.grid.chorale import Chorale
from generator.music.grid.empty_chorale import empty_chorale, with_close
from generator.music.measures.cadences import authentic_ends
from generator.music.measures.counts import Count
from generator.music.measures.decoding_faults import Ranges, collapses, loops, out_of_range
from generator.music.measures.parallels_between_beats import parallels_between_beats
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, parallels

WHOLE = "whole"  # stands for the condition
BARS, PICKUP = 16, 4
TONICS = ("C", "G", "D", "A", "E", "F", "Bb", "Eb", "B", "Ab")
MINOR_TONICS = ("A", "E", "B", "F#", "C#", "D", "G", "C", "F", "G#")
MAX_CHORALES = 2 * len(TONICS)
_NOTE_UNITS: Units = {
    "loops": ("% of pieces", 100),
    "collapse into one chord": ("% of pieces", 100),
    "notes out of range": ("% of notes", 100),
    "style: crossings": ("%", 100),
    "parallels": ("per 1,000 changes", PER),
    "parallels between beats": ("per 1,000 changes", PER),
}
UNITS: Units = {
    **_NOTE_UNITS,
    "style: authentic_ends": ("%", 100),
    **COUNTERPOINT_UNITS,
    **FORM_UNITS,
}
_ALL = np.ones(4, dtype=np.bool_)


def frames(count: int) -> list[Chorale]:
    """The first frames of the list above, major and minor in turn, with their close.

    Raises
    ------
    ValueError
        If there are not so many.
    """
    if not 0 <= count <= MAX_CHORALES:
        raise ValueError(f"{count} chorales from nothing; use 0 to {MAX_CHORALES}")
    keys = (
        f"{tonic} {mode}"
        for pair in zip(TONICS, MINOR_TONICS, strict=True)
        for tonic, mode in zip(pair, ("major", "minor"), strict=True)
    )
    return [
        with_close(empty_chorale(key, bars=BARS, pickup=PICKUP * (number // 2 % 2)))[0]
        for number, key in enumerate(islice(keys, count))
    ]


def write_chorales(
    composer: Family,
    count: int,
    *,
    seed: int,
    settings: Choices,
    budget: Budget | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[list[Chorale], float]:
    """So many chorales, the n-th with the seed + n, and the processor seconds that they took."""
    chorales, start = [], time.process_time()
    for number, frame in enumerate(frames(count)):
        given = with_close(frame)[1]
        chorales.append(
            Family.fill(
                composer, frame, given, seed=seed + number, settings=settings, budget=budget
            )
        )
        progress(number + 1, count)
    return chorales, time.process_time() - start


def chorale_scores(
    chorales: Sequence[Chorale], test_sets: Sequence[TestSet], seconds: float
) -> Iterator[ObjectiveScore]:
    """Faults of decoding, counterpoint, form, copying and speed of such chorales.

    The members of a composer write together, so the runs that they copy are looked for in the
    training works of all.
    """
    bach = [work for test_set in test_sets for work in test_set.works.values()]
    ranges = _widest([test_set.training.ranges for test_set in test_sets])
    note = "Bach's: held-out works"
    counts = [_counts(chorale, ranges) for chorale in chorales]
    # The published grid has no onsets, keys or phrase ends.
    units = _NOTE_UNITS if test_sets[0].split == "jsb" else UNITS
    yield from rates_apart(WHOLE, units, counts, [_counts(work, ranges) for work in bach], note)
    copies = [test_set.training.copies for test_set in test_sets]
    runs = [max(each.longest_run(chorale) for each in copies) for chorale in chorales]
    bach_runs = [
        each.longest_run(work)
        for each, test_set in zip(copies, test_sets, strict=True)
        for work in test_set.works.values()
    ]
    yield from copying_scores(WHOLE, runs, bach_runs)
    rate = sum(chorale.steps for chorale in chorales) / max(seconds, 1e-9)
    yield ObjectiveScore("speed", WHOLE, "steps/CPU s", Ratio(rate, rate, rate, len(chorales)))


def _widest(ranges: Sequence[Ranges]) -> Ranges:
    return tuple(
        (min(low for low, _ in voice), max(high for _, high in voice))
        for voice in zip(*ranges, strict=True)
    )


def _counts(chorale: Chorale, ranges: Ranges) -> dict[str, Count]:
    """The counts of `UNITS`."""
    return {
        "loops": loops(chorale, _ALL),
        "collapse into one chord": Count(int(collapses(chorale, _ALL)), 1),
        "notes out of range": out_of_range(chorale, _ALL, ranges),
        "style: crossings": style_counts(chorale, _ALL)["crossings"],
        "style: authentic_ends": authentic_ends(chorale, _ALL),
        "parallels": parallels(chorale, _ALL),
        "parallels between beats": parallels_between_beats(chorale, _ALL),
        **named_counterpoint(chorale, _ALL),
        **named_form(chorale, _ALL),
    }
