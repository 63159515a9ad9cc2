"""Tables that the tests of the mixed model share."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

import numpy as np

from bachtest.stats.mixed.likelihood.glmm import design_matrix, glmm_data
from tests.stats.reference import DATA

CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB")
EXPERIENCES = ("novice", "intermediate", "advanced", "expert")


@dataclass
class Columns:
    """The least that a table must have."""

    named: dict[str, list[str]]
    correct: list[int]
    n: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.n = self.n or [1] * len(self.correct)

    @property
    def columns(self):
        return tuple(self.named)

    def values(self, column):
        return self.named[column]


def crossed():
    """The simulated answers of the reference numbers."""
    with (DATA / "answers_crossed.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("listener", "item", "condition", "experience")
    return Columns(
        {name: [row[name] for row in rows] for name in names}, [int(row["correct"]) for row in rows]
    )


def dummies(values, levels):
    return np.eye(len(levels))[[levels.index(value) for value in values]][:, 1:]


def crossed_data(*, null=False):
    table = crossed()
    x = np.ones((len(table.n), 1))
    if not null:
        x = np.column_stack(
            [
                x,
                dummies(table.named["condition"], CONDITIONS),
                dummies(table.named["experience"], EXPERIENCES),
            ]
        )
    codes, sizes = [], []
    for name in ("listener", "item"):
        levels, code = np.unique(table.named[name], return_inverse=True)
        codes.append(code)
        sizes.append(len(levels))
    correct, n = np.array(table.correct, dtype=float), np.ones(len(table.n))
    return glmm_data(design_matrix(x), correct, n, codes, sizes)


def simulated(rng, listeners, each, items, *, logits=(0.0,), sds=(0.6, 0.5)):
    """Answers of listeners who each meet `each` of the items, drawn without repetition.

    Item i is of condition i modulo the number of logits.
    """
    skill, ease = rng.normal(0, sds[0], listeners), rng.normal(0, sds[1], items)
    listener = np.repeat(np.arange(listeners), each)
    item = np.concatenate([rng.permutation(items)[:each] for _ in range(listeners)])
    condition = item % len(logits)
    logit = np.asarray(logits)[condition] + skill[listener] + ease[item]
    correct = rng.random(len(item)) < 1 / (1 + np.exp(-logit))
    return Columns(
        {
            "listener": [f"L{i}" for i in listener],
            "item": [f"I{i}" for i in item],
            "condition": [CONDITIONS[i] for i in condition],
        },
        [int(value) for value in correct],
    )
