"""Training of the Markov family: it counts, then scores fills of the validation part."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from tqdm import tqdm

from generator.families.markov.markov import Markov, MarkovConfig
from generator.families.markov.transitions import count
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.trainer import CountingTrainer, Scores, Tensors

VALIDATION_CONDITIONS = ("S", "A", "T", "B", "ATB", "SATB")
VALIDATION_STEPS = 128  # of each work, from its beginning


class MarkovTrainer(CountingTrainer[Markov]):
    """Counts chords and rhythms."""

    tables = ("chain",)

    def setup(self) -> None:
        self.chain = MarkovConfig(**self.config["chain"])

    def count(self) -> Tensors:
        counts = count(self.train_chorales)
        return {field.name: getattr(counts, field.name) for field in fields(counts)}

    def composer(self, members: Sequence[Tensors]) -> Markov:
        return Markov.cross_fitted([Markov.from_tensors(self.chain, each) for each in members])

    def validate(self, composer: Markov) -> Scores:
        """Share of Bach's pitches, and parallels per 1,000 chord changes, in fills by condition."""
        tables = composer.tables
        sizes = {"types": tables.types, "pairs": tables.pairs, "triples": tables.triples}
        scores = {name: float(len(rows)) for name, rows in sizes.items()}
        for condition in tqdm(VALIDATION_CONDITIONS, disable=not self.progress, desc="validation"):
            same, cells, counts = 0, 0, []
            for chorale in self.valid_chorales:
                excerpt, piece, written = self._filled(composer, chorale, condition)
                same += int((piece.pitch == excerpt.pitch)[written].sum())
                cells += int(np.count_nonzero(written))
                counts.append(parallels(piece, written))
            scores[f"same_{condition}"] = round(same / cells, 4)
            scores[f"parallels_{condition}"] = round(PER * total(counts).rate, 2)
        return scores

    def validation_seconds(self, composer: Markov) -> float:
        """By one fill for each condition."""
        first = self.valid_chorales[0]
        self._filled(composer, first, "SATB")  # the first fill prepares the chain
        start = time.perf_counter()
        for condition in VALIDATION_CONDITIONS:
            self._filled(composer, first, condition)
        seconds = time.perf_counter() - start
        steps = [min(chorale.steps, VALIDATION_STEPS) for chorale in self.valid_chorales]
        return seconds * sum(steps) / steps[0]

    def _filled(
        self, composer: Markov, chorale: Chorale, condition: str
    ) -> tuple[Chorale, Chorale, BoolArray]:
        """The beginning of a work, its fill and what was written."""
        excerpt = chorale.slice(0, min(chorale.steps, VALIDATION_STEPS))
        given = given_voices(condition, excerpt.steps)
        return excerpt, composer.fill(excerpt, given, seed=self.seed), ~given
