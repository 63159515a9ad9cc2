"""Do phrases close where the composer is told of their ends? Before and after they were found.

Six melodies that people brought and our hymns get three voices by the flagship, with twenty seeds.
Before, only the last note was marked as the end of a phrase; after, all ends are that
`generator.music.phrase_ends` finds. A phrase closes if a triad over its root sounds at its end, or
the root and one more note of it.

`python -m experiments.phrase_cadences` writes the figures into docs/melodies.md; it takes about
half an hour of one core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.marked_block import write_block
from generator.families.base import Family
from generator.music.formats.melody import melody_reading
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.counts import Count
from generator.music.measures.open_phrases import open_phrases
from generator.music.phrase_ends.marked_songs import read_songs
from generator.music.phrase_ends.melody_phrases import Phrases, phrases_of
from generator.registry import CHECKPOINTS, installed

PAGE = Path("docs/melodies.md")
TUNES = Path("tests/generator/music/phrase_ends/tunes")
HYMNS = Path("generator/music/hymns")
COMPOSER, CONDITION, SEEDS = "flagship", "ATB", range(1, 21)


def melodies() -> Iterator[tuple[str, Chorale, Phrases]]:
    for path in sorted(TUNES.glob("*.mid")):
        reading = melody_reading(path)
        yield path.stem, reading.chorale, reading.phrases
    for path in sorted(HYMNS.glob("*.abc")):
        (song,) = read_songs(path.read_text())
        yield song.title, song.chorale, phrases_of(song.chorale, 0)


def closed(family: Family, marked: Chorale, phrases: Phrases) -> tuple[Count, Count]:
    """Phrases that close, of the inner ones and of the last ones, over all seeds."""
    given = given_for(CONDITION, marked)
    pieces = family.fill_many([(marked, given)] * len(SEEDS), list(SEEDS))
    inner, last = Count(), Count()
    for piece in pieces:
        left_open = {phrase.number for phrase in open_phrases(piece, phrases)}
        final = len(phrases.ends)
        last += Count(int(final not in left_open), 1)
        inner += Count(final - 1 - len(left_open - {final}), final - 1)
    return inner, last


def only_last_marked(chorale: Chorale, phrases: Phrases) -> Chorale:
    marks = np.zeros(chorale.steps, dtype=np.bool_)
    marks[phrases.ends[-1].start : phrases.ends[-1].end] = True
    return replace(chorale, fermata=marks)


def row(label: str, counts: Sequence[Count]) -> str:
    cells = [f"{100 * count.rate:.0f} % of {count.of}" for count in counts]
    return f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    family = installed().family(COMPOSER).load(CHECKPOINTS / f"{COMPOSER}.safetensors")
    totals = [Count()] * 4
    lines = [
        "| melody | inner phrases, before | after | last phrase, before | after |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label, chorale, phrases in melodies():
        before = closed(family, only_last_marked(chorale, phrases), phrases)
        after = closed(family, replace(chorale, fermata=phrases.marks), phrases)
        counts = [before[0], after[0], before[1], after[1]]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        lines.append(row(label, counts))
        print(lines[-1], flush=True)
    lines.append(row("all", totals))
    write_block(PAGE, "phrase_cadences", "\n".join(lines))
    print(lines[-1])


if __name__ == "__main__":
    main()
