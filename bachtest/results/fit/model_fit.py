"""What takes too long for a page: by the worker, from every answer.

Imported where it is needed alone, since it brings SciPy's weight into a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db.models import CharField, F
from django.db.models.functions import Cast
from numpy.typing import NDArray

from bachtest.results.counts.answers import FIELDS, answers_of
from bachtest.results.counts.flags import FLAGS
from bachtest.results.counts.tallies import BATCH
from bachtest.stats.clustered.anytime_valid import listener_sequence
from bachtest.stats.clustered.response_bias import Trend, trend
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.glmm import MixedError
from bachtest.stats.verdict.item_effects import fooling_of_model
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.studies.models import Study


@dataclass(frozen=True)
class KeptAnswers:
    """A study's answers without those that its design leaves out, column by column."""

    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    correct: tuple[int, ...]

    @property
    def n(self) -> Sequence[int]:
        return (1,) * len(self.correct)

    def values(self, column: str) -> Sequence[str]:
        return self.cells[self.columns.index(column)]


_COLUMNS = {
    "listener": Cast("round__game__listener_id", CharField()),
    "item": Cast("round__pair_id", CharField()),
    "excerpt": Cast("round__pair__machine__excerpt_id", CharField()),
    "condition": F("round__pair__machine__condition"),
    "composer": F("round__pair__machine__composer__slug"),
    "experience": F("round__game__listener__experience"),
    "trial": Cast("round__number", CharField()),
}


def kept_answers(study: Study) -> KeptAnswers:
    """In the order in which they came."""
    kept = answers_of(study)
    for flag in FLAGS:
        if flag.name in study.exclusions:
            kept = kept.exclude(flag.condition)
    made = {f"column_{name}": source for name, source in _COLUMNS.items()}
    rows = kept.annotate(**made).order_by("id")
    found = list(rows.values_list(*made, "correct").iterator(chunk_size=BATCH))
    columns = tuple(zip(*found, strict=True)) if found else ((),) * (len(made) + 1)
    return KeptAnswers(tuple(_COLUMNS), columns[:-1], tuple(map(int, columns[-1])))


def findings_of(answers: KeptAnswers, *, margin: float) -> dict[str, Any]:
    """The mixed model's rates, each pair's shrunken rate, the trend, the listeners' mean.

    Nothing in it is about a single listener.
    """
    return _model(answers, margin) | {
        "trend": _trend(answers).to_json(),
        "listeners": listener_sequence(_means(answers)).to_json(),
    }


def _model(answers: KeptAnswers, margin: float) -> dict[str, Any]:
    by = [field for field in FIELDS if len(set(answers.values(field))) > 1]
    try:
        fit = fit_mixed(answers, by)
    except MixedError as error:
        return {"refused": str(error)}
    verdict = model_verdict(fit, margin=margin)
    fooling = fooling_of_model(fit, count=len(answers.correct))  # all there are
    return fit.to_json(effects=()) | {
        "verdict": verdict.to_json() | {"needs": str(verdict.needs or "")},
        "rates": {
            ",".join(table.by): {"|".join(rate.labels): asdict(rate) for rate in table.rates}
            for table in fit.tables
        },
        "items": {item.name: item.estimate for item in fooling.most} if fooling else {},
    }


def _trend(answers: KeptAnswers) -> Trend:
    trial = np.array(answers.values("trial"), dtype=float)
    correct = np.array(answers.correct, dtype=float)
    return trend(trial, correct, np.ones(len(correct)), _codes(answers.values("listener")))


def _means(answers: KeptAnswers) -> NDArray[np.float64]:
    """Each listener's share right, in the order of their last answers."""
    codes = _codes(answers.values("listener"))
    n = np.bincount(codes)
    last = np.zeros(len(n), dtype=np.int64)
    last[codes] = np.arange(len(codes))  # the last of several stands
    means: NDArray[np.float64] = np.bincount(codes, answers.correct) / n
    return means[np.argsort(last)]


def _codes(values: Sequence[str]) -> NDArray[np.int64]:
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(value, len(codes)) for value in values], dtype=np.int64)
