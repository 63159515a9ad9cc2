"""Does char_rnn loop, or stay on one chord, at low temperatures? From nothing, and as ATB."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.marked_block import write_block
from generator.evaluation.from_nothing import MAX_CHORALES, frames
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.counts import total
from generator.music.measures.decoding_faults import collapses, loops
from generator.registry import CHECKPOINTS, OURS, Registry

CARD = Path(__file__).parents[1] / "docs/families/char_rnn.md"
TEMPERATURES = (0.2, 0.5, 0.8, 1.0)

Written = tuple[Chorale, BoolArray]
"""A piece, and the cells of it that were written."""


def still(pieces: Iterable[Written]) -> float:
    """Share of the steps whose written voices sing what they sang in the step before."""
    same = [
        (piece.pitch[:, 1:] == piece.pitch[:, :-1])[written.any(axis=1)].all(axis=0)
        for piece, written in pieces
    ]
    return float(np.concatenate(same).mean())


def cells(pieces: Sequence[Written]) -> list[str]:
    """Shares of pieces that loop and that collapse, and of steps without a move."""
    looping = total([loops(piece, written) for piece, written in pieces])
    collapsed = np.mean([collapses(piece, written) for piece, written in pieces])
    loop = f"{looping.rate:.0%} of {looping.of}" if looping.of else ""
    return [loop, f"{collapsed:.0%} of {len(pieces)}", f"{still(pieces):.0%}"]


def main() -> None:
    family = Registry(OURS).family("char_rnn").load(CHECKPOINTS / "char_rnn.safetensors")
    corpus = load_corpus()
    bach = [corpus.works[bwv].chorale for bwv in tunes_split(corpus)["test"]]
    empty = [(frame, np.zeros((4, frame.steps), dtype=bool)) for frame in frames(MAX_CHORALES)]
    given = [(chorale, given_for("ATB", chorale)) for chorale in bach]
    rows = []
    for temperature in TEMPERATURES:
        row = [f"{temperature:g}"]
        for frame in (empty, given):
            row += cells(
                [
                    (
                        family.fill(piece, mask, seed=seed, settings={"temperature": temperature}),
                        ~mask,
                    )
                    for seed, (piece, mask) in enumerate(tqdm(frame))
                ]
            )
        rows.append(row)
    whole = [(chorale, np.ones((4, chorale.steps), dtype=bool)) for chorale in bach]
    rows.append(["Bach", *cells(whole), *cells([(piece, ~mask) for piece, mask in given])])
    table = (
        "| temperature | from nothing: loops | one chord | steps without a move "
        "| ATB: loops | one chord | steps without a move |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    table += "".join(f"| {' | '.join(row)} |\n" for row in rows)
    sys.stdout.write(table)
    write_block(CARD, "char_rnn_temperatures", table)


if __name__ == "__main__":
    main()
