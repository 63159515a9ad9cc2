"""The band over time for new listeners and new items: how often it ever misses, how wide it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaln, xlog1py, xlogy

from bachtest.stats.clustered.anytime_valid import beta_binomial_cs
from bachtest.stats.clustered.population_band import (
    BandArrays,
    FloatArray,
    IntArray,
    band_arrays,
)
from bachtest.stats.mixed.fit import Fitting
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.mixed_studies import EASY, FEW_ITEMS, FIRST_DAY, LOGIT, MANY_ITEMS
from bachtest.stats.validate.planning_studies import MARGIN
from bachtest.stats.validate.simulate import SimulatedDesign, SimulatedTable, simulate

ALPHA = 0.05
MAX_MISSED = 0.07


@dataclass(frozen=True)
class MonitoredStudy:
    """A design whose answers are looked at one by one.

    `logits` has one for each cell. In a `shuffled` study the answers come in random order; in an
    `uneven` one a few listeners give most answers (as many as 1.5 times a Pareto variable of shape
    1, rounded up).
    """

    name: str
    design: SimulatedDesign
    logits: tuple[float, ...] = (LOGIT,)
    shuffled: bool = False
    uneven: bool = False

    @property
    def truth(self) -> float:
        return float(np.mean([self.design.rate(logit) for logit in self.logits]))

    def simulate(self, rng: np.random.Generator) -> SimulatedTable:
        design = self.design
        table = simulate(rng, design, self.logits * (design.cells // len(self.logits)))
        if self.uneven:
            number = np.arange(len(table.right)) % design.each
            answers = np.ceil(1.5 * rng.pareto(1.0, design.listeners))
            table = _rows(table, np.flatnonzero(number < answers[table.listener]))
        if self.shuffled:
            table = _rows(table, rng.permutation(len(table.right)))
        return table


_LONG = replace(MANY_ITEMS, listeners=400)
_UNEVEN = SimulatedDesign(listeners=300, each=200, items=280)
STUDIES = (
    MonitoredStudy("40 items", MANY_ITEMS),
    MonitoredStudy("7 cells of 6 items", FEW_ITEMS),
    MonitoredStudy("7 cells of 6 items, 45% to 82%", FEW_ITEMS, (-0.2, 0, 0.3, 0.6, 0.9, 1.2, 1.7)),
    MonitoredStudy("40 items, 400 listeners", _LONG),
    MonitoredStudy("40 items, 2,000 listeners", replace(MANY_ITEMS, listeners=2000)),
    MonitoredStudy("40 items, guessing", replace(_LONG, sd_listener=0, sd_item=0), (0.0,)),
    MonitoredStudy("40 items, rate 57.5%", MANY_ITEMS, (MANY_ITEMS.logit(0.5 + MARGIN),)),
    MonitoredStudy("12 listeners: no band", FIRST_DAY, (EASY,)),
    MonitoredStudy("7 cells of 4 items, rate 83%", replace(FIRST_DAY, listeners=200), (EASY,)),
    MonitoredStudy("20 items", replace(MANY_ITEMS, items=20)),
    MonitoredStudy("24 items", replace(MANY_ITEMS, items=24)),
    MonitoredStudy("24 items that differ much", replace(MANY_ITEMS, items=24, sd_item=1.2)),
    MonitoredStudy("40 items, listeners differ much", replace(MANY_ITEMS, sd_listener=1.2)),
    MonitoredStudy("40 items, rate 94%", MANY_ITEMS, (3.0,)),
    MonitoredStudy("280 items", replace(MANY_ITEMS, items=280)),
    MonitoredStudy("40 items, in random order", MANY_ITEMS, shuffled=True),
    MonitoredStudy("280 items, 1 to 200 answers", _UNEVEN, uneven=True),
    MonitoredStudy(
        "the same, listeners differ much", replace(_UNEVEN, sd_listener=1.2), uneven=True
    ),
)
# Of these a mixed model is fitted as well.
_FITTED = ("40 items", "7 cells of 6 items", "20 items")
FITTED = tuple(study for study in STUDIES if study.name in _FITTED)


def population_band_misses(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Looks after every answer."""
    missed: dict[str, list[float]] = {study.name: [] for study in STUDIES}
    constant: dict[str, list[float]] = {study.name: [] for study in STUDIES}
    for _ in replicates:
        for study in STUDIES:
            table = study.simulate(rng)
            missed[study.name].append(float(_ever_misses(_band(table), study.truth)))
            constant[study.name].append(float(_constant_rate_misses(table.right, study.truth)))
    return SimulationStudy(
        "population-band",
        "The band over time, for new listeners and new items",
        "200 listeners with 5 answers each over 40 items, standard deviations .6 and .5, rate"
        " 62.9%, unless the name says otherwise (standard deviations 1.2 where items or listeners"
        " differ much; guessers are all alike). How often the band, looked at after every answer"
        " from the first to the last, ever excludes the rate of the population. Beside it the"
        " confidence sequence for one constant rate, which the results page drew before.",
        tuple(
            measured
            for name in missed
            for measured in (
                Measured(name, tuple(missed[name]), 0.0, MAX_MISSED),
                Measured(f"{name}: constant rate", tuple(constant[name])),
            )
        ),
    )


def population_band_width(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """At the end of a study, beside the intervals that are valid for one look."""
    widths: dict[str, list[float]] = {}
    narrower = []
    for _ in replicates:
        is_narrower = []
        for study in FITTED:
            table = study.simulate(rng)
            band = _band(table)
            model = _model_width(table)
            low, high = beta_binomial_cs([table.right.sum()], [len(table.right)])
            for name, width in (
                ("band", band.high[-1] - band.low[-1]),
                ("mixed model, for one look", model),
                ("constant rate", high[0] - low[0]),
            ):
                widths.setdefault(f"{study.name}: {name}", []).append(float(width))
            is_narrower.append(band.high[-1] - band.low[-1] < model)
        narrower.append(float(np.mean(is_narrower)))
    return SimulationStudy(
        "population-band-width",
        "How wide the band over time is",
        "The same studies. Mean width at the end, in rates: of the band, of the mixed model's 95%"
        " interval, which is valid for one look, and of the confidence sequence for one constant"
        " rate, which misses.",
        (
            Measured("band narrower than the mixed model's interval", tuple(narrower), 0.0, 0.0),
            *(Measured(name, tuple(values)) for name, values in widths.items()),
        ),
    )


def _rows(table: SimulatedTable, rows: IntArray) -> SimulatedTable:
    return SimulatedTable(
        table.listener[rows], table.item[rows], table.cell[rows], table.right[rows]
    )


def _band(table: SimulatedTable) -> BandArrays:
    return band_arrays(table.listener, table.item, table.right, np.ones(len(table.right)))


def _ever_misses(band: BandArrays, truth: float) -> bool:
    return bool(((band.low > truth) | (band.high < truth)).any())


def _constant_rate_misses(right: FloatArray, truth: float) -> bool:
    # The mixture's likelihood ratio at the truth, which is what the sequence inverts.
    n = np.arange(1, len(right) + 1)
    x = np.cumsum(right)
    log_ratio = betaln(1 + x, 1 + n - x) - xlogy(x, truth) - xlog1py(n - x, -truth)
    return bool((log_ratio >= -np.log(ALPHA)).any())


def _model_width(table: SimulatedTable) -> float:
    fitting = Fitting(table)
    [rate] = fitting.rates(fitting.inference())[0].rates
    return rate.high - rate.low
