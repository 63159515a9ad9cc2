"""Training of the Markov family: it counts, then scores fills of the validation part."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields

from generator.families.markov.markov import Markov, MarkovConfig
from generator.families.markov.transitions import count
from generator.training.trainer import CountingTrainer, Scores, Tensors
from generator.training.validation_fills import fill_scores, filled

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
        tables = composer.tables
        sizes = {"types": tables.types, "pairs": tables.pairs, "triples": tables.triples}
        scores = {name: float(len(rows)) for name, rows in sizes.items()}
        return scores | fill_scores(
            composer.fill,
            self.valid_chorales,
            self.seed,
            conditions=VALIDATION_CONDITIONS,
            steps=VALIDATION_STEPS,
            progress=self.progress,
        )

    def validation_seconds(self, composer: Markov) -> float:
        """By one fill for each condition."""
        first = self.valid_chorales[0]
        # The first fill prepares the chain.
        filled(composer.fill, first, "SATB", VALIDATION_STEPS, self.seed)
        start = time.perf_counter()
        for condition in VALIDATION_CONDITIONS:
            filled(composer.fill, first, condition, VALIDATION_STEPS, self.seed)
        seconds = time.perf_counter() - start
        steps = [min(chorale.steps, VALIDATION_STEPS) for chorale in self.valid_chorales]
        return seconds * sum(steps) / steps[0]
