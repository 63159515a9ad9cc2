"""Training of the Markov family: it counts, then scores fills of the validation part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from generator.families.markov.markov import Markov, MarkovConfig
from generator.families.markov.transitions import count
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.metadata import training_metadata
from generator.training.splits import load_split

VALIDATION_CONDITIONS = ("S", "A", "T", "B", "ATB", "SATB")
VALIDATION_STEPS = 128  # of each work, from its beginning

Scores = dict[str, float]


def train(config: dict[str, Any], out: Path, *, command: str, progress: bool) -> Scores:
    """Count by a config of three tables (data, chain, training) and write the checkpoint."""
    parts = load_split(config["data"]["split"])
    seed = int(config["training"]["seed"])
    family = Markov(count(parts["train"].chorales), MarkovConfig(**config["chain"]))
    scores = _sizes(family) | score(family, parts["valid"].chorales, seed, progress=progress)
    family.save(out, training_metadata(config, [parts], [scores], seed=seed, command=command))
    return scores


def score(family: Markov, chorales: tuple[Chorale, ...], seed: int, *, progress: bool) -> Scores:
    """Share of Bach's pitches, and parallels per 1,000 chord changes, in fills by condition."""
    scores: Scores = {}
    for condition in tqdm(VALIDATION_CONDITIONS, disable=not progress, desc="validation"):
        same, cells, counts = 0, 0, []
        for chorale in chorales:
            excerpt = chorale.slice(0, min(chorale.steps, VALIDATION_STEPS))
            written = ~given_voices(condition, excerpt.steps)
            piece = family.fill(excerpt, ~written, seed=seed)
            same += int((piece.pitch == excerpt.pitch)[written].sum())
            cells += int(np.count_nonzero(written))
            counts.append(parallels(piece, written))
        scores[f"same_{condition}"] = round(same / cells, 4)
        scores[f"parallels_{condition}"] = round(PER * total(counts).rate, 2)
    return scores


def _sizes(family: Markov) -> Scores:
    tables = family.tables
    sizes = {"types": tables.types, "pairs": tables.pairs, "triples": tables.triples}
    return {name: float(len(rows)) for name, rows in sizes.items()}
