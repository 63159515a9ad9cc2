"""The mixed model under test: coverage of its rates, size of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.mixed.mixed_fit import RateTable
from bachtest.stats.rates.proportions import wilson
from bachtest.stats.validate.measured import Measured, Study
from bachtest.stats.validate.simulate import Design, simulate

MANY_ITEMS = Design(listeners=200, each=5, items=40)
FEW_ITEMS = Design(listeners=200, each=5, items=42, cells=7)
FIRST_DAY = Design(listeners=12, each=5, items=28, cells=7)
LOGIT, EASY = 0.6, 1.8
LEAST, MOST = 0.93, 0.97
ALPHA = 0.05
APART = 0.1


def many_items(rng: np.random.Generator, replicates: Iterable[int]) -> Study:
    """One cell of 40 items."""
    truth = MANY_ITEMS.rate(LOGIT)
    mixed, plain, pooled = [], [], []
    for _ in replicates:
        fitting = Fitting(simulate(rng, MANY_ITEMS, [LOGIT]))
        table = fitting.rates(fitting.inference())[0]
        mixed.append(_covered(table, truth))
        plain.append(_covered(fitting.rates(fitting.inference(correct_few=False))[0], truth))
        pooled.append(_pooled(table, truth))
    return Study(
        "many-items",
        "Coverage with 40 items",
        f"200 listeners of 5 answers each over 40 items, logit standard deviations .6 and .5, true"
        f" rate {truth:.1%}. How often nominal 95 % intervals hold it.",
        (
            Measured("mixed model", tuple(mixed), LEAST, MOST),
            Measured("mixed model, plain Wald", tuple(plain)),
            Measured("pooled Wilson interval", tuple(pooled)),
        ),
    )


def few_items(rng: np.random.Generator, replicates: Iterable[int]) -> Study:
    """Seven cells of 6 items, all alike: coverage, and false findings of a difference."""
    truth = FEW_ITEMS.rate(LOGIT)
    found: dict[str, list[float]] = {name: [] for name in ("t", "wald", "pooled", "f", "lrt")}
    for _ in replicates:
        fitting = Fitting(simulate(rng, FEW_ITEMS, [LOGIT] * FEW_ITEMS.cells), ("condition",))
        inference = fitting.inference()
        table = fitting.rates(inference)[1]
        plain = fitting.rates(fitting.inference(correct_few=False))[1]
        (test,) = fitting.tests(inference)
        found["t"].append(_covered(table, truth))
        found["wald"].append(_covered(plain, truth))
        found["pooled"].append(_pooled(plain, truth))
        found["f"].append(float(test.p < ALPHA))
        found["lrt"].append(float(test.p_lrt < ALPHA))
    shares = {name: tuple(values) for name, values in found.items()}
    return Study(
        "few-items",
        "Seven cells of 6 items",
        "200 listeners of 5 answers each over 42 items in 7 cells, the same standard deviations, no"
        f" difference between the cells, true rate {truth:.1%}. The small-sample correction takes"
        " over by itself here; beside it what plain maximum likelihood would say.",
        (
            Measured("coverage, corrected", shares["t"], LEAST, MOST),
            Measured("coverage, plain Wald", shares["wald"]),
            Measured("coverage, pooled Wilson", shares["pooled"]),
            Measured("false findings, corrected F test", shares["f"], 0.0, 0.06),
            Measured("false findings, likelihood ratio", shares["lrt"]),
        ),
    )


def few_answers(rng: np.random.Generator, replicates: Iterable[int]) -> Study:
    """A first day: sixty answers, most of them right, cells of a handful of answers."""
    truth = FIRST_DAY.rate(EASY)
    found: dict[str, list[float]] = {name: [] for name in ("all", "cells", "wald", "apart")}
    for _ in replicates:
        fitting = Fitting(simulate(rng, FIRST_DAY, [EASY] * FIRST_DAY.cells), ("condition",))
        overall, cells = fitting.rates(fitting.inference())
        plain = fitting.rates(fitting.inference(correct_few=False))[0]
        found["all"].append(_covered(overall, truth))
        found["cells"].append(_covered(cells, truth))
        found["wald"].append(_covered(plain, truth))
        raw = fitting.correct.sum() / fitting.n.sum()
        found["apart"].append(float(abs(overall.rates[0].estimate - raw) > APART))
    shares = {name: tuple(values) for name, values in found.items()}
    return Study(
        "few-answers",
        "Sixty answers",
        "12 listeners of 5 answers each over 28 items in 7 cells, the same standard deviations,"
        f" true rate {truth:.1%}: cells of about nine answers, often all right.",
        (
            Measured("coverage of the rate of all", shares["all"], 0.9, 1.0),
            Measured("coverage of the cells", shares["cells"], 0.9, 1.0),
            Measured("coverage of the rate of all, plain Wald", shares["wald"]),
            Measured(f"estimates over {APART:.0%} from the raw rate", shares["apart"], 0.0, 0.05),
        ),
    )


def _covered(table: RateTable, truth: float) -> float:
    return float(np.mean([rate.low <= truth <= rate.high for rate in table.rates]))


def _pooled(table: RateTable, truth: float) -> float:
    intervals: Sequence[tuple[float, float]] = [
        (found.low, found.high) for found in (wilson(one.correct, one.n) for one in table.rates)
    ]
    return float(np.mean([low <= truth <= high for low, high in intervals]))
