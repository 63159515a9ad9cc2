"""How a composer changes with its temperature: loops, copying and the machine listener."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from generator.evaluation.discriminator.discriminator import DISCRIMINATORS
from generator.evaluation.from_nothing import WHOLE
from generator.evaluation.report import (
    EvaluationSettings,
    StageProgress,
    no_progress,
    score_stage,
)
from generator.evaluation.scored_fold import Fold
from generator.evaluation.scores import ObjectiveScore

TEMPERATURE = "temperature"
ARGMAX = "argmax"
TEMPERATURES = (0.2, 0.5, 0.8, 1.0)
CONDITION = "ATB"
LOOPS, COPYING = "loops", "copying, longest run, median"
LISTENER = DISCRIMINATORS[0].score


@dataclass(frozen=True)
class AtTemperature:
    """The scores of fills and of whole chorales from nothing at one temperature."""

    temperature: float
    scores: Sequence[ObjectiveScore]

    def score(self, name: str, condition: str) -> ObjectiveScore:
        """The score of that name and condition."""
        return next(
            each for each in self.scores if (each.name, each.condition) == (name, condition)
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "scores": [score.as_json() for score in self.scores],
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> AtTemperature:
        """What `as_json` wrote."""
        scores = [ObjectiveScore.from_json(score) for score in row["scores"]]
        return cls(row["temperature"], scores)


def at_temperatures(
    fold: Fold,
    all_folds: Sequence[Fold],
    settings: EvaluationSettings,
    progress: StageProgress = no_progress,
) -> list[AtTemperature]:
    """The composer at each of the temperatures, all other settings and the seed as they are.

    The members of `all_folds`, or the one of `fold` if there are none, write from nothing.

    Whatever takes the likeliest, by a setting `argmax`, draws here: else nothing would change.
    """
    measured = []
    drawn = {ARGMAX: 0} if ARGMAX in getattr(fold.composer, "settings", {}) else {}
    for temperature in TEMPERATURES:
        choices = {**settings.fill_settings, **drawn, TEMPERATURE: temperature}
        asked = replace(settings, conditions=(CONDITION,), fill_settings=choices, features=0)
        scores = [
            score
            for stage, folds in ((CONDITION, [fold]), (WHOLE, all_folds or [fold]))
            for score in score_stage(
                folds, stage, asked, partial(progress, f"temperature {temperature:g}, {stage}")
            )
        ]
        measured.append(
            AtTemperature(temperature, [s for s in scores if isinstance(s, ObjectiveScore)])
        )
    return measured
