"""How well phrase ends are found in melodies, and with which weights.

The phrases of two collections are marked: those of the Essen folk songs, which come with music21
(a line of music is a phrase), and the sopranos of Bach's chorales (fermatas). Half of the songs, by
title, and half of the tune families are for learning the weights; all figures are from the other
halves. Song and chorale are given without their marks. Our own hymns take no part in learning.

`python -m experiments.phrase_ends` writes the figures into docs/melodies.md; with `--learn` it
prints new weights for `generator/music/phrase_ends/weights.py`, which takes about an hour of one
core.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from experiments.marked_block import write_block
from generator.music.corpus.works import load_corpus
from generator.music.phrase_ends.features import (
    END_NAMES,
    MAX_NOTES,
    PAIR_NAMES,
    PHRASE_NAMES,
    features_of,
)
from generator.music.phrase_ends.line import FloatArray, Line, line_of
from generator.music.phrase_ends.marked_songs import read_songs
from generator.music.phrase_ends.search import Weights, best_ends, summed
from generator.music.phrase_ends.weights import WEIGHTS

PAGE = Path("docs/melodies.md")
HYMNS = Path("generator/music/hymns")
NAMES = (*END_NAMES, *PHRASE_NAMES, *PAIR_NAMES)
SEED, SONGS, PASSES, RATE, MARGIN = 1, 1000, 4, 0.02, 0.3
TEST_SONGS = 1000


@dataclass(frozen=True)
class Marked:
    """A melody and the indices of the notes with which its phrases end."""

    name: str
    line: Line
    ends: list[int]


def folk_songs() -> Iterator[Marked]:
    """The Essen songs of more than one phrase; `name` has the title, which variants share."""
    folder = files("music21") / "corpus" / "essenFolksong"
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.name.endswith(".abc"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for song in read_songs(text):
                name = song.title or song.origin
                yield Marked(name, line_of(song.chorale, 0), list(song.ends))


def sopranos() -> Iterator[Marked]:
    """The sopranos of Bach's chorales; `name` is the tune family."""
    for work in load_corpus().works.values():
        line = line_of(work.chorale, 0)
        under = np.flatnonzero(work.chorale.fermata[line.start]).tolist()
        yield Marked(work.tune, line, sorted({*under, line.notes - 1}))


def hymns() -> Iterator[Marked]:
    for path in sorted(HYMNS.glob("*.abc")):
        for song in read_songs(path.read_text()):
            yield Marked(song.title, line_of(song.chorale, 0), list(song.ends))


def halves(melodies: Iterator[Marked]) -> tuple[list[Marked], list[Marked]]:
    """Those to learn from and those to test on; variants of a tune stay together."""
    parts: tuple[list[Marked], list[Marked]] = [], []
    for melody in melodies:
        if len(melody.ends) > 1:
            parts[hashlib.sha256(melody.name.encode()).digest()[0] % 2].append(melody)
    return parts


def sample(melodies: Sequence[Marked], count: int) -> list[Marked]:
    order = np.random.default_rng(SEED).permutation(len(melodies))[:count]
    return [melodies[index] for index in order]


def weights_of(values: FloatArray) -> Weights:
    return Weights.of(dict(zip(NAMES, values.tolist(), strict=True)))


def learnt(melodies: Sequence[Marked]) -> FloatArray:
    """Weights of a perceptron, averaged over its last pass.

    Each wrong division moves them towards the right one. A wrong end costs a margin, so that the
    right division has to win by some distance.
    """
    rng = np.random.default_rng(SEED)
    known = {id(each): features_of(each.line) for each in melodies}
    values = np.zeros(len(NAMES))
    for _ in range(PASSES):
        total = np.zeros(len(NAMES))
        for index in rng.permutation(len(melodies)):
            features, ends = known[id(melodies[index])], melodies[index].ends
            margin = np.full(features.line.notes, MARGIN)
            margin[ends] = -MARGIN
            found = best_ends(features, weights_of(values), margin)
            if found != ends:
                values = values + RATE * (summed(features, ends) - summed(features, found))
            total += values
    return total / len(melodies)


def learn() -> FloatArray:
    """From songs, and from chorales as often as to weigh half as much."""
    songs = [each for each in halves(folk_songs())[0] if fits(each)]
    chorales = [each for each in halves(sopranos())[0] if fits(each)]
    return learnt([*sample(songs, SONGS), *chorales * round(SONGS / 2 / len(chorales))])


def fits(melody: Marked) -> bool:
    """Whether the search could find its phrases at all, and it is of a usual length."""
    return int(np.diff([-1, *melody.ends]).max()) <= MAX_NOTES and melody.line.notes < 200


def by_model(line: Line) -> list[int]:
    return best_ends(features_of(line), WEIGHTS)


def by_rests(line: Line) -> list[int]:
    """An end before each rest, and no other (GPR 2a)."""
    return [*np.flatnonzero(line.start[1:] > line.end[:-1]).tolist(), line.notes - 1]


def by_long_notes(line: Line) -> list[int]:
    """An end with each note that is longer than the next one and than one and a half usual ones."""
    span = line.span
    long = (span[:-1] > span[1:]) & (span[:-1] >= 1.5 * np.median(span))
    return [*np.flatnonzero(long).tolist(), line.notes - 1]


def row(label: str, melodies: Sequence[Marked], find: Callable[[Line], list[int]]) -> str:
    """Precision, recall and F1 of inner ends over all melodies; the last end is given away."""
    right = made = there = whole = 0
    for melody in melodies:
        found, ends = set(find(melody.line)[:-1]), set(melody.ends[:-1])
        right, made, there = right + len(found & ends), made + len(found), there + len(ends)
        whole += found == ends
    precision, recall = right / max(1, made), right / max(1, there)
    f1 = 2 * right / max(1, made + there)
    share = 100 * whole / len(melodies)
    cells = f"{precision:.2f} | {recall:.2f} | {f1:.2f} | {share:.0f} %"
    return f"| {label} | {len(melodies):,} | {there:,} | {cells} |"


def report() -> str:
    songs = sample(halves(folk_songs())[1], TEST_SONGS)
    chorales = halves(sopranos())[1]
    lines = [
        "| melodies, and how ends are found | melodies | inner ends | precision | recall | F1 "
        "| all ends right |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        row("folk songs", songs, by_model),
        row("folk songs, before each rest", songs, by_rests),
        row("folk songs, with each long note", songs, by_long_notes),
        row("sopranos of chorales", chorales, by_model),
        row("sopranos of chorales, with each long note", chorales, by_long_notes),
        row("our hymns", list(hymns()), by_model),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", action="store_true", help="print new weights")
    if parser.parse_args().learn:
        for name, value in zip(NAMES, learn(), strict=True):
            print(f'        "{name}": {value:.2f},')
    else:
        lines = report()
        write_block(PAGE, "phrase_ends", lines)
        print(lines)


if __name__ == "__main__":
    main()
