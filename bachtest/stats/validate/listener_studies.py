"""Items, listeners and the best of them: coverage of their rates, size and power of the test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.stats import norm

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.level_predictions import LevelPredictions
from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.mixed.logit_normal import mean_rate
from bachtest.stats.validate.measured import Measured, SimulationStudy
from bachtest.stats.validate.simulate import SimulatedDesign, SimulatedTable, answers_of, simulate
from bachtest.stats.verdict.best_listeners import BEST_SHARE, BestListeners, best_listeners
from bachtest.stats.verdict.rasch import rasch_model

ITEMS_HEARD = SimulatedDesign(listeners=200, each=10, items=40, cells=2)
SPREAD = SimulatedDesign(listeners=300, each=10, items=120)
FEW_EACH = SimulatedDesign(listeners=300, each=5, items=120)
# No item differs from another, whatever its condition.
ITEMS_ALIKE = SimulatedDesign(listeners=60, each=10, items=42, cells=7, sd_item=0.0)
# Below it, the report says not to compare single items.
RELIABLE = 0.5
LOGITS, LOGIT = (0.2, 0.9), 0.3
GUESSERS, ABLE_RATE = 0.9, 0.92
MIN_COVERAGE, MAX_COVERAGE, ALPHA = 0.93, 0.97, 0.05
# Fewer than in a report: a test by simulation holds its size with any number.
DRAWS = 199


def item_rates(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Predicted rates of 40 items in two cells, over new listeners."""
    rates, difficulties, abilities, alone = [], [], [], []
    z = norm.ppf(1 - ALPHA / 2)
    for _ in replicates:
        skill, ease = _drawn(rng, ITEMS_HEARD, LOGITS)
        fit = fit_mixed(answers_of(rng, ITEMS_HEARD, skill, ease), ("condition",), tests=False)
        assert fit.inference is not None and fit.data is not None
        items = LevelPredictions(fit.inference, fit.data, "item")
        true = ease[[int(level) for level in items.levels]]
        limits, truth = items.rates(), mean_rate(true, ITEMS_HEARD.sd_listener)
        rates.append(float(np.mean((limits.low <= truth) & (truth <= limits.high))))
        error = np.abs(items.logit - true)
        difficulties.append(float(np.mean(error <= z * items.se)))
        alone.append(float(np.mean(error <= z * np.sqrt(items.effect_variance))))
        listeners = LevelPredictions(fit.inference, fit.data, "listener")
        error = listeners.effect - skill[[int(level) for level in listeners.levels]]
        reach = z * np.sqrt(listeners.comparison_variance())
        abilities.append(float(np.mean(np.abs(error) <= reach)))
    return SimulationStudy(
        "item-rates",
        "Items and listeners one by one",
        "200 listeners with 10 answers each over 40 items in two cells, standard deviations .6 and"
        " .5. How often nominal 95% intervals contain an item's rate over all listeners, its"
        " difficulty, and a listener's ability, over all items or listeners of a study.",
        (
            Measured("predicted rates of items", tuple(rates), MIN_COVERAGE, MAX_COVERAGE),
            Measured("difficulties", tuple(difficulties), 0.92, MAX_COVERAGE),
            Measured("abilities", tuple(abilities), 0.92, MAX_COVERAGE),
            Measured("difficulties, the effect's error alone", tuple(alone)),
        ),
    )


def alike_items(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """The reliability of items that do not differ."""
    found = []
    for _ in replicates:
        table = simulate(rng, ITEMS_ALIKE, (LOGIT,) * ITEMS_ALIKE.cells)
        rasch = rasch_model(fit_mixed(table, ("condition",), tests=False))
        assert rasch is not None and rasch.item_reliability is not None
        found.append(rasch.item_reliability)
    return SimulationStudy(
        "alike-items",
        "Items that do not differ",
        "60 listeners with 10 answers each over 42 items in seven conditions; neither items nor"
        " conditions differ. The reliability of the items' difficulties, and how often it is .5 or"
        " more, from where on the report calls it good enough for groups of items.",
        (
            Measured("reliability, mean of studies", tuple(found), 0.0, 0.15),
            Measured(".5 or more", tuple(float(one >= RELIABLE) for one in found), 0.0, ALPHA),
        ),
    )


def best_tenth(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Normal spreads, none, and able listeners among guessers."""
    covered: dict[float, list[float]] = {0.0: [], 0.6: []}
    rejected: dict[float, list[float]] = {0.0: [], 0.6: []}
    power: dict[int, list[float]] = {FEW_EACH.each: [], SPREAD.each: []}
    top = float(norm.isf(BEST_SHARE))
    for _ in replicates:
        for sd in covered:
            skill, ease = _drawn(rng, SPREAD, (LOGIT,))
            best = _best(answers_of(rng, SPREAD, skill * sd / SPREAD.sd_listener, ease))
            truth = float(mean_rate(LOGIT + sd * top, SPREAD.sd_item))
            covered[sd].append(float(best.low <= truth <= best.high))
            rejected[sd].append(float(best.some_stand_out))
        for design in (FEW_EACH, SPREAD):
            able = np.arange(design.listeners) >= GUESSERS * design.listeners
            skill = np.where(able, np.log(ABLE_RATE / (1 - ABLE_RATE)), 0.0)
            best = _best(answers_of(rng, design, skill, np.zeros(design.items)))
            power[design.each].append(float(best.some_stand_out))
    return SimulationStudy(
        "best-tenth",
        "The best tenth of listeners",
        "300 listeners with 10 answers each over 120 items (standard deviation .5), who spread by a"
        " normal distribution: how often the nominal 95% interval contains what the best tenth"
        " reach, and how often the test of more spread than normal rejects at 5%. Then 300"
        " listeners of whom 90% guess and 10% are right 92% of the time.",
        (
            *(Measured(f"coverage, standard deviation {sd:g}", tuple(shares), MIN_COVERAGE, 1.0)
              for sd, shares in covered.items()),
            *(Measured(f"false positives, standard deviation {sd:g}", tuple(shares), 0.0, 0.06)
              for sd, shares in rejected.items()),
            *(Measured(f"10% able found, {each} answers each", tuple(shares), 0.8, 1.0)
              for each, shares in power.items()),
        ),
    )  # fmt: skip


def _drawn(
    rng: np.random.Generator, design: SimulatedDesign, logits: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    # Abilities of listeners, and logits of items for a listener of ability 0.
    skill = rng.normal(0, design.sd_listener, design.listeners)
    ease = rng.normal(0, design.sd_item, design.items)
    return skill, ease + np.asarray(logits)[np.arange(design.items) % design.cells]


def _best(table: SimulatedTable) -> BestListeners:
    best = best_listeners(fit_mixed(table, tests=False), draws=DRAWS)
    assert best is not None  # each listener answers several times
    return best
