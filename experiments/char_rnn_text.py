"""What the texts of the corpus are made of, and how often forgotten voices come back wrong."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.marked_block import write_block
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.formats.piano_text.key_text import (
    AGAIN,
    KEY_CHARACTERS,
    PIANO_KEYS,
    STEP,
    keys_to_text,
)
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.voice_assignment import assigned_voices, assignment_errors, key_sets

CARD = Path(__file__).parents[1] / "docs/families/char_rnn.md"
TRANSPOSITIONS = range(-6, 6)


def crossed(chorales: Sequence[Chorale]) -> float:
    """Share of the cells with another pitch that are in steps in which voices cross."""
    wrong = in_crossings = 0
    for chorale in chorales:
        pitch, _ = assigned_voices(*key_sets(chorale))
        other = (pitch != chorale.pitch) & (chorale.pitch != REST)
        sung = np.where(chorale.pitch == REST, np.nan, chorale.pitch)
        crossing = (sung[:-1] < sung[1:]).any(axis=0)
        wrong += int(other.sum())
        in_crossings += int(other[:, crossing].sum())
    return in_crossings / wrong


def main() -> None:
    corpus = load_corpus()
    chorales = {bwv: work.chorale for bwv, work in corpus.works.items()}
    counts = Counter[str]()
    for chorale in chorales.values():
        counts += Counter(keys_to_text(*key_sets(chorale)))
    keys = [place for place, sign in enumerate(KEY_CHARACTERS) if counts[sign]]
    transposed = {key + semitones for key in keys for semitones in TRANSPOSITIONS}
    sung = sum(counts[sign] for sign in KEY_CHARACTERS)
    steps = counts[STEP]
    parts = {part: [chorales[bwv] for bwv in names] for part, names in tunes_split(corpus).items()}
    rows = [
        ("works of the corpus", f"{len(chorales)}"),
        ("steps", f"{steps:,}"),
        ("characters, in one transposition", f"{counts.total():,}"),
        ("characters a step", f"{counts.total() / steps:.2f}"),
        (f"of the {PIANO_KEYS} keys, those that occur", f"{len(keys)}"),
        ("those that occur in any of twelve transpositions", f"{len(transposed)}"),
        (f"characters that are {AGAIN!r} (struck again)", f"{counts[AGAIN] / counts.total():.1%}"),
        ("keys that sound in a step, on average", f"{sung / steps:.2f}"),
    ]
    for part in ("test", "train"):
        errors = assignment_errors(parts[part])
        rows += [
            (f"voice cells of the {part} part", f"{errors.cells:,}"),
            (
                "given another pitch after their voices were forgotten",
                f"{errors.other_pitch:,} ({errors.rate:.2%})",
            ),
            ("of these, in steps where Bach's voices cross", f"{crossed(parts[part]):.0%}"),
            ("with the right pitch and another onset", f"{errors.other_onset:,}"),
        ]
    table = "| | |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)
    sys.stdout.write(f"{table}\n")
    write_block(CARD, "char_rnn_text", table)


if __name__ == "__main__":
    main()
