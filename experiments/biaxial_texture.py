"""How the texture of the biaxial LSTM changes in the course of a piece.

Its users reported pieces that begin lively and end in slow repeated chords, and a thin texture. So
20 chorales of 32 bars are written from nothing, with and without the adaptation to thin steps, and
each quarter of them is measured before voices are found. Bach's are the works of the test part of
the split `tunes`. The table goes to the card.

    python -m experiments.biaxial_texture
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.families.fill_run import FillClock
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.voice_assignment import key_sets
from generator.registry import CHECKPOINTS, installed
from generator.training.splits import load_split

CARD = Path(__file__).parent.parent / "docs/families/biaxial.md"
BEGIN = "<!-- texture: made by `python -m experiments.biaxial_texture`; do not edit -->"
END = "<!-- end of texture -->"
PIECES, BARS, QUARTERS = 20, 32, 4
HEADINGS = (
    "quarter", "keys a step", "fewer than 3, %", "more than 4, %", "onsets a step", "repeats, %",
)  # fmt: skip
Keys = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def written(adaptation: float) -> list[Keys]:
    """The keys that sound and begin, bool[T, N] each, of every piece."""
    family = installed().family("biaxial").load(CHECKPOINTS / "biaxial.safetensors")
    defaults = {name: setting.default for name, setting in family.settings.items()}
    frame = empty_chorale("G major", bars=BARS)
    rolls = [
        family.drawn(  # type: ignore[attr-defined]
            frame, np.zeros(frame.pitch.shape, dtype=np.bool_), seed=seed,
            settings={**defaults, "adaptation": adaptation}, run=FillClock("biaxial").run,
        )[0]
        for seed in range(1, PIECES + 1)
    ]  # fmt: skip
    return [(roll[..., 0], roll[..., 1]) for roll in rolls]


def row(pieces: Sequence[Keys], quarter: int) -> list[float]:
    """The figures under `HEADINGS` of one quarter of all pieces."""
    counts, onsets, repeats, steps = [], 0, 0, 0
    for sounding, begins in pieces:
        here = slice(*(len(sounding) * (quarter + each) // QUARTERS for each in (0, 1)))
        before = np.pad(sounding, ((1, 0), (0, 0)))[:-1]
        counts.append(sounding[here].sum(axis=1))
        onsets += int(begins[here].sum())
        repeats += int((begins & before)[here].sum())
        steps += len(counts[-1])
    keys = np.concatenate(counts)
    return [
        float(keys.mean()), 100 * float((keys < 3).mean()), 100 * float((keys > 4).mean()),
        onsets / steps, 100 * repeats / max(1, onsets),
    ]  # fmt: skip


def main() -> None:
    bach = [key_sets(chorale) for chorale in load_split("tunes")["test"].chorales]
    sources = {
        "adaptation 0.02": written(0.02),
        "adaptation 0": written(0.0),
        "Bach": bach,
    }
    lines = ["", "| | " + " | ".join(HEADINGS) + " |", "| --- " * (1 + len(HEADINGS)) + "|"]
    for name, pieces in sources.items():
        for quarter in range(QUARTERS):
            figures = " | ".join(f"{figure:.2f}" for figure in row(pieces, quarter))
            lines.append(f"| {name} | {quarter + 1} | {figures} |")
    before, _, after = CARD.read_text().partition(BEGIN)
    _, _, after = after.partition(END)
    CARD.write_text("\n".join([before + BEGIN, *lines, "", END]) + after)


if __name__ == "__main__":
    main()
