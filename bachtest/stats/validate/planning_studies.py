"""Studies as planned: is the power as promised, and is "cannot tell" rarely wrong?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.planning.plan import make_plan
from bachtest.stats.planning.plan_settings import HEAR_ONE, PlanSettings
from bachtest.stats.planning.power import answers_for_difference, answers_for_equivalence
from bachtest.stats.planning.study_power import CONTRAST, DIFFERENCE, EQUIVALENCE
from bachtest.stats.rates.equivalence import equivalence
from bachtest.stats.rates.proportions import binomial_test
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.validate.simulated_power import shown

MARGIN, RATE, POWER, ALPHA = 0.075, 0.59, 0.8, 0.05
DESIGN = SimulatedDesign(listeners=200, each=5, items=40)


def power(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """As many independent answers as the plan says."""
    difference = answers_for_difference(RATE, target=POWER, alpha=ALPHA / 2).stable
    similar = answers_for_equivalence(MARGIN, target=POWER, alpha=ALPHA).stable
    different, equivalent, wrong = [], [], []
    for _ in replicates:
        correct = int(rng.binomial(difference, RATE))
        # As the verdict: two-sided, and found on the upper side.
        p = binomial_test(correct, difference).p
        different.append(float(2 * correct > difference and p < ALPHA))
        equivalent.append(_equivalent(int(rng.binomial(similar, 0.5)), similar))
        wrong.append(_equivalent(int(rng.binomial(similar, 0.5 + MARGIN)), similar))
    return SimulationStudy(
        "power",
        "Power as planned",
        f"Independent answers: {difference} to detect a rate of {RATE:.0%}, {similar} to show that"
        f" guessing is within {MARGIN:.1%} of one half. Both are planned for {POWER:.0%} power.",
        (
            Measured("difference detected", tuple(different), POWER - 0.01, 1.0),
            Measured("equivalence shown where listeners guess", tuple(equivalent), POWER - 0.01, 1),
            Measured("equivalence shown at the margin", tuple(wrong), 0.0, ALPHA),
        ),
    )


# Each with the aims that are simulated.
PLANNED = (
    ("12 items", 60, 12, PlanSettings(each=8, margin=0.1), (DIFFERENCE, EQUIVALENCE)),
    ("40 items", 100, 40, PlanSettings(margin=0.1), (DIFFERENCE, EQUIVALENCE)),
    ("160 items", 160, 160, PlanSettings(rate=0.57), (DIFFERENCE,)),
    ("hear both", 80, 24, PlanSettings(each=6, contrast=(0.5, 0.65)), (CONTRAST,)),
    ("hear one", 80, 24, PlanSettings(each=6, contrast=(0.5, 0.65), hear=HEAR_ONE), (CONTRAST,)),
)
NEAR = 0.05


def planned_power(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Studies of planned sizes, each analysed with the model: is the power as planned?"""
    plans = [
        (name, make_plan(listeners, items, settings), aim)
        for name, listeners, items, settings, aims in PLANNED
        for aim in aims
    ]
    shares: list[list[float]] = [[] for _ in plans]
    for _ in replicates:
        for (_, plan, aim), one in zip(plans, shares, strict=True):
            one.append(shown(rng, plan, aim))
    return SimulationStudy(
        "planned-power",
        "Power as planned, by the mixed model",
        "60 listeners with 8 answers each over 12 items, 100 with 5 over 40 (true rate 60%, margin"
        " 10%) and 160 with 5 over 160 (57%); a contrast of 50% and 65% with 80 listeners of 6"
        " answers each, 12 items in each condition. Logit standard deviations .6 and .5. How often"
        " the fitted model shows what `python -m bachtest.stats power` plans for.",
        tuple(
            Measured(
                f"{name}: {aim}, planned {planned:.1%}", tuple(one), planned - NEAR, planned + NEAR
            )
            for (name, plan, aim), one in zip(plans, shares, strict=True)
            if (planned := plan.study.power(aim)) is not None
        ),
    )


def cannot_tell(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """The true rate lies on the margin: "cannot tell within the margin" is wrong."""
    logit = DESIGN.logit(0.5 + MARGIN)
    mixed, pooled = [], []
    for _ in replicates:
        table = simulate(rng, DESIGN, [logit])
        fitting = Fitting(table, level=1 - 2 * ALPHA)
        rate = fitting.rates(fitting.inference())[0].rates[0]
        mixed.append(float(max(0.5 - rate.low, rate.high - 0.5) < MARGIN))
        pooled.append(_equivalent(rate.correct, rate.n))
    return SimulationStudy(
        "cannot-tell",
        '"Cannot tell" for listeners who just can',
        "200 listeners with 5 answers each over 40 items, standard deviations .6 and .5, true rate"
        f" {0.5 + MARGIN:.1%} with a margin of {MARGIN:.1%}. How often equivalence is claimed at"
        " 5%.",
        (
            Measured("mixed model's 90% interval within the margin", tuple(mixed), 0.0, 0.06),
            Measured("pooled exact test", tuple(pooled)),
        ),
    )


def _equivalent(correct: int, n: int) -> float:
    return float(equivalence(correct, n, margin=MARGIN, alpha=ALPHA).equivalent)
