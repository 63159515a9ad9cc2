"""The mixed model under test: coverage of its rates, size of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.mixed.inference import coefficients
from bachtest.stats.mixed.mixed_fit import Coefficient, RateTable
from bachtest.stats.rates.proportions import wilson
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.simulate import SimulatedDesign, simulate

MANY_ITEMS = SimulatedDesign(listeners=200, each=5, items=40)
FEW_ITEMS = SimulatedDesign(listeners=200, each=5, items=42, cells=7)
FIRST_DAY = SimulatedDesign(listeners=12, each=5, items=28, cells=7)
LOGIT, EASY = 0.6, 1.8
MIN_COVERAGE, MAX_COVERAGE = 0.93, 0.97
ALPHA = 0.05
FAR = 0.1


def many_items(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """One cell of 40 items."""
    truth = MANY_ITEMS.rate(LOGIT)
    mixed, plain, pooled = [], [], []
    for _ in replicates:
        fitting = Fitting(simulate(rng, MANY_ITEMS, [LOGIT]))
        table = fitting.rates(fitting.inference())[0]
        mixed.append(_covered(table, truth))
        plain.append(_covered(fitting.rates(fitting.inference(correct_few=False))[0], truth))
        pooled.append(_pooled(table, truth))
    return SimulationStudy(
        "many-items",
        "Coverage with 40 items",
        "200 listeners with 5 answers each over 40 items, logit standard deviations .6 and .5, true"
        f" rate {truth:.1%}. How often nominal 95% intervals contain it.",
        (
            Measured("mixed model", tuple(mixed), MIN_COVERAGE, MAX_COVERAGE),
            Measured("mixed model, plain Wald", tuple(plain)),
            Measured("pooled Wilson interval", tuple(pooled)),
        ),
    )


def few_items(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Seven cells of 6 items, all alike: coverage, and false positives of a difference."""
    truth = FEW_ITEMS.rate(LOGIT)
    names = ("rates", "wald", "pooled", "corrected", "ml", "f", "lrt")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for _ in replicates:
        fitting = Fitting(simulate(rng, FEW_ITEMS, [LOGIT] * FEW_ITEMS.cells), ("condition",))
        inference = fitting.inference()
        table = fitting.rates(inference)[1]
        plain = fitting.rates(fitting.inference(correct_few=False))[1]
        (test,) = fitting.tests(inference)
        shares["rates"].append(_covered(table, truth))
        shares["wald"].append(_covered(plain, truth))
        shares["pooled"].append(_pooled(plain, truth))
        shares["corrected"].append(_no_difference(coefficients(inference, inference.used)))
        shares["ml"].append(_no_difference(coefficients(inference, inference.ml)))
        shares["f"].append(float(test.p < ALPHA))
        shares["lrt"].append(float(test.p_lrt < ALPHA))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "few-items",
        "Seven cells of 6 items",
        "200 listeners with 5 answers each over 42 items in 7 cells, the same standard deviations,"
        f" no difference between the cells, true rate {truth:.1%}. The small-sample correction"
        " takes over here; plain maximum likelihood is shown for comparison.",
        (
            Measured("coverage of rates, corrected", measured["rates"], MIN_COVERAGE, MAX_COVERAGE),
            Measured("coverage of rates, plain Wald", measured["wald"]),
            Measured("coverage of rates, pooled Wilson", measured["pooled"]),
            Measured(
                "coverage of coefficients, corrected",
                measured["corrected"],
                MIN_COVERAGE,
                MAX_COVERAGE,
            ),
            Measured("coverage of coefficients, uncorrected", measured["ml"]),
            Measured("false positives, corrected F test", measured["f"], 0.0, 0.06),
            Measured("false positives, likelihood ratio", measured["lrt"]),
        ),
    )


def few_answers(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """A first day: sixty answers, most of them right, with a handful in each cell."""
    truth = FIRST_DAY.rate(EASY)
    names = ("overall", "cells", "wald", "far")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for _ in replicates:
        fitting = Fitting(simulate(rng, FIRST_DAY, [EASY] * FIRST_DAY.cells), ("condition",))
        overall, cells = fitting.rates(fitting.inference())
        plain = fitting.rates(fitting.inference(correct_few=False))[0]
        shares["overall"].append(_covered(overall, truth))
        shares["cells"].append(_covered(cells, truth))
        shares["wald"].append(_covered(plain, truth))
        raw = fitting.correct.sum() / fitting.n.sum()
        shares["far"].append(float(abs(overall.rates[0].estimate - raw) > FAR))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "few-answers",
        "Sixty answers",
        "12 listeners with 5 answers each over 28 items in 7 cells, the same standard deviations,"
        f" true rate {truth:.1%}: cells of about nine answers, often all right.",
        (
            Measured("coverage of the overall rate", measured["overall"], 0.9, 1.0),
            Measured("coverage of the cells", measured["cells"], 0.9, 1.0),
            Measured("coverage of the overall rate, plain Wald", measured["wald"]),
            Measured(
                f"estimates more than {100 * FAR:.0f} points from the raw rate",
                measured["far"],
                0.0,
                0.05,
            ),
        ),
    )


def _covered(table: RateTable, truth: float) -> float:
    return float(np.mean([rate.low <= truth <= rate.high for rate in table.rates]))


def _no_difference(lines: Sequence[Coefficient]) -> float:
    # The share of the differences from the first cell whose interval contains 0.
    return float(np.mean([line.low <= 0 <= line.high for line in lines[1:]]))


def _pooled(table: RateTable, truth: float) -> float:
    intervals = [wilson(rate.correct, rate.n) for rate in table.rates]
    return float(np.mean([interval.low <= truth <= interval.high for interval in intervals]))
