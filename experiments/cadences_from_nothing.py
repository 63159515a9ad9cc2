"""Cadences of a hundred chorales from nothing, by a member of the flagship and by all, and Bach's.

`python -m experiments.cadences_from_nothing` writes the table into docs/families/flagship.md; it
takes about seven minutes of one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.marked_block import write_block
from generator.evaluation.from_nothing import MINOR_TONICS, TONICS
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.empty_chorale import empty_chorale, with_close
from generator.music.grid.keys import tonic_class
from generator.music.measures.cadences import is_authentic, phrase_ends_at
from generator.music.measures.counterpoint import counterpoint_counts
from generator.music.measures.counts import Count
from generator.music.measures.style import closes_on_triad
from generator.registry import CHECKPOINTS, installed

PAGE = Path("docs/families/flagship.md")
COMPOSER, CHORALES, BARS = "flagship", 100, 8
DOMINANT = 7
RATES = {
    "dissonances left by leap, of beats": "dissonances_left_by_leap",
    "ornamented fifths, of beats": "ornamented_fifths",
    "second eighths that go on by step": "second_eighths_on",
}
ROWS = (
    "last cadence authentic",
    "last soprano note the tonic",
    "inner phrases that close on a triad",
    "inner phrases with an authentic cadence",
    "inner phrases that end on the tonic in the bass",
    "inner phrases that end on the dominant in the bass",
    *RATES,
)


def frames() -> list[tuple[Chorale, np.ndarray]]:
    """In twenty keys, every second pair of them with a pickup."""
    keys = [
        (key, 4 * (number % 2))
        for number, pair in enumerate(zip(TONICS, MINOR_TONICS, strict=True))
        for key in (f"{pair[0]} major", f"{pair[1]} minor")
    ]
    keys *= CHORALES // len(keys)
    return [with_close(empty_chorale(key, bars=BARS, pickup=pickup)) for key, pickup in keys]


def counts(chorales: Sequence[Chorale]) -> list[Count]:
    """Those of `ROWS`."""
    found = [Count()] * len(ROWS)
    for chorale in chorales:
        ends = np.flatnonzero(phrase_ends_at(chorale, [True] * 4)).tolist()
        last = int(np.flatnonzero(chorale.pitch[3] != REST)[-1])
        above = (chorale.pitch.astype(int) - tonic_class(chorale.key)) % 12
        inner = [end for end in ends if end < last]
        counterpoint = counterpoint_counts(chorale, [True] * 4)
        found = [
            total + count
            for total, count in zip(
                found,
                [
                    _count([is_authentic(chorale, last)]),
                    _count([bool(above[0, last] == 0)]),
                    _count([closes_on_triad(chorale, end) for end in inner]),
                    _count([is_authentic(chorale, end) for end in inner]),
                    _count([bool(above[3, end] == 0) for end in inner]),
                    _count([bool(above[3, end] == DOMINANT) for end in inner]),
                    *(counterpoint[name] for name in RATES.values()),
                ],
                strict=True,
            )
        ]
    return found


def _count(cases: Sequence[bool]) -> Count:
    return Count(sum(cases), len(cases))


def main() -> None:
    composer = installed().family(COMPOSER).load(CHECKPOINTS / f"{COMPOSER}.safetensors")
    tasks, seeds = frames(), list(range(CHORALES))
    columns = [
        counts(writer.fill_many(tasks, seeds))
        for writer in (composer.member(0), composer.averaged())
    ]
    columns.append(counts([work.chorale for work in load_corpus().works.values()]))
    lines = ["| | one member | all members | Bach |", "| --- | --- | --- | --- |"]
    for row, name in enumerate(ROWS):
        places = 2 if name.endswith("of beats") else 0
        shares = [f"{100 * column[row].count / column[row].of:.{places}f} %" for column in columns]
        lines.append(f"| {name} | {' | '.join(shares)} |")
    sizes = [f"{column[0].of} and {column[2].of}" for column in columns]
    lines.append(f"| pieces and inner phrases | {' | '.join(sizes)} |")
    write_block(PAGE, "cadences_from_nothing", "\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
