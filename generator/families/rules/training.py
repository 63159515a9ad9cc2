"""The training of the rules: there is none. What is made is a checkpoint with a config."""

from __future__ import annotations

from collections.abc import Sequence

from generator.families.rules.rules import Rules, RulesConfig
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.trainer import CountingTrainer, Scores, Tensors

VALIDATION_CONDITIONS = ("ATB", "SATB")
VALIDATION_STEPS = 64  # of each work, from its beginning


class RulesTrainer(CountingTrainer[Rules]):
    """Counts nothing, and scores fills of the validation part."""

    learns = False
    tables = ("rules",)

    def setup(self) -> None:
        self.rules = RulesConfig(**self.config["rules"])

    def count(self) -> Tensors:
        return {}

    def composer(self, members: Sequence[Tensors]) -> Rules:
        return Rules.cross_fitted([Rules.from_tensors(self.rules, each) for each in members])

    def validate(self, composer: Rules) -> Scores:
        """Share of Bach's pitches and parallels per 1,000 chord changes in fills, by condition."""
        scores = {}
        for condition in VALIDATION_CONDITIONS:
            same, cells, counts = 0, 0, []
            for chorale in self.valid_chorales:
                excerpt = chorale.slice(0, min(chorale.steps, VALIDATION_STEPS))
                given = given_voices(condition, excerpt.steps)
                piece = composer.fill(excerpt, given, seed=self.seed)
                same += int((piece.pitch == excerpt.pitch)[~given].sum())
                cells += int((~given).sum())
                counts.append(parallels(piece, ~given))
            scores[f"same_{condition}"] = round(same / cells, 4)
            scores[f"parallels_{condition}"] = round(PER * total(counts).rate, 2)
        return scores
