"""The training of splice: it lists the works that a member may cut up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.families.splice.known_works import digest_of, name_codes
from generator.families.splice.splice import Splice, SpliceConfig
from generator.training.trainer import CountingTrainer, Scores, Tensors
from generator.training.validation_fills import fill_scores


class SpliceTrainer(CountingTrainer[Splice]):
    """Lists works, and scores fills of the validation part."""

    tables = ("splice",)

    def setup(self) -> None:
        self.splice = SpliceConfig(**self.config["splice"])
        if self.config["data"]["split"] == "jsb":
            raise ValueError("split = 'jsb'; snippets are cut from works of the corpus, use tunes")

    def count(self) -> Tensors:
        digests = [digest_of(chorale) for chorale in self.train_chorales]
        names = self.parts["train"].names
        return {"works": name_codes(names), "digests": np.array(digests, dtype=np.int64)}

    def composer(self, members: Sequence[Tensors]) -> Splice:
        return Splice.cross_fitted([Splice.from_tensors(self.splice, each) for each in members])

    def validate(self, composer: Splice) -> Scores:
        scores = {"works": float(len(composer.works)), "beats": float(len(composer.snippets))}
        return scores | fill_scores(composer.fill, self.valid_chorales, self.seed)
