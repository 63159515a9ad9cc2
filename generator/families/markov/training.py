"""Training of the Markov family: counting, and a look at what it writes on the validation part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from generator.families.markov.markov import Markov, MarkovConfig
from generator.families.markov.transitions import count
from generator.music.grid.chorale import Chorale, given_for
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.splits import load_split

JUDGED = ("S", "A", "T", "B", "ATB", "SATB")
JUDGED_STEPS = 128

Scores = dict[str, float]


def train(config: dict[str, Any], out: Path, *, command: str, progress: bool) -> Scores:
    """Count by a config of three tables (data, chain, training) and write the checkpoint."""
    parts = load_split(config["data"]["split"])
    seed = int(config["training"]["seed"])
    family = Markov(count(parts["train"].chorales), MarkovConfig(**config["chain"]))
    scores = _counted(family) | judge(family, parts["valid"].chorales, seed, progress=progress)
    family.save(
        out,
        {
            "data": parts["train"].digest(),
            "split": config["data"]["split"],
            "works": json.dumps(parts["train"].names),
            "seed": str(seed),
            "command": command,
            "training": json.dumps(config),
            "metrics": json.dumps(scores),
        },
    )
    return scores


def judge(family: Markov, chorales: tuple[Chorale, ...], seed: int, *, progress: bool) -> Scores:
    """Share of Bach's pitches and parallels per 1,000 chord changes, of fills by condition."""
    scores: Scores = {}
    for condition in tqdm(JUDGED, disable=not progress, desc="validation"):
        same, written, found = 0, 0, []
        for chorale in chorales:
            excerpt = chorale.slice(0, min(chorale.steps, JUDGED_STEPS))
            given = given_for(condition, excerpt.steps)
            piece = family.fill(excerpt, given, seed=seed)
            same += int((piece.pitch == excerpt.pitch)[~given].sum())
            written += int(np.count_nonzero(~given))
            found.append(parallels(piece, ~given))
        scores[f"same_{condition}"] = round(same / written, 4)
        scores[f"parallels_{condition}"] = round(PER * total(found).rate, 2)
    return scores


def _counted(family: Markov) -> Scores:
    tables = family.tables
    sizes = {"types": tables.types, "pairs": tables.pairs, "triples": tables.triples}
    return {name: float(len(rows)) for name, rows in sizes.items()}
