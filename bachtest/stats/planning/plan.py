"""Planning a study: how many listeners, how many items, and which of the two is the bottleneck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bachtest.stats.planning.plan_settings import HEAR_BOTH, PlanSettings, check_plan
from bachtest.stats.planning.solve import (
    LISTENERS,
    LeastNumber,
    least_number,
    least_numbers,
    needed_answers,
)
from bachtest.stats.planning.study_power import (
    CONTRAST,
    DIFFERENCE,
    EQUIVALENCE,
    PlannedStudy,
    aims_of,
    planned_study,
)
from bachtest.stats.rates.result import Result

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)
_BY_MODEL = (
    "the mixed model's tests: Student's t with its degrees of freedom where listeners or items are"
    " few, normal elsewhere"
)
_BY_EFFECT = "exact binomial tests at the effective number of answers"
_SAMPLED = "listeners and items random samples; each listener hears different items"


@dataclass(frozen=True)
class SimulatedPower(Result):
    """The share of simulated studies in which the very model showed an aim, beside the plan's.

    `error` is the Monte Carlo standard error of `found`.
    """

    aim: str
    planned: float
    found: float
    error: float
    studies: int


@dataclass(frozen=True)
class Plan(Result):
    """The study asked for, other sizes for comparison, and advice.

    `needed_...` are numbers of independent answers, None where the rate or the margin makes no
    number enough. `design_effect` is None where it follows from the standard deviations. `solved`
    has the least numbers, where they were asked for, and `simulated` what simulated studies found.
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
    contrast: tuple[float, float] | None = None
    hear: str | None = None
    solved: tuple[LeastNumber, ...] = ()
    simulated: tuple[SimulatedPower, ...] = ()
    seed: int | None = None
    method: str = _BY_MODEL
    assumptions: str = _SAMPLED

    def to_json(self) -> dict[str, Any]:
        names = {"study": "asked", "alternatives": "beside", "answers_per_listener": "each"}
        values = super().to_json()
        del values["design_effect"]  # each study has its own
        return {names.get(name, name): value for name, value in values.items()}


def make_plan(listeners: int, items: int, settings: PlanSettings, *, solve: str = "") -> Plan:
    """What a study of this size could show, and whether it is short of listeners or of items.

    Parameters
    ----------
    listeners, items : int
    settings : PlanSettings
        The test of a difference is two-sided at `alpha`, as in the verdict.
    solve : str
        listeners, items or answers: look for the least number with the power wanted.

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
    check_plan(listeners, items, settings)
    sizes = [(max(settings.cells, round(listeners * step)), items) for step in _STEPS]
    if settings.design_effect is None:  # a design effect holds for one number of items
        sizes += [(listeners, items * more) for more in (2, 4)]
    aims = aims_of(settings)
    by_effect = settings.design_effect is not None
    return Plan(
        planned_study(listeners, items, settings),
        tuple(planned_study(*size, settings) for size in dict.fromkeys(sizes)),
        settings.rate, settings.each, settings.margin, settings.alpha, settings.target,
        settings.sd_listener, settings.sd_item, settings.design_effect,
        needed_answers(DIFFERENCE, settings) if DIFFERENCE in aims else None,
        needed_answers(EQUIVALENCE, settings) if EQUIVALENCE in aims else None,
        _advice(listeners, items, settings, solve),
        settings.contrast, None if settings.contrast is None else settings.hear,
        least_numbers(solve, listeners, items, settings) if solve else (),
        method=_BY_EFFECT if by_effect else _BY_MODEL,
        assumptions=_assumptions(settings),
    )  # fmt: skip


def _assumptions(settings: PlanSettings) -> str:
    if settings.contrast is None:
        return _SAMPLED
    hears = "each listener hears one of them"
    if settings.hear == HEAR_BOTH:
        hears = "each listener hears both as often, and differs by the same amount in both"
    return f"{_SAMPLED}; half of the items are in each condition; {hears}"


def _advice(listeners: int, items: int, settings: PlanSettings, solve: str) -> str:
    if settings.design_effect is not None:
        return "A design effect alone does not say whether to add listeners or items."
    more_listeners = planned_study(2 * listeners, items, settings)
    more_items = planned_study(listeners, 2 * items, settings)
    if CONTRAST in aims_of(settings):
        by_listeners, by_items = (study.contrast or 0.0 for study in (more_listeners, more_items))
        near, best = by_listeners - by_items, by_listeners > by_items
        figures = (
            f": with twice the listeners the power for the contrast would be {by_listeners:.0%},"
            f" with twice the items {by_items:.0%}."
        )
    else:
        wide, narrow = (study.half_width or 1.0 for study in (more_listeners, more_items))
        near, best = wide / narrow - 1, wide < narrow
        figures = (
            f": with twice the listeners the interval would be {_interval(more_listeners)}, with"
            f" twice the items {_interval(more_items)}."
        )
    advice = "Add listeners" if best else "Add items"
    if abs(near) < 0.02:
        advice = "Add listeners or items"
    hopeless = [] if solve else _hopeless(listeners, items, settings)
    return " ".join([advice + figures, *hopeless])


def _interval(study: PlannedStudy) -> str:
    return (
        "the whole scale" if study.half_width is None else f"+-{100 * study.half_width:.1f} points"
    )


def _hopeless(listeners: int, items: int, settings: PlanSettings) -> list[str]:
    # Where items are too few for any number of listeners.
    aim = CONTRAST if settings.contrast is not None else DIFFERENCE
    if aim not in aims_of(settings):
        return []
    least = least_number(aim, LISTENERS, listeners, items, settings)
    return [least.sentence] if least.number is None else []
