"""A plan as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bachtest.stats.planning.plan import Plan
from bachtest.stats.planning.study_power import CONTRAST, DIFFERENCE, PlannedStudy
from bachtest.stats.rates.result import counted, sentence
from bachtest.stats.report.counts_text import grid

_BAR = 30


def plan_text(plan: Plan) -> str:
    """A plan as a table, a bar chart of the power by listeners, and advice."""
    points = sorted({*plan.alternatives, plan.study}, key=lambda p: (p.items, p.listeners))
    lines = [
        f"{_rates(plan)}, {counted(plan.answers_per_listener, 'answer')} each, alpha"
        f" {plan.alpha:g}, {_spread(plan)}",
        grid([_head(plan), *(_row(plan, point) for point in points)]),
        "",
        *_bars(plan, [point for point in points if point.items == plan.study.items]),
        "",
        *_simulated(plan),
        *(least.sentence for least in plan.solved),
        *_independent(plan),
        plan.advice,
        f"{sentence(f'power by {plan.method}')} {sentence(plan.assumptions)}",
    ]
    return "\n".join(lines)


def _rates(plan: Plan) -> str:
    if plan.contrast is None:
        return f"True rate {plan.rate:.1%}"
    return f"True rates {plan.contrast[0]:.1%} and {plan.contrast[1]:.1%}"


def _spread(plan: Plan) -> str:
    if plan.design_effect is not None:
        return f"design effect {plan.design_effect:g}"
    return (
        f"logit standard deviations {plan.sd_listener:g} (listeners) and {plan.sd_item:g} (items)"
    )


def _independent(plan: Plan) -> list[str]:
    lines = []
    if plan.needed_difference is not None:
        lines.append(f"A difference needs {plan.needed_difference:,} independent answers.")
    if plan.needed_equivalence is not None:
        lines.append(
            f"Equivalence within {100 * (plan.margin or 0):g} points, if listeners really guess,"
            f" needs {plan.needed_equivalence:,} independent answers."
        )
    return lines


def _simulated(plan: Plan) -> list[str]:
    if not plan.simulated:
        return []
    count = plan.simulated[0].studies
    lines = [
        f"{count:,} simulated {'study' if count == 1 else 'studies'} (seed {plan.seed}), each with"
        " the mixed model fitted to it:"
    ]
    lines += [
        f"  {one.aim}: found in {one.found:.1%} (Monte Carlo error {one.error:.1%}), planned"
        f" {one.planned:.1%}"
        for one in plan.simulated
    ]
    return [*lines, ""]


def _head(plan: Plan) -> tuple[str, ...]:
    # A design effect says nothing of degrees of freedom.
    df = () if plan.design_effect is not None else ("df",)
    contrast = () if plan.contrast is None else ("power: contrast",)
    return (
        "listeners", "items", "answers", "design effect", "effective", *df, "interval +-",
        "power: differs", "power: equivalent", *contrast,
    )  # fmt: skip


def _row(plan: Plan, point: PlannedStudy) -> tuple[str, ...]:
    df = () if plan.design_effect is not None else ("-" if point.df is None else f"{point.df:,g}",)
    return (
        f"{point.listeners:,}" + (" *" if point == plan.study else ""),
        f"{point.items:,}",
        f"{point.answers:,}",
        f"{point.design_effect:.2f}",
        f"{point.effective:,}",
        *df,
        "none" if point.half_width is None else f"{100 * point.half_width:.1f}",
        _power(point.difference),
        _power(point.equivalence),
        *(() if plan.contrast is None else (_power(point.contrast),)),
    )


def _power(power: float | None) -> str:
    return "-" if power is None else f"{power:.3f}"


def _bars(plan: Plan, points: Sequence[PlannedStudy]) -> list[str]:
    aim, words = DIFFERENCE, "a difference"
    if plan.contrast is not None:
        aim, words = CONTRAST, "the contrast"
    powers = [(point, point.power(aim)) for point in points]
    bars = [_bar(point, power, plan.target) for point, power in powers if power is not None]
    if not bars:
        return ["There is no difference to show."]
    return [f"Power to show {words}, by number of listeners (| marks the target)", *bars]


def _bar(point: PlannedStudy, power: float, target: float) -> str:
    cells = ["#"] * round(_BAR * power)
    cells += [" "] * (_BAR + 1 - len(cells))
    cells[round(_BAR * target)] = "|"
    return f"{point.listeners:>9,}  {''.join(cells)}  {power:.0%}"
