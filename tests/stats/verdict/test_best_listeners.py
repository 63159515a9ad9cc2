"""What the best tenth of listeners reach, and whether some are too good for a normal spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.logit_normal import logit_of_mean, mean_rate
from bachtest.stats.mixed.profile import profile_interval
from bachtest.stats.verdict import listener_scores
from bachtest.stats.verdict.best_listeners import (
    best_listeners,
    best_listeners_line,
    with_best_listeners,
)
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.listener_scores import ListenerScores
from bachtest.stats.verdict.model_verdict import model_verdict
from tests.stats.mixed.tables import Columns, crossed, simulated

TENTH = float(norm.isf(0.1))


def answers(skill, *, each=10, items=60, seed=1):
    rng = np.random.default_rng(seed)
    listener = np.repeat(np.arange(len(skill)), each)
    item = np.concatenate([rng.permutation(items)[:each] for _ in skill])
    right = rng.random(len(item)) < expit(np.asarray(skill)[listener])
    named = {"listener": [f"L{i}" for i in listener], "item": [f"I{i}" for i in item]}
    return Columns(named, [int(value) for value in right])


@pytest.fixture(scope="module")
def few_able():
    """270 listeners who guess and 30 who are right 92% of the time."""
    return fit_mixed(answers([0.0] * 270 + [math.log(0.92 / 0.08)] * 30), tests=False)


def test_a_mean_within_the_margin_does_not_hide_able_listeners(few_able):
    best = best_listeners(few_able, draws=199)
    assert best.some_stand_out
    assert best.estimate > 0.65
    assert str(best).endswith("than a normal spread allows (p = .005): some can tell.")
    plain = model_verdict(few_able, margin=0.1)
    verdict = with_best_listeners(plain, best)
    assert verdict.finding is Finding.LESS_THAN_MARGIN
    assert "Some listeners stand out from it, and can tell." in verdict.caution
    assert f"The best tenth lie beyond the margin, by the fitted spread: {best.estimate:.1%}" in (
        verdict.caution
    )
    assert with_best_listeners(plain, None) is plain
    wide = model_verdict(few_able)  # nothing is within a margin that nobody set
    assert with_best_listeners(wide, best) is wide


def test_listeners_who_only_guess_do_not_stand_out():
    fit = fit_mixed(answers([0.0] * 200, seed=4), tests=False)
    best = best_listeners(fit, draws=199)
    assert not best.some_stand_out
    assert "It is not shown that more of them are far above the rest" in str(best)
    assert best.sd_low == 0
    assert best.low <= best.mean <= best.estimate <= best.high
    verdict = with_best_listeners(model_verdict(fit, margin=0.2), best)
    assert verdict.finding is Finding.CANNOT_TELL
    assert verdict.caution == ""


def test_the_best_tenth_is_a_quantile_of_the_fitted_spread():
    fit = fit_mixed(simulated(np.random.default_rng(5), 120, 12, 120), tests=False)
    best = best_listeners(fit, draws=19)
    items = float(fit.inference.used.theta[1])
    centre = logit_of_mean(fit.overall.estimate, math.hypot(best.sd, items))
    by_hand = float(mean_rate(centre + TENTH * best.sd, items))
    assert best.estimate == pytest.approx(by_hand, abs=1e-6)
    # The limits of the mean and of the spread, combined.
    centre = logit_of_mean(fit.overall.estimate, math.hypot(best.sd_low, items))
    least = float(mean_rate(centre + TENTH * best.sd_low, items))
    assert best.low < least < best.estimate


def test_experience_makes_the_listeners_a_mixture():
    fit = fit_mixed(crossed(), ("condition", "experience"), tests=False)
    best = best_listeners(fit, draws=19)
    rng, used = np.random.default_rng(1), fit.inference.used
    rates = fit.table("experience").rates
    named = {one.name: one.estimate for one in fit.corrected_coefficients}
    table = crossed()
    of_listener = dict(zip(table.named["listener"], table.named["experience"], strict=True))
    levels = [rate.labels[0] for rate in rates]
    shift = np.array([named.get(f"experience {level}", 0.0) for level in levels])
    kind = rng.choice([levels.index(value) for value in of_listener.values()], 100_000)
    ability = shift[kind] + best.sd * rng.standard_normal(len(kind))
    conditions = [
        named.get(f"condition {c}", 0.0) for c in ("S", "A", "T", "B", "AT", "ATB", "SATB")
    ]
    mix = np.array(
        [table.named["condition"].count(c) for c in ("S", "A", "T", "B", "AT", "ATB", "SATB")]
    )
    centre = named["(intercept)"] + np.array(conditions)
    grid = np.linspace(-4, 4, 200)
    curve = [mix @ mean_rate(centre + z, float(used.theta[1])) / mix.sum() for z in grid]
    top = np.interp(np.quantile(ability, 0.9), grid, curve)
    assert best.estimate == pytest.approx(float(top), abs=0.02)  # the mean rate is kept as fitted


def test_the_spreads_limits_are_those_of_the_profile():
    fit = fit_mixed(simulated(np.random.default_rng(2), 150, 8, 120), tests=False)
    scores = ListenerScores(fit.inference, fit.data, "listener")
    low, high = scores.sd_interval(1.96)
    whole = profile_interval(fit.data, fit.inference.ml, 0, level=0.95)
    assert (low, high) == pytest.approx(whole, abs=0.06)
    assert scores.sd == pytest.approx(fit.inference.ml.theta[0], abs=0.05)


def test_a_large_table_takes_the_short_way(monkeypatch, few_able):
    exact = best_listeners(few_able, draws=199)
    monkeypatch.setattr(listener_scores, "MAX_EXACT_ROWS", 10)
    short = best_listeners(few_able)
    assert short.draws == 0
    assert short.p < 0.01
    assert (short.low, short.high) == pytest.approx((exact.low, exact.high), abs=0.03)
    none = fit_mixed(answers([0.0] * 200, seed=4), tests=False)
    short = best_listeners(none)
    assert short.sd_low == 0
    assert 0.05 < short.sd_high < 0.5


def test_counts_are_worth_as_much_as_single_answers():
    single = answers([0.0] * 30 + [1.0] * 30, each=6, items=6)
    counted: dict[tuple[str, str], list[int]] = {}
    for listener, item, right in zip(*single.named.values(), single.correct, strict=True):
        counted.setdefault((listener, item), []).append(right)
    twice = Columns(
        {"listener": [k[0] for k in counted], "item": [k[1] for k in counted]},
        [2 * sum(v) for v in counted.values()],
        [2 * len(v) for v in counted.values()],
    )
    doubled = Columns(
        {name: values * 2 for name, values in single.named.items()}, single.correct * 2
    )
    one, other = (best_listeners(fit_mixed(t, tests=False), draws=99) for t in (twice, doubled))
    assert (one.estimate, one.low, one.high) == pytest.approx(
        (other.estimate, other.low, other.high), abs=1e-3
    )
    assert one.p == pytest.approx(other.p, abs=0.15)


@pytest.mark.parametrize("right", [0, 2, 10])
def test_listeners_who_are_all_alike_do_not_stand_out(right):
    named = {
        "listener": [f"L{i}" for i in range(20) for _ in range(10)],
        "item": [f"I{i}" for _ in range(20) for i in range(10)],
    }
    correct = [int((i + j) % 10 < right) for i in range(20) for j in range(10)]
    best = best_listeners(fit_mixed(Columns(named, correct), tests=False), draws=99)
    assert best.p == 1
    assert 0 <= best.low <= best.estimate <= best.high <= 1


def test_without_repeated_answers_it_says_why_nothing_is_known():
    fit = fit_mixed(answers([0.0] * 100, each=1, items=10), tests=False)
    assert best_listeners(fit) is None
    assert best_listeners_line(None, fit) == (
        "What the best tenth of listeners reach is unknown: with one answer for each, their spread"
        " cannot be told from chance."
    )
    fit = fit_mixed(Columns({"item": ["a", "b"] * 20}, [0, 1, 1, 1] * 10), tests=False)
    assert "which answers are from the same listener." in best_listeners_line(None, fit)
