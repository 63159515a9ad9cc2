"""Scores that count notes, with Bach's own rates beside them.

Some composers repair what a measure calls a fault: parallels from step to step, and phrases that
end open, and rules of counterpoint. Such a measure is never reported alone. Beside it stands one
that no repair uses: fifths between beats, second eighths that go on, authentic cadences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from generator.evaluation.bootstrap import Ratio, ratio_over_works
from generator.evaluation.scores import ObjectiveScore
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.measures.cadences import authentic_ends, moving_ends
from generator.music.measures.counterpoint import PER_BEAT, PER_BEATS, counterpoint_counts
from generator.music.measures.counts import Comparison, Count, compare, total
from generator.music.measures.decoding_faults import Ranges, collapses, loops, out_of_range
from generator.music.measures.form import SHARES, form_counts
from generator.music.measures.parallels_between_beats import parallels_between_beats
from generator.music.measures.resampling import resampled
from generator.music.measures.style import style_counts
from generator.music.measures.variety import variety_counts
from generator.music.measures.voice_leading import PER, parallels

# A piece, Bach's excerpt that it is compared with, and the cells that count in the two of them:
# bool[4], or bool[4, T] where both are of the same length.
BesideBach = tuple[Chorale, Chorale, BoolArray]
Units = dict[str, tuple[str, float]]  # of a score by name: its unit, and what a rate is times

FORM_UNITS: Units = {
    **{f"form: {name}": ("%", 100) for name in SHARES},
    "form: distinct_goals": ("a piece", 1),
    "form: onsets_in_last_quarter": ("% of the first quarter's", 100),
    "form: bars": ("a piece", 1),
}
_GIVEN_FORM = ("form: opens_in_key", "form: bars")
COUNTERPOINT_UNITS: Units = {
    **{f"counterpoint: {name}": ("per 100 beats", PER_BEATS) for name in PER_BEAT},
    "counterpoint: second_eighths_on": ("%", 100),
}
VARIETY_UNITS: Units = {
    "variety: range": ("semitones a voice", 1),
    "variety: distinct_pitches": ("a voice", 1),
    "variety: chromatic_notes": ("%", 100),
    "variety: octave_leaps": ("% of moves", 100),
}


def parallels_scores(condition: str, pieces: Sequence[BesideBach]) -> Iterator[ObjectiveScore]:
    """Parallel fifths and octaves per 1,000 chord changes: between steps, and between beats."""
    for name, counted in (
        ("parallels", parallels),
        ("parallels between beats", parallels_between_beats),
    ):
        pairs = [
            (counted(piece, written), counted(bach, written)) for piece, bach, written in pieces
        ]
        yield from _rates(name, condition, "per 1,000 changes", pairs, PER)


def style_scores(condition: str, pieces: Sequence[BesideBach]) -> Iterator[ObjectiveScore]:
    """The rates of style, in per cent; how many phrase ends are authentic cadences, or move."""

    def counted(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
        counts = style_counts(chorale, written)
        ends = {
            "authentic_ends": authentic_ends(chorale, written),
            "moving_ends": moving_ends(chorale, written),
        }
        return counts | ends

    counts = [(counted(piece, written), counted(bach, written)) for piece, bach, written in pieces]
    for name in counts[0][0]:
        pairs = [(machine[name], bach[name]) for machine, bach in counts]
        yield from _rates(f"style: {name}", condition, "%", pairs, 100)


def counterpoint_scores(condition: str, pieces: Sequence[BesideBach]) -> Iterator[ObjectiveScore]:
    """Broken rules of counterpoint per 100 beats, and the eighths that go on, in per cent."""
    counts = [
        (named_counterpoint(piece, written), named_counterpoint(bach, written))
        for piece, bach, written in pieces
    ]
    for name, (unit, scale) in COUNTERPOINT_UNITS.items():
        pairs = [(machine[name], bach[name]) for machine, bach in counts]
        yield from _rates(name, condition, unit, pairs, scale)


def named_counterpoint(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
    """Counts by the names of their scores."""
    counts = counterpoint_counts(chorale, written)
    return {f"counterpoint: {name}": count for name, count in counts.items()}


def variety_scores(condition: str, pieces: Sequence[BesideBach]) -> Iterator[ObjectiveScore]:
    """Range, pitches, chromatic notes and octave leaps of voices, each as a ratio to Bach's."""
    counts = [
        (variety_counts(piece, written), variety_counts(bach, written))
        for piece, bach, written in pieces
    ]
    for name, (unit, scale) in VARIETY_UNITS.items():
        key = name.removeprefix("variety: ")
        pairs = [(machine[key], bach[key]) for machine, bach in counts]
        yield from _rates(name, condition, unit, pairs, scale, as_ratio=True)


def continued_form_scores(condition: str, pieces: Sequence[BesideBach]) -> Iterator[ObjectiveScore]:
    """The form of excerpts that the composer goes on with; length and opening are Bach's."""
    units = {name: unit for name, unit in FORM_UNITS.items() if name not in _GIVEN_FORM}
    counts = [named_form(piece, written) for piece, _, written in pieces]
    bach = [named_form(excerpt, written) for _, excerpt, written in pieces]
    yield from rates_apart(condition, units, counts, bach, "Bach's: the same excerpts")


def named_form(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
    """Counts by the names of their scores."""
    return {f"form: {name}": count for name, count in form_counts(chorale, written).items()}


def rates_apart(
    condition: str,
    units: Units,
    pieces: Sequence[Mapping[str, Count]],
    bach: Sequence[Mapping[str, Count]],
    note: str,
) -> Iterator[ObjectiveScore]:
    """Rates of pieces and of Bach's side by side, without a comparison; one row for each unit.

    Rows in which nothing could happen are left out.
    """
    for name, (unit, scale) in units.items():
        counts = [each[name] for each in pieces]
        ratio = ratio_over_works(
            [each.count for each in counts],
            [each.of for each in counts],
            rng=np.random.default_rng(0),
            scale=scale,
        )
        if ratio:
            of_bach = total([each[name] for each in bach]).rate * scale
            yield ObjectiveScore(name, condition, unit, ratio, of_bach, note)


def copying_scores(
    condition: str, runs: Sequence[int], bach_runs: Sequence[int]
) -> Iterator[ObjectiveScore]:
    """Quantiles of the longest runs shared with works of Bach, the composer's and Bach's own."""
    for name, share in (("median", 0.5), ("90th percentile", 0.9)):
        picks = resampled(len(runs), np.random.default_rng(0))
        drawn = np.quantile(np.array(runs)[picks], share, axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        composer = Ratio(float(np.quantile(runs, share)), float(low), float(high), len(runs))
        bach = float(np.quantile(bach_runs, share))
        yield ObjectiveScore(f"copying, longest run, {name}", condition, "events", composer, bach)


def fault_scores(
    condition: str, pieces: Sequence[BesideBach], ranges: Sequence[Ranges]
) -> Iterator[ObjectiveScore]:
    """Faults of decoding, in per cent: of pieces that loop or collapse, of notes out of range.

    Loops are looked for in pieces that are long enough; there is no such score if none is. `ranges`
    are those of the works that the composer of each piece learnt from.
    """
    looping = [(loops(piece, written), loops(bach, written)) for piece, bach, written in pieces]
    yield from _rates("loops", condition, "% of pieces", looping, 100)
    flags = [
        (Count(int(collapses(piece, written)), 1), Count(int(collapses(bach, written)), 1))
        for piece, bach, written in pieces
    ]
    yield from _rates("collapse into one chord", condition, "% of pieces", flags, 100)
    outside = [
        (out_of_range(piece, written, known), out_of_range(bach, written, known))
        for (piece, bach, written), known in zip(pieces, ranges, strict=True)
    ]
    yield from _rates("notes out of range", condition, "% of notes", outside, 100)


def _rates(
    name: str,
    condition: str,
    unit: str,
    pairs: Sequence[tuple[Count, Count]],
    scale: float,
    *,
    as_ratio: bool | None = None,
) -> Iterator[ObjectiveScore]:
    machine, bach = [m for m, _ in pairs], [b for _, b in pairs]
    ratio = ratio_over_works(
        [m.count for m in machine],
        [m.of for m in machine],
        rng=np.random.default_rng(0),
        scale=scale,
    )
    if ratio:
        compared = compare(machine, bach, as_ratio=as_ratio)
        bach_rate = compared.bach.rate * scale
        yield ObjectiveScore(name, condition, unit, ratio, bach_rate, _beside_bach(compared))


def _beside_bach(compared: Comparison) -> str:
    interval = f"{compared.value:.2f} [{compared.low:.2f}, {compared.high:.2f}]"
    if compared.kind == "ratio":
        return f"ratio to Bach {interval}"
    if compared.kind == "difference":
        return f"points above Bach {interval}"
    return f"too few to compare: {compared.machine.count} against {compared.bach.count}"
