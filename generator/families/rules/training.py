"""The training of the rules: there is none. What is made is a checkpoint with a config."""

from __future__ import annotations

from collections.abc import Sequence

from generator.families.rules.rules import Rules, RulesConfig
from generator.training.trainer import CountingTrainer, Scores, Tensors
from generator.training.validation_fills import fill_scores


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
        return fill_scores(composer.fill, self.valid_chorales, self.seed)
