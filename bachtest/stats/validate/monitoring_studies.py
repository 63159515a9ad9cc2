"""Continuous monitoring: false alarms over a whole study."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from bachtest.stats.clustered.anytime_valid import empirical_bernstein_cs, log_e_values
from bachtest.stats.mixed.likelihood.blocks import IntArray
from bachtest.stats.mixed.logit_normal import mean_rate
from bachtest.stats.rates.proportions import normal_quantile
from bachtest.stats.validate.measured import Measured, SimulationStudy

ANSWERS, ITEMS, EACH = 2000, 40, 5
SD_LISTENER, SD_ITEM, LOGIT = 0.6, 0.5, 0.6
ALPHA = 0.05
LOOKS = np.arange(20, ANSWERS + 1, 10)


def guessing(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """Listeners who guess and favour one side: each answer is still a fair coin."""
    e_values, tests, n = [], [], np.arange(1, ANSWERS + 1)
    for _ in replicates:
        of_listener = rng.normal(0, SD_LISTENER, ANSWERS // EACH).repeat(EACH)
        of_item = rng.normal(0, SD_ITEM, ITEMS)[_items(rng)]
        chose_left = rng.random(ANSWERS) < expit(LOGIT + of_listener + of_item)
        correct = np.cumsum(chose_left == (rng.random(ANSWERS) < 0.5))
        e_values.append(float((log_e_values(correct, n) >= -np.log(ALPHA)).any()))
        at_looks = correct[LOOKS - 1]
        p = 2 * binom.cdf(np.minimum(at_looks, LOOKS - at_looks), LOOKS, 0.5)
        tests.append(float((p < ALPHA).any()))
    return SimulationStudy(
        "guessing",
        "Continuous monitoring while nobody can tell",
        f"{ANSWERS:,} answers with a bias to the left that has nothing to do with Bach (logit .6,"
        " standard deviations .6 between listeners and .5 between items). How often a test ever"
        " rejects at 5%.",
        (
            Measured("e-value, after every answer", tuple(e_values), 0.0, ALPHA),
            Measured("exact test, after every 10 answers", tuple(tests)),
        ),
    )


def running_interval(rng: np.random.Generator, replicates: Iterable[int]) -> SimulationStudy:
    """A running interval of the mean listener, for these items."""
    sequences, wilsons = [], []
    for _ in replicates:
        ease = LOGIT + rng.normal(0, SD_ITEM, ITEMS)
        truth = float(mean_rate(ease, SD_LISTENER).mean())
        skill = rng.normal(0, SD_LISTENER, ANSWERS // EACH).repeat(EACH)
        correct = rng.random(ANSWERS) < expit(skill + ease[_items(rng)])
        low, high = empirical_bernstein_cs(correct.reshape(-1, EACH).mean(axis=1))
        sequences.append(float(((low > truth) | (high < truth)).any()))
        wilsons.append(float(_wilson_ever_misses(np.cumsum(correct)[LOOKS - 1], truth)))
    return SimulationStudy(
        "running-interval",
        "A running interval, for these items",
        f"{ANSWERS // EACH} listeners with {EACH} answers each over {ITEMS} items, standard"
        " deviations .6 and .5. How often the interval of the mean over all listeners, for these"
        " items, ever excludes it.",
        (
            Measured("confidence sequence, after every listener", tuple(sequences), 0.0, ALPHA),
            Measured("Wilson interval, after every 10 answers", tuple(wilsons)),
        ),
    )


def _items(rng: np.random.Generator) -> IntArray:
    drawn = rng.random((ANSWERS // EACH, ITEMS)).argsort(axis=1)[:, :EACH]
    return np.asarray(drawn.ravel(), dtype=np.int64)


def _wilson_ever_misses(correct: IntArray, truth: float) -> bool:
    # The score test at the truth, which is what the interval inverts.
    z = normal_quantile(1 - ALPHA)
    error = np.abs(correct - LOOKS * truth) / np.sqrt(LOOKS * truth * (1 - truth))
    return bool((error > z).any())
