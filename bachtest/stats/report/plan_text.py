"""A plan as text for a terminal."""

from __future__ import annotations

from bachtest.stats.planning.plan import Plan, PlannedStudy
from bachtest.stats.rates.result import counted
from bachtest.stats.report.counts_text import grid

_BAR = 30


def plan_text(plan: Plan) -> str:
    """A plan as a table, a bar chart of the power by listeners, and advice."""
    head = (
        "listeners", "items", "answers", "design effect", "effective", "interval +-",
        "power: differs", "power: equivalent",
    )  # fmt: skip
    points = sorted({*plan.alternatives, plan.study}, key=lambda p: (p.items, p.listeners))
    rows = [head, *(_row(point, point == plan.study) for point in points)]
    lines = [
        f"True rate {plan.rate:.1%}, {counted(plan.answers_per_listener, 'answer')} each, alpha"
        f" {plan.alpha:g}, {_spread(plan)}",
        grid(rows),
        "",
        "Power to show a difference, by number of listeners (| marks the target)",
        *(_bar(point, plan.target) for point in points if point.items == plan.study.items),
        "",
    ]
    if plan.needed_difference is not None:
        lines.append(f"A difference needs {plan.needed_difference:,} independent answers.")
    if plan.needed_equivalence is not None:
        lines.append(
            f"Equivalence within {100 * (plan.margin or 0):g} points, if listeners really guess,"
            f" needs {plan.needed_equivalence:,} independent answers."
        )
    return "\n".join([*lines, plan.advice])


def _spread(plan: Plan) -> str:
    if plan.design_effect is not None:
        return f"design effect {plan.design_effect:g}"
    return (
        f"logit standard deviations {plan.sd_listener:g} (listeners) and {plan.sd_item:g} (items)"
    )


def _row(point: PlannedStudy, planned: bool) -> tuple[str, ...]:
    return (
        f"{point.listeners:,}" + (" *" if planned else ""),
        f"{point.items:,}",
        f"{point.answers:,}",
        f"{point.design_effect:.2f}",
        f"{point.effective:,}",
        f"{100 * point.half_width:.1f}",
        f"{point.difference:.3f}",
        "-" if point.equivalence is None else f"{point.equivalence:.3f}",
    )


def _bar(point: PlannedStudy, target: float) -> str:
    cells = ["#"] * round(_BAR * point.difference)
    cells += [" "] * (_BAR + 1 - len(cells))
    cells[round(_BAR * target)] = "|"
    return f"{point.listeners:>9,}  {''.join(cells)}  {point.difference:.0%}"
