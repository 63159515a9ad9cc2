"""Do phrases close where the composer is told of their ends? Before and after they were found.

Six melodies that people brought and our hymns get three voices by all
members of the flagship, with six seeds.
Before, only the last note was marked as the end of a phrase; after, all ends are that
`generator.music.phrase_ends` finds. A phrase closes if a triad over its root sounds at its end, or
the root and one more note of it. The flagship's repair corrects ends that do not, so authentic
cadences, which no rule of it knows, are counted beside them.

`python -m experiments.phrase_cadences` writes the figures into docs/melodies.md; it takes about
half an hour of one core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.marked_block import write_block
from generator.families.base import Family
from generator.music.formats.melody import melody_reading
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.cadences import is_authentic
from generator.music.measures.counts import Count
from generator.music.measures.style import closes_on_triad
from generator.music.phrase_ends.marked_songs import read_songs
from generator.music.phrase_ends.melody_phrases import Phrases, phrases_of
from generator.registry import CHECKPOINTS, installed

PAGE = Path("docs/melodies.md")
TUNES = Path("tests/generator/music/phrase_ends/tunes")
HYMNS = Path("generator/music/hymns")
COMPOSER, CONDITION, SEEDS = "flagship", "ATB", range(1, 7)


def melodies() -> Iterator[tuple[str, Chorale, Phrases]]:
    for path in sorted(TUNES.glob("*.mid")):
        reading = melody_reading(path)
        yield path.stem, reading.chorale, reading.phrases
    for path in sorted(HYMNS.glob("*.abc")):
        (song,) = read_songs(path.read_text())
        yield song.title, song.chorale, phrases_of(song.chorale, 0)


class Ends(NamedTuple):
    """Phrases that close, and that end with an authentic cadence: the inner ones of all seeds, and
    the last ones that close."""

    closed: Count
    authentic: Count
    last: Count


def ends(family: Family, marked: Chorale, phrases: Phrases) -> Ends:
    given = given_for(CONDITION, marked)
    pieces = family.fill_many([(marked, given)] * len(SEEDS), list(SEEDS))
    *inner, last = [end.end - 1 for end in phrases.ends]
    return Ends(
        share(pieces, inner, closes_on_triad),
        share(pieces, inner, is_authentic),
        share(pieces, [last], closes_on_triad),
    )


def share(
    pieces: Sequence[Chorale], steps: Sequence[int], holds: Callable[[Chorale, int], bool]
) -> Count:
    return Count(
        sum(holds(piece, step) for piece in pieces for step in steps), len(pieces) * len(steps)
    )


def only_last_marked(chorale: Chorale, phrases: Phrases) -> Chorale:
    marks = np.zeros(chorale.steps, dtype=np.bool_)
    marks[phrases.ends[-1].start : phrases.ends[-1].end] = True
    return replace(chorale, fermata=marks)


def row(label: str, counts: Sequence[Count]) -> str:
    cells = [f"{100 * count.rate:.0f} % of {count.of}" for count in counts]
    return f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    composer = installed().family(COMPOSER).load(CHECKPOINTS / f"{COMPOSER}.safetensors")
    family = composer.averaged()
    totals = [Count()] * 4
    last = [Count()] * 2
    lines = [
        "| melody | inner phrases that close, before | after | with an authentic cadence, before | "
        "after |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label, chorale, phrases in melodies():
        before = ends(family, only_last_marked(chorale, phrases), phrases)
        after = ends(family, replace(chorale, fermata=phrases.marks), phrases)
        counts = [before.closed, after.closed, before.authentic, after.authentic]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        last = [total + each.last for total, each in zip(last, (before, after), strict=True)]
        lines.append(row(label, counts))
        print(lines[-1], flush=True)
    lines.append(row("all", totals))
    said = " and ".join(f"{count.count} of {count.of}" for count in last)
    lines += ["", f"Of the last phrases {said} close, before and after."]
    write_block(PAGE, "phrase_cadences", "\n".join(lines))
    print(*lines[-3:], sep="\n")


if __name__ == "__main__":
    main()
