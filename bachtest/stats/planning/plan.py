"""Planning a study: how many listeners, how many items, and which of the two is the bottleneck.

Conventions
-----------
Listeners and items differ on the logit scale by the standard deviations `sd_listener` and
`sd_item`. The variance of a rate over listeners and items is
``p (1 - p) [(1 - r_l - r_i) / n + r_l / L + r_i / M]``, with `r` the shares of one answer's
variance that lie between listeners and between items. Power is exact binomial at the number of
independent answers with the same variance.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

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
from bachtest.stats.rates.result import Result, counted

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class PlannedStudy:
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
    """The study asked for, other sizes for comparison, and advice.

    `needed_...` are numbers of independent answers, None where the rate or the margin makes no
    number enough. `design_effect` is None where it follows from the standard deviations.
    """

    study: PlannedStudy
    alternatives: tuple[PlannedStudy, ...]
    rate: float
    answers_per_listener: int
    margin: float | None
    alpha: float
    target: float
    sd_listener: float
    sd_item: float
    design_effect: float | None
    needed_difference: int | None
    needed_equivalence: int | None
    advice: str
    method: str = "exact binomial power at the effective number of answers"
    assumptions: str = "listeners and items random samples; each listener hears different items"

    def to_json(self) -> dict[str, Any]:
        names = {"study": "asked", "alternatives": "beside", "answers_per_listener": "each"}
        values = super().to_json()
        del values["design_effect"]  # each study has its own
        return {names.get(name, name): value for name, value in values.items()}


@dataclass(frozen=True)
class PlanSettings:
    """The assumptions and aims of a plan.

    `each` is the number of answers of each listener, `target` the power wanted. `design_effect`
    replaces the standard deviations.
    """

    rate: float = 0.6
    each: int = 5
    margin: float | None = None
    alpha: float = ALPHA
    target: float = 0.8
    sd_listener: float = 0.6
    sd_item: float = 0.5
    design_effect: float | None = None

    def shares(self, rate: float) -> tuple[float, float]:
        """The shares of one answer's variance between listeners and between items."""
        answer = rate * (1 - rate)
        return (
            variance_between(rate, self.sd_listener, self.sd_item) / answer,
            variance_between(rate, self.sd_item, self.sd_listener) / answer,
        )

    def effective(self, listeners: int, items: int, rate: float) -> float:
        """The number of independent answers with the same variance."""
        n = listeners * self.each
        if self.design_effect is not None:
            return n / self.design_effect
        of_listeners, of_items = self.shares(rate)
        rest = (1 - of_listeners - of_items) / n
        return 1 / (rest + of_listeners / listeners + of_items / items)

    def study(self, listeners: int, items: int) -> PlannedStudy:
        """What a study of this size could show."""
        effective = self.effective(listeners, items, self.rate)
        n = np.array([max(1, round(effective))])
        half = normal_quantile(1 - self.alpha) * (self.rate * (1 - self.rate) / effective) ** 0.5
        above = max(self.rate, 1 - self.rate)
        difference = float(power_of_difference(n, above, alpha=self.alpha / 2)[0])
        equivalence = None
        if self.margin is not None:
            guessing = np.array([max(1, round(self.effective(listeners, items, CHANCE)))])
            equivalence = float(power_of_equivalence(guessing, self.margin, alpha=self.alpha)[0])
        answers = listeners * self.each
        return PlannedStudy(
            listeners, items, answers, answers / effective, int(n[0]), half, difference, equivalence
        )


def make_plan(listeners: int, items: int, settings: PlanSettings) -> Plan:
    """What a study of this size could show, and whether it is short of listeners or of items.

    Parameters
    ----------
    listeners, items : int
    settings : PlanSettings
        The test of a difference is two-sided at `alpha`, as in the verdict.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    L. Kish (1965), "Survey Sampling", for the design effect; P. B. Westfall, D. A. Kenny, C. M.
    Judd (2014), "Statistical power and optimal design in experiments in which samples of
    participants respond to samples of stimuli", Journal of Experimental Psychology: General 143,
    2020-2045, for how the number of items limits power.

    Examples
    --------
    >>> plan = make_plan(200, 40, PlanSettings(rate=0.6, margin=0.075))
    >>> round(plan.study.design_effect, 2), plan.study.effective
    (2.4, 416)
    """
    _check(listeners, items, settings)
    alternatives = [settings.study(max(1, round(listeners * step)), items) for step in _STEPS]
    if settings.design_effect is None:  # a design effect holds for one number of items
        alternatives += [settings.study(listeners, items * more) for more in (2, 4)]
    above = max(settings.rate, 1 - settings.rate)
    # At a rate of one half there is no difference to show.
    difference = (
        answers_for_difference(above, target=settings.target, alpha=settings.alpha / 2).stable
        if above - CHANCE >= 0.005
        else None
    )
    equivalence = None
    if settings.margin is not None:
        equivalence = answers_for_equivalence(
            settings.margin, target=settings.target, alpha=settings.alpha
        ).stable
    return Plan(
        settings.study(listeners, items), tuple(dict.fromkeys(alternatives)), settings.rate,
        settings.each, settings.margin, settings.alpha, settings.target, settings.sd_listener,
        settings.sd_item, settings.design_effect, difference, equivalence,
        _advice(listeners, items, settings, difference),
    )  # fmt: skip


def _advice(listeners: int, items: int, settings: PlanSettings, needed: int | None) -> str:
    if settings.design_effect is not None:
        return "A design effect alone does not say whether to add listeners or items."
    more_listeners = settings.study(2 * listeners, items).half_width
    more_items = settings.study(listeners, 2 * items).half_width
    advice = "Add listeners" if more_listeners < more_items else "Add items"
    if abs(more_listeners / more_items - 1) < 0.02:
        advice = "Add listeners or items"
    advice += (
        f": with twice the listeners the interval would be +-{100 * more_listeners:.1f} points,"
        f" with twice the items +-{100 * more_items:.1f}."
    )
    most = settings.effective(10**9, items, settings.rate)
    if needed is not None and most < needed:
        least = int(np.ceil(needed * settings.shares(settings.rate)[1]))
        advice += (
            f" With {counted(items, 'item')} no number of listeners is enough: that is worth at"
            f" most {counted(int(most), 'independent answer')}. You need more than"
            f" {counted(least, 'item')}."
        )
    return advice


def _check(listeners: int, items: int, settings: PlanSettings) -> None:
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
    default = PlanSettings()
    sd_help = "standard deviation between %s, in logits (default %%(default)s)"
    for name, kind, value, words in (
        ("--listeners", int, 200, "number of listeners (default %(default)s)"),
        ("--items", int, 40, "number of items (default %(default)s)"),
        ("--each", int, default.each, "answers from each listener (default %(default)s)"),
        ("--rate", float, default.rate, "expected rate of right answers (default %(default)s)"),
        ("--margin", float, None, "equivalence margin: .05 means 45%% to 55%%"),
        ("--alpha", float, default.alpha, "size of the tests (default %(default)s)"),
        ("--power", float, default.target, "target power (default %(default)s)"),
        ("--sd-listener", float, default.sd_listener, sd_help % "listeners"),
        ("--sd-item", float, default.sd_item, sd_help % "items"),
        ("--design-effect", float, None, "use this instead of the standard deviations"),
    ):
        parser.add_argument(name, type=kind, default=value, help=words)
    parser.add_argument("--json", action="store_true", help="print JSON")


def plan_from(options: argparse.Namespace) -> Plan:
    """The plan for the options given."""
    settings = PlanSettings(
        rate=options.rate, each=options.each, margin=options.margin, alpha=options.alpha,
        target=options.power, sd_listener=options.sd_listener, sd_item=options.sd_item,
        design_effect=options.design_effect,
    )  # fmt: skip
    return make_plan(options.listeners, options.items, settings)
