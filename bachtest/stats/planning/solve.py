"""The least number of listeners, of items or of answers with the power that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from bachtest.stats.planning.plan_settings import HEAR_ONE, MOST, PlanSettings, most_answers
from bachtest.stats.planning.power import answers_for_difference, answers_for_equivalence
from bachtest.stats.planning.study_power import (
    CONTRAST,
    DIFFERENCE,
    EQUIVALENCE,
    aims_of,
    planned_study,
)
from bachtest.stats.rates.result import counted

LISTENERS, ITEMS, ANSWERS = "listeners", "items", "answers"
SOLVABLE = (LISTENERS, ITEMS, ANSWERS)
_TO_SHOW = {DIFFERENCE: "a difference", EQUIVALENCE: "equivalence", CONTRAST: "the contrast"}


@dataclass(frozen=True)
class LeastNumber:
    """The least number `of` listeners, items or answers each for one aim, the others as planned.

    `number` is None where no number is enough; `power` is then the most that any gives.
    """

    aim: str
    of: str
    number: int | None
    power: float
    sentence: str


def least_numbers(
    of: str, listeners: int, items: int, settings: PlanSettings
) -> tuple[LeastNumber, ...]:
    """The least number for each aim of a plan.

    Parameters
    ----------
    of : str
        listeners, items or answers (of each listener).
    listeners, items : int
        That of `of` is not used.
    settings : PlanSettings

    Returns
    -------
    tuple of LeastNumber

    Raises
    ------
    ValueError
        If there is no such number to look for, or nothing that a study of any size could show.

    Examples
    --------
    >>> [least] = least_numbers("listeners", 200, 40, PlanSettings(rate=0.6))
    >>> print(least.sentence)
    To show a difference with power 80%: 68 listeners (80.0%).
    """
    if of not in SOLVABLE:
        raise ValueError(f"solve {of!r}; use listeners, items or answers")
    aims = aims_of(settings)
    if settings.contrast is not None and CONTRAST not in aims:
        raise ValueError(
            f"contrast of {settings.contrast[0]:g} and {settings.contrast[1]:g}: equal rates, so"
            f" no number of {of} shows a difference"
        )
    if not aims:
        raise ValueError(
            f"rate {settings.rate:g}: there is no difference to show; add a margin to plan for"
            " equivalence"
        )
    if settings.design_effect is not None:
        return tuple(_with_design_effect(aim, of, listeners, settings) for aim in aims)
    return tuple(least_number(aim, of, listeners, items, settings) for aim in aims)


def least_number(
    aim: str, of: str, listeners: int, items: int, settings: PlanSettings
) -> LeastNumber:
    """The least number for one aim, as `least_numbers`; without a design effect."""
    lowest, highest = _range(of, items, settings)
    found = _search(aim, of, (lowest, highest), (listeners, items), settings)
    wanted = f"show {_TO_SHOW[aim]} with power {settings.target:.0%}"
    if found is not None:
        power = _power(aim, of, found, (listeners, items), settings)
        return LeastNumber(
            aim, of, found, power, f"To {wanted}: {_named(of, found)} ({power:.1%})."
        )  # fmt: skip
    power = _power(aim, of, highest, (listeners, items), settings)
    if of == LISTENERS:
        sentence = (
            f"With {counted(items, 'item')} no number of listeners is enough to {wanted}: the power"
            f" is {power:.1%} at most, since more listeners do not shrink the differences between"
            f" items. {_way_out(aim, ITEMS, (MOST, items), settings)}"
        )
    elif of == ITEMS:
        sentence = (
            f"With {counted(listeners, 'listener')} and {counted(settings.each, 'answer')} each no"
            f" number of items is enough to {wanted}: the power is {power:.1%} at most."
            f" {_way_out(aim, LISTENERS, (listeners, MOST), settings)}"
        )
    else:
        sentence = (
            f"No number of answers is enough to {wanted}: a listener hears an item once, and with"
            f" {counted(highest, 'answer')} each the power is {power:.1%}. Add listeners or items."
        )
    return LeastNumber(aim, of, None, power, sentence.rstrip())


def _power(aim: str, of: str, number: int, sizes: tuple[int, int], settings: PlanSettings) -> float:
    listeners, items = sizes
    if of == LISTENERS:
        study = planned_study(number, items, settings)
    elif of == ITEMS:
        study = planned_study(listeners, number, settings)
    else:
        study = planned_study(listeners, items, replace(settings, each=number))
    return study.power(aim) or 0.0


def _range(of: str, items: int, settings: PlanSettings) -> tuple[int, int]:
    if of == ANSWERS:
        return 1, most_answers(items, settings)
    if of == LISTENERS:
        return settings.cells, MOST
    # A listener hears an item once.
    each = settings.each
    if settings.contrast is None:
        return each, MOST
    return (2 * each if settings.hear == HEAR_ONE else max(2, each + each % 2)), MOST


def _search(
    aim: str, of: str, ends: tuple[int, int], sizes: tuple[int, int], settings: PlanSettings
) -> int | None:
    def enough(number: int) -> bool:
        return _power(aim, of, number, sizes, settings) >= settings.target

    # Power never falls as a study grows.
    low, high = ends
    if not enough(high):
        return None
    if enough(low):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _way_out(aim: str, of: str, sizes: tuple[int, int], settings: PlanSettings) -> str:
    found = _search(aim, of, _range(of, sizes[1], settings), sizes, settings)
    return "" if found is None else f"You need at least {_named(of, found)}."


def _named(of: str, number: int) -> str:
    if of == ANSWERS:
        return f"{counted(number, 'answer')} each"
    return counted(number, of.removesuffix("s"))


def _with_design_effect(aim: str, of: str, listeners: int, settings: PlanSettings) -> LeastNumber:
    effect = settings.design_effect
    assert effect is not None
    if of == ITEMS:
        raise ValueError(
            "solve items and a design effect; a design effect holds for one number of items, so use"
            " the standard deviations instead"
        )
    needed = ceil(needed_answers(aim, settings) * effect - 1e-9)
    fixed = settings.each if of == LISTENERS else listeners
    number = -(-needed // fixed)
    return LeastNumber(
        aim, of, number, settings.target,
        f"To show {_TO_SHOW[aim]} with power {settings.target:.0%}: {_named(of, number)}.",
    )  # fmt: skip


def needed_answers(aim: str, settings: PlanSettings) -> int:
    """Independent answers for a difference or for equivalence, by the exact tests.

    Raises
    ------
    ValueError
        If a million answers are not enough.

    Examples
    --------
    >>> needed_answers("difference", PlanSettings(rate=0.41))
    257
    """
    if aim == EQUIVALENCE:
        assert settings.margin is not None
        return answers_for_equivalence(
            settings.margin, target=settings.target, alpha=settings.alpha
        ).stable
    above = max(settings.rate, 1 - settings.rate)
    return answers_for_difference(above, target=settings.target, alpha=settings.alpha / 2).stable
