"""Planning a study: how many listeners, how many items, and which of the two is short.

Conventions
-----------
Listeners and items differ on the logit by the standard deviations given (`sd_listener`,
`sd_item`). The variance of a rate over both is
``p (1 - p) [(1 - r_l - r_i) / n + r_l / L + r_i / M]`` with `r` the shares of the variance of one
answer that lie between listeners and between items. Power is exact binomial at the number of
independent answers that would have this variance.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np

from bachtest.stats.mixed.logit_normal import variance_between
from bachtest.stats.planning.power import (
    answers_for_difference,
    answers_for_equivalence,
    power_of_difference,
    power_of_equivalence,
)
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin
from bachtest.stats.rates.proportions import CHANCE, normal_quantile
from bachtest.stats.rates.result import Result

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Point:
    """One study: its size and what it could show. `equivalence` is None without a margin."""

    listeners: int
    items: int
    answers: int
    design_effect: float
    effective: int
    half_width: float
    difference: float
    equivalence: float | None


@dataclass(frozen=True)
class Plan(Result):
    """The study asked for, others beside it, and advice. `needed_...` are independent answers,
    None where the rate or the margin makes no number enough."""

    asked: Point
    beside: tuple[Point, ...]
    rate: float
    each: int
    margin: float | None
    alpha: float
    target: float
    sd_listener: float
    sd_item: float
    needed_difference: int | None
    needed_equivalence: int | None
    advice: str
    method: str = "exact binomial power at the effective number of answers"
    assumptions: str = "listeners and items samples of many; each listener hears different items"


@dataclass(frozen=True)
class Settings:
    """What a plan is made for."""

    rate: float = 0.6
    each: int = 5
    margin: float | None = None
    alpha: float = ALPHA
    target: float = 0.8
    sd_listener: float = 0.6
    sd_item: float = 0.5
    design_effect: float | None = None

    def shares(self, rate: float) -> tuple[float, float]:
        """The shares of an answer's variance between listeners and between items."""
        answer = rate * (1 - rate)
        return (
            variance_between(rate, self.sd_listener, self.sd_item) / answer,
            variance_between(rate, self.sd_item, self.sd_listener) / answer,
        )

    def effective(self, listeners: int, items: int, rate: float) -> float:
        """The number of independent answers that would be as good."""
        n = listeners * self.each
        if self.design_effect is not None:
            return n / self.design_effect
        of_listeners, of_items = self.shares(rate)
        rest = (1 - of_listeners - of_items) / n
        return 1 / (rest + of_listeners / listeners + of_items / items)

    def point(self, listeners: int, items: int) -> Point:
        found = self.effective(listeners, items, self.rate)
        size = np.array([max(1, round(found))])
        half = normal_quantile(1 - self.alpha) * (self.rate * (1 - self.rate) / found) ** 0.5
        above = max(self.rate, 1 - self.rate)
        difference = float(power_of_difference(size, above, alpha=self.alpha / 2)[0])
        equivalent = None
        if self.margin is not None:
            guessing = np.array([max(1, round(self.effective(listeners, items, CHANCE)))])
            equivalent = float(power_of_equivalence(guessing, self.margin, alpha=self.alpha)[0])
        answers = listeners * self.each
        return Point(
            listeners, items, answers, answers / found, int(size[0]), half, difference, equivalent
        )


def make_plan(listeners: int, items: int, settings: Settings) -> Plan:
    """What a study of this size could show, and whether listeners or items are short.

    Parameters
    ----------
    listeners, items : int
    settings : Settings
        The test of a difference is two-sided at `alpha`, as in the verdict.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If a number cannot be.

    References
    ----------
    L. Kish (1965), "Survey Sampling", for the design effect; P. B. Westfall, D. A. Kenny, C. M.
    Judd (2014), "Statistical power and optimal design in experiments in which samples of
    participants respond to samples of stimuli", Journal of Experimental Psychology: General 143,
    2020-2045, for what a limit on items does.

    Examples
    --------
    >>> plan = make_plan(200, 40, Settings(rate=0.6, margin=0.075))
    >>> round(plan.asked.design_effect, 2), plan.asked.effective
    (2.4, 416)
    """
    _check(listeners, items, settings)
    asked = settings.point(listeners, items)
    around = [settings.point(max(1, round(listeners * step)), items) for step in _STEPS]
    around += [settings.point(listeners, items * 2), settings.point(listeners, items * 4)]
    above = max(settings.rate, 1 - settings.rate)
    # At one half exactly there is no difference to show.
    difference = (
        answers_for_difference(above, target=settings.target, alpha=settings.alpha / 2).stable
        if above - CHANCE >= 0.005
        else None
    )
    equivalent = None
    if settings.margin is not None:
        equivalent = answers_for_equivalence(
            settings.margin, target=settings.target, alpha=settings.alpha
        ).stable
    return Plan(
        asked, tuple(dict.fromkeys(around)), settings.rate, settings.each, settings.margin,
        settings.alpha, settings.target, settings.sd_listener, settings.sd_item,
        difference, equivalent, _advice(listeners, items, settings, difference),
    )  # fmt: skip


def _advice(listeners: int, items: int, settings: Settings, needed: int | None) -> str:
    if settings.design_effect is not None:
        return "A design effect alone does not say whether listeners or items are short."
    more_listeners = settings.point(2 * listeners, items).half_width
    more_items = settings.point(listeners, 2 * items).half_width
    word = "More listeners" if more_listeners < more_items else "More items"
    if abs(more_listeners / more_items - 1) < 0.02:
        word = "More of either"
    advice = (
        f"{word}: twice the listeners would make the interval +-{100 * more_listeners:.1f}"
        f" points, twice the items +-{100 * more_items:.1f}."
    )
    most = settings.effective(10**9, items, settings.rate)
    if needed is not None and most < needed:
        least = int(np.ceil(needed * settings.shares(settings.rate)[1]))
        advice += (
            f" No number of listeners suffices with {items:,} items: they are worth at most"
            f" {int(most):,} independent answers; more than {least:,} items are needed."
        )
    return advice


def _check(listeners: int, items: int, settings: Settings) -> None:
    check_alpha(settings.alpha)
    if settings.margin is not None:
        check_margin(settings.margin)
    for name, count in (("listeners", listeners), ("items", items), ("answers", settings.each)):
        if not 1 <= count <= 10_000_000:
            raise ValueError(f"{count} {name}; use a number from 1 to ten million")
    if not 0 < settings.rate < 1:
        raise ValueError(f"rate {settings.rate!r}; use a number between 0 and 1, such as 0.6")
    if settings.design_effect is not None and not settings.design_effect >= 1:
        raise ValueError(f"design effect {settings.design_effect!r}; use a number from 1 up")
    for sd in (settings.sd_listener, settings.sd_item):
        if not 0 <= sd <= 10:
            raise ValueError(f"standard deviation {sd!r}; use a number from 0 to 10")
    if not 0 < settings.target < 1:
        raise ValueError(f"power {settings.target!r}; use a number between 0 and 1, such as 0.8")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m bachtest.stats power``."""
    given = Settings()
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--each", type=int, default=given.each, help="answers of each listener")
    parser.add_argument("--rate", type=float, default=given.rate, help="the true rate, as guessed")
    parser.add_argument("--margin", type=float, help="of equivalence")
    parser.add_argument("--alpha", type=float, default=given.alpha)
    parser.add_argument("--power", type=float, default=given.target, help="the power wanted")
    parser.add_argument("--sd-listener", type=float, default=given.sd_listener, help="logits")
    parser.add_argument("--sd-item", type=float, default=given.sd_item, help="logits")
    parser.add_argument("--design-effect", type=float, help="instead of the standard deviations")
    parser.add_argument("--json", action="store_true", help="print JSON")


def plan_from(options: argparse.Namespace) -> Plan:
    """The plan for the options given."""
    settings = replace(
        Settings(),
        rate=options.rate, each=options.each, margin=options.margin, alpha=options.alpha,
        target=options.power, sd_listener=options.sd_listener, sd_item=options.sd_item,
        design_effect=options.design_effect,
    )  # fmt: skip
    return make_plan(options.listeners, options.items, settings)
