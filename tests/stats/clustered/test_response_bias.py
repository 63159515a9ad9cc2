from __future__ import annotations

import math

import numpy as np
import pytest

from bachtest.stats.clustered.response_bias import (
    side_bias,
    side_bias_by_listener,
    trend,
)
from bachtest.stats.rates.signal_detection import d_of_rate


def test_without_bias_d_is_that_of_the_rate():
    bias = side_bias("first", 70, 100, 30, 100)
    assert bias.estimate == pytest.approx(0, abs=1e-12)
    assert bias.d_prime == pytest.approx(d_of_rate(0.7))
    assert bias.p == pytest.approx(1)


def test_a_simulated_bias_is_found_again():
    # The difference that is felt is d' towards Bach, .3 of a unit towards the first.
    rng = np.random.default_rng(6)
    felt = rng.normal(size=(2, 20_000)) + np.array([[0.5 + 0.3], [-0.5 + 0.3]])
    chosen = (felt > 0).sum(axis=1)
    bias = side_bias("first", int(chosen[0]), 20_000, int(chosen[1]), 20_000)
    assert bias.low < 0.3 < bias.high
    assert bias.d_prime == pytest.approx(1.0 / math.sqrt(2), abs=0.03)


def test_swapping_the_sides_turns_the_sign():
    bias = side_bias("left", 70, 100, 45, 90)
    swapped = side_bias("right", 90 - 45, 90, 100 - 70, 100)
    assert bias.estimate == pytest.approx(-swapped.estimate)
    assert bias.d_prime == pytest.approx(swapped.d_prime)


@pytest.mark.parametrize("counts", [(3, 5, 0, 0), (0, 0, 0, 0)])
def test_bach_on_one_side_only_tells_no_bias(counts):
    bias = side_bias("left", *counts)
    assert bias.estimate is None
    assert "unknown" in str(bias)


def test_always_the_same_side_is_corrected_and_finite():
    bias = side_bias("left", 10, 10, 10, 10)
    assert bias.corrected
    assert 0 < bias.low < bias.estimate < math.inf


def own_biases(seed, *, sd, listeners=40, each=12):
    rng = np.random.default_rng(seed)
    listener = np.repeat(np.arange(listeners), each)
    with_bach = rng.random(len(listener)) < 0.5
    felt = sd * rng.normal(size=listeners)[listener] + np.where(with_bach, 0.3, -0.3)
    chosen = (felt + rng.normal(size=len(listener)) > 0).astype(float)
    return chosen, np.ones(len(chosen)), with_bach, listener


@pytest.mark.parametrize(("sd", "least"), [(0.8, 0.025), (0.0, 0.01)])
def test_listeners_with_biases_of_their_own_are_no_bias_of_all(sd, least):
    alarms = [
        side_bias_by_listener("left", *own_biases(seed, sd=sd)).p < 0.05 for seed in range(400)
    ]
    assert least < np.mean(alarms) < 0.08


def test_clustering_widens_the_interval_and_moves_nothing_else():
    chosen, n, with_bach, listener = own_biases(1, sd=0.8)
    counts = [column[rows].sum() for rows in (with_bach, ~with_bach) for column in (chosen, n)]
    pooled = side_bias("left", *(int(count) for count in counts))
    clustered = side_bias_by_listener("left", chosen, n, with_bach, listener)
    assert clustered.estimate == pytest.approx(pooled.estimate)
    assert clustered.d_prime == pytest.approx(pooled.d_prime)
    assert clustered.se > 1.3 * pooled.se
    assert "p = " in str(pooled) and ", pooled; chosen" in str(pooled)
    assert ", clustered by listener; chosen" in str(clustered)
    assert side_bias_by_listener("left", chosen, n, with_bach, listener * 0) == pooled


def test_two_listeners_who_agree_to_an_answer_are_not_certain():
    chosen, with_bach = np.array([5.0, 3, 5, 3]), np.array([True, False] * 2)
    bias = side_bias_by_listener("left", chosen, np.full(4, 6.0), with_bach, np.array([0, 0, 1, 1]))
    assert bias.p > 0.2


def trials(slope, seed=1, listeners=300):
    rng = np.random.default_rng(seed)
    listener, trial = np.divmod(np.arange(listeners * 10), 10)
    logit = 0.3 + slope * trial + 0.5 * rng.normal(size=listeners)[listener]
    right = (rng.random(len(trial)) < 1 / (1 + np.exp(-logit))).astype(float)
    return trial.astype(float), right, np.ones(len(trial)), listener


def test_a_slope_is_found_again():
    # Not exactly the slope put in: averaging over listeners flattens it a little.
    rising = trend(*trials(0.1))
    assert rising.low < 0.097 < rising.high
    assert "listeners learn" in str(rising)
    assert "listeners tire" in str(trend(*trials(-0.1)))


def test_without_a_slope_alarms_are_as_rare_as_they_should_be():
    alarms = [trend(*trials(0.0, seed, 60)).p < 0.05 for seed in range(300)]
    assert np.mean(alarms) < 0.09


def test_a_trend_that_cannot_be_seen_is_unknown():
    trial, right, n, listener = trials(0.1)
    for bad in (
        trend(trial * 0, right, n, listener),
        trend(trial, n, n, listener),
        trend(trial, right, n, listener * 0),
        trend(trial[:0], right[:0], n[:0], listener[:0]),
        trend(trial, (trial > 4).astype(float), n, listener),
    ):
        assert bad.estimate is None
        assert "unknown" in str(bad)
