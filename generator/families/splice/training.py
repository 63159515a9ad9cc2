"""The training of splice: it lists the works that a member may cut up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.families.splice.known_works import digest_of, name_codes
from generator.families.splice.splice import Splice, SpliceConfig
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import total
from generator.music.measures.voice_leading import PER, parallels
from generator.training.trainer import CountingTrainer, Scores, Tensors

VALIDATION_CONDITIONS = ("ATB", "SATB")
VALIDATION_STEPS = 64  # of each work, from its beginning


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
        """Share of Bach's pitches and parallels per 1,000 chord changes in fills, by condition."""
        scores = {"works": float(len(composer.works)), "beats": float(len(composer.snippets))}
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
