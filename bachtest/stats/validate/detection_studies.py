"""Yes/no, triangles and d' under test: size, coverage and power of the models behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.detection.marginal_d import d_of_marginal
from bachtest.stats.detection.yes_no_model import fit_yes_no
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.rates.discrimination import discriminate, similarity_to_margin
from bachtest.stats.rates.protocols import PAIR, PROTOCOLS
from bachtest.stats.rates.yes_no import yes_no
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.mixed_studies import (
    ALPHA,
    LOGIT,
    MANY_ITEMS,
    MAX_COVERAGE,
    MIN_COVERAGE,
)
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.model_verdict import model_verdict

TRIANGLE = PROTOCOLS["triangle"]
TASTED = SimulatedDesign(listeners=60, each=10, items=30)
MANY_HEARD = SimulatedDesign(listeners=400, each=10, items=40)
TWENTY_ITEMS = SimulatedDesign(listeners=100, each=8, items=20)
MARGIN = 0.08
_LISTENERS, _CLIPS = 40, 40
_SD_LISTENER, _SD_CLIP, _CRITERION = 0.4, 0.5, 0.1


@dataclass(frozen=True)
class JudgedClips:
    """Answers about single clips: the clips with even numbers are Bach's."""

    listener: NDArray[np.int64]
    item: NDArray[np.int64]
    said: NDArray[np.bool_]

    columns = ("listener", "item")

    @property
    def is_bach(self) -> NDArray[np.bool_]:
        even: NDArray[np.bool_] = self.item % 2 == 0
        return even

    @property
    def n(self) -> list[int]:
        return [1] * len(self.item)

    @property
    def correct(self) -> list[int]:
        return [int(right) for right in self.said == self.is_bach]

    def values(self, column: str) -> Sequence[str]:
        return [str(value) for value in (self.listener if column == "listener" else self.item)]


def judged_clips(rng: np.random.Generator, d: float) -> JudgedClips:
    """Every listener judges every clip; `d` is d' of a typical listener and clip."""
    listener, item = (part.ravel() for part in np.indices((_LISTENERS, _CLIPS)))
    eta = np.where(item % 2 == 0, d / 2, -d / 2) - _CRITERION
    eta = eta + rng.normal(0, _SD_LISTENER, _LISTENERS)[listener]
    eta += rng.normal(0, _SD_CLIP, _CLIPS)[item]
    return JudgedClips(listener, item, rng.normal(size=len(eta)) < eta)


def odd_clips(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Yes/no: clips differ in how Bach-like they sound, whoever wrote them."""
    names = ("false", "pooled false", "covered", "pooled covered", "criterion", "power")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for _ in replicates:
        for d in (0.0, 1.0):
            table = judged_clips(rng, d)
            overall = fit_yes_no(table, table.is_bach).overall
            bach, machine = table.said[table.is_bach], table.said[~table.is_bach]
            pooled = yes_no(int(bach.sum()), len(bach), int(machine.sum()), len(machine))
            if d == 0:
                shares["false"].append(float(overall.p < ALPHA))
                shares["pooled false"].append(float(pooled.low > 0 or pooled.high < 0))
                continue
            shares["covered"].append(float(overall.low <= d <= overall.high))
            shares["pooled covered"].append(float(pooled.low <= d <= pooled.high))
            within = overall.criterion_low <= _CRITERION <= overall.criterion_high
            shares["criterion"].append(float(within))
            shares["power"].append(float(overall.low > 0))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "yes-no",
        "Yes/no with clips that differ",
        f"{_LISTENERS} listeners judge {_CLIPS} clips each, half of them Bach's; in probits,"
        f" listeners differ by {_SD_LISTENER:g} and clips by {_SD_CLIP:g}, whoever wrote them."
        " d' is 0 for the size of the test, and 1 for the rest.",
        (
            Measured('"can tell" at d\' = 0, probit mixed model', measured["false"], 0.0, 0.07),
            Measured('"can tell" at d\' = 0, pooled', measured["pooled false"]),
            Measured("coverage of d', probit mixed model", measured["covered"], 0.92, 0.98),
            Measured("coverage of d', pooled", measured["pooled covered"]),
            Measured("coverage of the criterion", measured["criterion"], 0.92, 0.98),
            Measured("power at d' = 1", measured["power"], 0.8, 1.0),
        ),
    )


def triangles(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Triangle tests: chance is one third, and the margin has one side."""
    chance = TRIANGLE.chance
    edge = TASTED.logit(chance + MARGIN)
    names = ("false", "covered", "pooled", "similar", "pooled similar", "d")
    shares: dict[str, list[float]] = {name: [] for name in names}
    for _ in replicates:
        table = simulate(rng, TASTED, [TASTED.logit(chance)])
        fit = fit_mixed(table, chance=chance)
        right, n = sum(table.correct), len(table.correct)
        shares["false"].append(float(fit.overall.p < ALPHA and fit.overall.estimate > chance))
        shares["covered"].append(float(fit.overall.low <= chance <= fit.overall.high))
        shares["pooled"].append(float(discriminate(right, n, TRIANGLE).p < ALPHA / 2))
        table = simulate(rng, TASTED, [edge])
        fit = fit_mixed(table, chance=chance)
        verdict = model_verdict(fit, protocol=TRIANGLE, margin=MARGIN)
        similar = verdict.finding in (Finding.CANNOT_TELL, Finding.LESS_THAN_MARGIN)
        shares["similar"].append(float(similar))
        right = sum(table.correct)
        tested = similarity_to_margin(right, n, MARGIN, TRIANGLE)
        shares["pooled similar"].append(float(tested.p < ALPHA))
        d = d_of_marginal(fit.overall, TRIANGLE, 1 - ALPHA)
        shares["d"].append(float(d.low <= TRIANGLE.d_of_rate(chance + MARGIN) <= d.high))
    measured = {name: tuple(values) for name, values in shares.items()}
    return SimulationStudy(
        "triangle",
        "Triangles: chance is one third",
        "60 listeners with 10 answers each over 30 items, logit standard deviations .6 and .5, at"
        f" chance and at {100 * MARGIN:g} points above it.",
        (
            Measured('"can tell" at chance, model', measured["false"], 0.0, 0.035),
            Measured('"can tell" at chance, pooled at 2.5%', measured["pooled"]),
            Measured("coverage of the rate at chance", measured["covered"], 0.92, 0.98),
            Measured("similar, just outside the margin, model", measured["similar"], 0.0, 0.07),
            Measured("similar, just outside, pooled", measured["pooled similar"]),
            Measured("coverage of d', above chance", measured["d"], 0.92, 0.98),
        ),
    )


def marginal_d(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """d' of the marginal rate, in three designs."""
    designs = {
        "200 x 5 over 40 items": MANY_ITEMS,
        "100 x 8 over 20 items": TWENTY_ITEMS,
        "400 x 10 over 40 items": MANY_HEARD,
    }
    shares: dict[tuple[str, str], list[float]] = {
        (kind, name): [] for kind in ("marginal rate", "pooled") for name in designs
    }
    for _ in replicates:
        for name, design in designs.items():
            truth = PAIR.d_of_rate(design.rate(LOGIT))
            table = simulate(rng, design, [LOGIT] * design.cells)
            model = d_of_marginal(fit_mixed(table).overall, PAIR, 1 - ALPHA)
            pooled = discriminate(sum(table.correct), len(table.correct), PAIR)
            shares["marginal rate", name].append(float(model.low <= truth <= model.high))
            shares["pooled", name].append(float(pooled.low <= truth <= pooled.high))
    return SimulationStudy(
        "marginal-d",
        "d' of a marginal rate",
        "Pairs; logit standard deviations .6 between listeners and .5 between items. How often"
        " nominal 95% intervals of d' contain the one of the true marginal rate.",
        tuple(
            Measured(f"{kind}, {name}", tuple(values), *_aim(kind))
            for (kind, name), values in shares.items()
        ),
    )


def _aim(kind: str) -> tuple[float | None, float | None]:
    return (None, None) if kind == "pooled" else (MIN_COVERAGE, MAX_COVERAGE)
