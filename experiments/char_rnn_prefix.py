"""Does the tag steer? Keys of what char_rnn writes from nothing, estimated from the notes alone.

For each of the 24 keys it writes pieces of eight bars, with the tag at the beginning, with the tag
repeated at every bar line, and without it. An estimate that knows none of this (Krumhansl's
profiles over the durations of the pitch classes) says which key each piece is in. The same estimate
on the beginnings of Bach's works shows how often it is right at best.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.marked_block import write_block
from generator.families.base import Family
from generator.families.settings import Choices
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.formats.piano_text.key_text import sounding_key
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.keys import estimated_key
from generator.registry import CHECKPOINTS, OURS, Registry

CARD = Path(__file__).parents[1] / "docs/families/char_rnn.md"
KEYS = [sounding_key(f"C {mode}", up) for mode in ("major", "minor") for up in range(12)]
BARS, STEPS = 8, 128
PIECES = 4  # in each key
VARIANTS: dict[str, Choices] = {
    "no tag": {"prefix": 0},
    "a tag at the beginning": {},
    "a tag at every bar line": {"prefix_bars": 1},
    "no tag, temperature 0.7": {"prefix": 0, "temperature": 0.7},
    "a tag at every bar line, temperature 0.7": {"prefix_bars": 1, "temperature": 0.7},
}


def heard_key(piece: Chorale) -> str:
    """The key that the notes suggest, by their durations."""
    return sounding_key(estimated_key(piece.pitch[piece.pitch != REST]))


def written(family: Family, settings: Choices) -> Iterable[tuple[str, str]]:
    """The key that each piece was asked for, and the key that it is in."""
    # Each piece has a seed of its own: without a tag, one seed writes the same in every key.
    for seed, key in enumerate(tqdm(KEYS * PIECES)):
        frame = empty_chorale(key, bars=BARS)
        given = np.zeros((4, frame.steps), dtype=bool)
        yield key, heard_key(Family.fill(family, frame, given, seed=seed, settings=settings))


def of_bach() -> Iterable[tuple[str, str]]:
    """The written key of each work of the test part, and the key that its beginning is heard in."""
    corpus = load_corpus()
    for bwv in tunes_split(corpus)["test"]:
        chorale = corpus.works[bwv].chorale
        yield sounding_key(chorale.key), heard_key(chorale.slice(0, min(STEPS, chorale.steps)))


def row(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    asked, heard = np.array(list(pairs)).T
    cells = [name, str(len(asked))]
    modes = [np.array([key.split()[1] for key in keys]) for keys in (asked, heard)]
    for mode in ("major", "minor"):
        of_mode = modes[0] == mode
        cells.append(f"{(modes[1][of_mode] == 'major').mean():.0%}")
    cells.append(f"{(modes[0] == modes[1]).mean():.0%}")
    cells.append(f"{(asked == heard).mean():.0%}")
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    family = Registry(OURS).family("char_rnn").load(CHECKPOINTS / "char_rnn.safetensors")
    table = (
        "| | pieces | heard as major, major asked | heard as major, minor asked | mode right "
        "| key right |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    for name, settings in VARIANTS.items():
        table += row(name, written(family, settings))
    table += row("Bach's test part", of_bach())
    sys.stdout.write(f"{table}\n")
    write_block(CARD, "char_rnn_prefix", table)


if __name__ == "__main__":
    main()
