"""Somebody looks all the time: false alarms over a whole study."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from bachtest.stats.clustered.anytime_valid import empirical_bernstein_cs, log_e_values
from bachtest.stats.mixed.blocks import IntArray
from bachtest.stats.mixed.logit_normal import mean_rate
from bachtest.stats.rates.proportions import normal_quantile
from bachtest.stats.validate.measured import Measured, Study

ANSWERS, ITEMS, EACH = 2000, 40, 5
SD_LISTENER, SD_ITEM, LOGIT = 0.6, 0.5, 0.6
ALPHA = 0.05
LOOKS = np.arange(20, ANSWERS + 1, 10)


def guessing(rng: np.random.Generator, replicates: Iterable[int]) -> Study:
    """Nobody can tell, everybody leans to one side: each answer is a fair coin all the same."""
    e_values, tests, n = [], [], np.arange(1, ANSWERS + 1)
    for _ in replicates:
        lean = rng.normal(0, SD_LISTENER, ANSWERS // EACH).repeat(EACH)
        pull = rng.normal(0, SD_ITEM, ITEMS)[_items(rng)]
        left = rng.random(ANSWERS) < expit(LOGIT + lean + pull)
        right = np.cumsum(left == (rng.random(ANSWERS) < 0.5))
        e_values.append(float((log_e_values(right, n) >= -np.log(ALPHA)).any()))
        seen = right[LOOKS - 1]
        tails = 2 * binom.cdf(np.minimum(seen, LOOKS - seen), LOOKS, 0.5)
        tests.append(float((tails < ALPHA).any()))
    return Study(
        "guessing",
        "Looking all the time while nobody can tell",
        f"{ANSWERS} answers of listeners and items with a lean to the left (logit .6, standard"
        " deviations .6 and .5) that has nothing to do with Bach. How often something is ever found"
        " at 5 %.",
        (
            Measured("e-value, after every answer", tuple(e_values), 0.0, ALPHA),
            Measured("exact test, after every 10 answers", tuple(tests)),
        ),
    )


def running_interval(rng: np.random.Generator, replicates: Iterable[int]) -> Study:
    """A running interval of the listeners' mean, for the items at hand."""
    bands, wilsons = [], []
    for _ in replicates:
        ease = LOGIT + rng.normal(0, SD_ITEM, ITEMS)
        truth = float(mean_rate(ease, SD_LISTENER).mean())
        skill = rng.normal(0, SD_LISTENER, ANSWERS // EACH).repeat(EACH)
        right = rng.random(ANSWERS) < expit(skill + ease[_items(rng)])
        low, high = empirical_bernstein_cs(right.reshape(-1, EACH).mean(axis=1))
        bands.append(float(((low > truth) | (high < truth)).any()))
        wilsons.append(float(_wilson_ever_misses(np.cumsum(right)[LOOKS - 1], truth)))
    return Study(
        "running-interval",
        "A running interval, for the items at hand",
        f"{ANSWERS // EACH} listeners of {EACH} answers over {ITEMS} items, standard deviations .6"
        " and .5. How often the interval of the mean over all listeners, for these items, ever"
        " misses it.",
        (
            Measured("confidence sequence, after every listener", tuple(bands), 0.0, ALPHA),
            Measured("Wilson interval, after every 10 answers", tuple(wilsons)),
        ),
    )


def _items(rng: np.random.Generator) -> IntArray:
    drawn = rng.random((ANSWERS // EACH, ITEMS)).argsort(axis=1)[:, :EACH]
    return np.asarray(drawn.ravel(), dtype=np.int64)


def _wilson_ever_misses(right: IntArray, truth: float) -> bool:
    # The score test at the truth, which is what the interval inverts.
    z = normal_quantile(1 - ALPHA)
    error = np.abs(right - LOOKS * truth) / np.sqrt(LOOKS * truth * (1 - truth))
    return bool((error > z).any())
