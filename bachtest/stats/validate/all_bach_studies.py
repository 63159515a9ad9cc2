"""Two clips by Bach under test: coverage of the share of a side, and both verdicts about it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.mixed_studies import ALPHA
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.side_preference import (
    SidePreference,
    preference_of_counts,
    preference_of_fit,
    side_verdict,
)

CHOSEN = SimulatedDesign(listeners=60, each=10, items=30, sd_listener=0.6, sd_item=0.3)
SIDE, MARGIN = "left", 0.1
EDGE = 0.5 + MARGIN
RATES = (0.5, 0.57, EDGE)
_FAVOURED = (Finding.FAVOUR_SIDE, Finding.FAVOUR_SIDE_BELOW_MARGIN)
# Both say that the share lies within the margin.
_SMALL = (Finding.NO_SIDE_FAVOURED, Finding.FAVOUR_SIDE_BELOW_MARGIN)


def all_bach(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Without a bias, with a small one, and with one as large as the margin."""
    covered: dict[tuple[str, float], list[float]] = {
        (kind, rate): [] for rate in RATES for kind in ("model", "pooled")
    }
    favoured: dict[str, list[float]] = {"model": [], "pooled": []}
    small: dict[str, list[float]] = {"model": [], "pooled": []}
    for _ in replicates:
        for truth in RATES:
            table = simulate(rng, CHOSEN, [CHOSEN.logit(truth)])
            fit = fit_mixed(table, level=1 - ALPHA, tests=False)
            counts = preference_of_counts(sum(table.correct), len(table.correct), SIDE, alpha=ALPHA)
            for kind, preference, of in (
                ("model", preference_of_fit(fit, SIDE, alpha=ALPHA), fit),
                ("pooled", counts, None),
            ):
                covered[kind, truth].append(_covers(preference, truth))
                finding = side_verdict(preference, fit=of, alpha=ALPHA, margin=MARGIN).finding
                if truth == RATES[0]:
                    favoured[kind].append(float(finding in _FAVOURED))
                if truth == EDGE:
                    small[kind].append(float(finding in _SMALL))
    measured = [
        Measured(f"coverage at {rate:.0%}, {kind}", tuple(shares), *_aim(kind, 0.92, 0.98))
        for (kind, rate), shares in covered.items()
    ]
    for words, shares_of, most in (
        ("a side favoured without a bias", favoured, 0.07),
        (f"within the margin at {EDGE:.0%}", small, 0.07),
    ):
        measured += [
            Measured(f"{words}, {kind}", tuple(shares), *_aim(kind, 0.0, most))
            for kind, shares in shares_of.items()
        ]
    return SimulationStudy(
        "all-bach",
        "The side chosen of two clips by Bach",
        "60 listeners with 10 answers each over 30 items, logit standard deviations .6 and .3; the"
        " left clip is chosen in 50%, 57% or 60% of all answers, and the margin is"
        f" {100 * MARGIN:g} points. How often nominal 95% intervals contain that rate, how often"
        " the verdict favours a side where there is no bias, and how often it says of a bias on the"
        " edge of the margin that it lies within. The pooled figures are exact (Clopper-Pearson).",
        tuple(measured),
    )


def _covers(preference: SidePreference, truth: float) -> float:
    return float(preference.low <= truth <= preference.high)


def _aim(kind: str, low: float, high: float) -> tuple[float | None, float | None]:
    return (None, None) if kind == "pooled" else (low, high)
