"""What the fills of composers without a loss are worth on validation works."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tqdm import tqdm

from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.trainer import Scores

Fill = Callable[..., Chorale]
"""A composer's `fill`."""


def fill_scores(
    fill: Fill,
    chorales: Sequence[Chorale],
    seed: int,
    *,
    conditions: Sequence[str] = ("ATB", "SATB"),
    steps: int = 64,
    progress: bool = False,
) -> Scores:
    """Share of Bach's pitches, and parallels per 1,000 chord changes, in fills by condition.

    Of each work the first `steps` steps are filled.
    """
    scores = {}
    for condition in tqdm(conditions, disable=not progress, desc="validation"):
        same, cells, counts = 0, 0, []
        for chorale in chorales:
            excerpt, piece, written = filled(fill, chorale, condition, steps, seed)
            same += int((piece.pitch == excerpt.pitch)[written].sum())
            cells += int(np.count_nonzero(written))
            counts.append(parallels(piece, written))
        scores[f"same_{condition}"] = round(same / cells, 4)
        scores[f"parallels_{condition}"] = round(PER * total(counts).rate, 2)
    return scores


def filled(
    fill: Fill, chorale: Chorale, condition: str, steps: int, seed: int
) -> tuple[Chorale, Chorale, BoolArray]:
    """The beginning of a work, its fill and what was written."""
    excerpt = chorale.slice(0, min(chorale.steps, steps))
    given = given_voices(condition, excerpt.steps)
    return excerpt, fill(excerpt, given, seed=seed), ~given
