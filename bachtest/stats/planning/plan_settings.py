"""What a plan assumes and aims at, and the variances that follow.

Conventions
-----------
Listeners and items differ on the logit scale by the standard deviations `sd_listener` and
`sd_item`. The variance of a rate over listeners and items is
``p (1 - p) [(1 - r_l - r_i) / n + r_l / L + r_i / M]``, with `r` the shares of one answer's
variance that lie between listeners and between items. A contrast is between two conditions or
composers: the items are split evenly between them, and so are all answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from bachtest.stats.mixed.logit_normal import variance_between
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin

HEAR_BOTH, HEAR_ONE = "both", "one"
MOST = 10_000_000


@dataclass(frozen=True)
class PlanSettings:
    """The assumptions and aims of a plan.

    `each` is the number of answers of each listener, `target` the power wanted. `design_effect`
    replaces the standard deviations. `contrast` are the rates of two conditions; `rate` is then
    their mean. `hear` says whether a listener hears both of them, as often, or one.
    """

    rate: float = 0.6
    each: int = 5
    margin: float | None = None
    alpha: float = ALPHA
    target: float = 0.8
    sd_listener: float = 0.6
    sd_item: float = 0.5
    design_effect: float | None = None
    contrast: tuple[float, float] | None = None
    hear: str = HEAR_BOTH

    def __post_init__(self) -> None:
        if self.contrast is not None:
            object.__setattr__(self, "rate", sum(self.contrast) / 2)

    @property
    def cells(self) -> int:
        return 1 if self.contrast is None else 2

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

    def logit_variance(self, listeners: int, items: int, rate: float) -> float:
        """The variance of the logit of a marginal rate, by the delta method."""
        return 1 / (self.effective(listeners, items, rate) * rate * (1 - rate))

    def contrast_variance(self, listeners: int, items: int) -> float:
        """The variance of the difference between the logits of two conditions' rates.

        Where listeners hear both, the differences between them cancel.
        """
        assert self.contrast is not None
        n, variance = listeners * self.each / 2, 0.0
        for rate, of_cell in zip(self.contrast, (items - items // 2, items // 2), strict=True):
            of_listeners, of_items = self.shares(rate)
            share = (1 - of_listeners - of_items) / n + of_items / of_cell
            if self.hear == HEAR_ONE:
                share += of_listeners / (listeners / 2)
            variance += share / (rate * (1 - rate))
        return variance


def check_plan(listeners: int, items: int, settings: PlanSettings) -> None:
    """Refuse numbers out of their range.

    Raises
    ------
    ValueError
        With the number, and what to use.

    Examples
    --------
    >>> check_plan(200, 40, PlanSettings())
    """
    check_alpha(settings.alpha)
    if settings.margin is not None:
        check_margin(settings.margin)
    for name, count in (("listeners", listeners), ("items", items), ("answers", settings.each)):
        if not 1 <= count <= MOST:
            raise ValueError(f"{count} {name}; use a number from 1 to ten million")
    for rate in (settings.rate, *(settings.contrast or ())):
        if not 0 < rate < 1:
            raise ValueError(f"rate {rate!r}; use a number between 0 and 1, such as 0.6")
    if settings.design_effect is not None and not 1 <= settings.design_effect <= MOST:
        raise ValueError(f"design effect {settings.design_effect!r}; use a number from 1 up")
    for sd in (settings.sd_listener, settings.sd_item):
        if not 0 <= sd <= 10:
            raise ValueError(f"standard deviation {sd!r}; use a number from 0 to 10")
    if not 0 < settings.target < 1:
        raise ValueError(f"power {settings.target!r}; use a number between 0 and 1, such as 0.8")
    _check_heard(listeners, items, settings)


def _check_heard(listeners: int, items: int, settings: PlanSettings) -> None:
    if settings.each > most_answers(items, settings):
        raise ValueError(
            f"{settings.each} answers each with {items} items; a listener hears an item once, so"
            f" use {most_answers(items, settings)} at most, or more items"
        )
    if settings.contrast is None:
        return
    if settings.hear not in (HEAR_BOTH, HEAR_ONE):
        raise ValueError(f"hear {settings.hear!r}; use {HEAR_BOTH} or {HEAR_ONE}")
    if settings.design_effect is not None:
        raise ValueError(
            "a contrast and a design effect; a contrast needs the standard deviations, so leave the"
            " design effect out"
        )
    if min(listeners, items) < 2:
        raise ValueError("a contrast of two conditions; use 2 listeners and 2 items or more")


def most_answers(items: int, settings: PlanSettings) -> int:
    """How many answers a listener can give, who hears each item once."""
    if settings.design_effect is not None:  # it holds for any way to ask
        return MOST
    if settings.contrast is None:
        return items
    smaller = items // 2
    return smaller if settings.hear == HEAR_ONE else 2 * smaller
