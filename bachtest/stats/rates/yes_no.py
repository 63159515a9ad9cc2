"""Single clips, "is it Bach?": sensitivity and criterion, which need answers about Bach's clips.

Conventions
-----------
A *hit* is a clip of Bach's called Bach, a *false alarm* a clip of the machine's called Bach.
``d' = z(H) - z(F)``; the criterion ``-(z(H) + z(F)) / 2`` is above 0 for listeners who are quicker
to say "machine".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from bachtest.stats.rates.proportions import (
    CHANCE,
    LEVEL,
    POOLED,
    Proportion,
    binomial_test,
    check_counts,
    clopper_pearson,
    normal_quantile,
    wilson,
)
from bachtest.stats.rates.result import Result, p_text

_NORMAL = NormalDist()


@dataclass(frozen=True)
class YesNo(Result):
    """d' and criterion of the yes/no task."""

    hits: Proportion
    false_alarms: Proportion
    n: int
    estimate: float
    low: float
    high: float
    se: float
    criterion: float
    criterion_se: float
    corrected: bool
    level: float
    method: str = "yes/no: z(H) - z(F), Wald interval"
    assumptions: str = f"{POOLED}; Bach's and the machine's clips vary equally"

    def __str__(self) -> str:
        note = "; half an answer added to each cell because one was empty"
        return (
            f"d' {self.estimate:z.2f} ({self.low:z.2f} to {self.high:z.2f}), criterion"
            f" {self.criterion:z.2f}{note if self.corrected else ''}"
        )


@dataclass(frozen=True)
class FakesOnly(Result):
    """How often machine-made clips were called so; `sentence` says what that cannot show.

    `low` and `high` are Wilson's interval; `exact` has the one that goes with the exact test.
    """

    called_machine: Proportion
    exact: Proportion
    estimate: float | None
    low: float
    high: float
    n: int
    p: float
    level: float
    method: str = "share of fakes called machine-made; exact binomial test of one half"
    assumptions: str = POOLED

    @property
    def sentence(self) -> str:
        if self.estimate is None:
            return "There are no answers yet."
        share = f"{self.called_machine.correct:,} of {self.n:,} answers, {p_text(self.p)}"
        if self.exact.low <= CHANCE <= self.exact.high:
            often = "about half the time"
        else:
            often = f"{'more' if self.estimate > CHANCE else 'less'} often than half the time"
        return (
            f"Listeners called these fakes machine-made {often} ({share})."
            f" {no_sensitivity(self.estimate)}"
        )

    def __str__(self) -> str:
        return f"{self.exact}, {p_text(self.p)}"


def no_sensitivity(called_machine: float) -> str:
    """Why a share of fakes called machine-made shows no sensitivity.

    Examples
    --------
    >>> no_sensitivity(0.4).partition("since ")[2]
    'a listener who always says "Bach" scores 0%.'
    """
    always = '"machine" scores 100%' if called_machine >= CHANCE else '"Bach" scores 0%'
    return (
        "Without Bach's clips this does not show sensitivity, since a listener who always says"
        f" {always}."
    )


def yes_no(hits: int, bach: int, false_alarms: int, machine: int, *, level: float = LEVEL) -> YesNo:
    """d' from `hits` of `bach` clips and `false_alarms` of `machine` clips called Bach.

    If a share is 0 or 1, half an answer is added to each cell (log-linear), and the result says so.

    Parameters
    ----------
    hits, bach, false_alarms, machine : int
    level : float

    Raises
    ------
    ValueError
        If the counts are impossible, or one kind of clip was never judged.

    References
    ----------
    N. A. Macmillan, C. D. Creelman (2005), "Detection Theory", 2nd ed., chs. 1, 2 and 13. M. J.
    Hautus (1995), "Corrections for extreme proportions", Behavior Research Methods 27, 46-51.

    Examples
    --------
    >>> print(yes_no(8, 25, 1, 25))
    d' 1.28 (0.26 to 2.31), criterion 1.11
    """
    check_counts(hits, bach)
    check_counts(false_alarms, machine)
    if not (bach and machine):
        kind = "Bach's" if not bach else "the machine's"
        raise ValueError(f"{kind} clips were never judged; d' needs answers to both kinds")
    corrected = hits in (0, bach) or false_alarms in (0, machine)
    add = 0.5 if corrected else 0.0
    shares = ((hits + add) / (bach + 2 * add), (false_alarms + add) / (machine + 2 * add))
    z_hit, z_false = (_NORMAL.inv_cdf(share) for share in shares)
    variance = sum(
        share * (1 - share) / (n * _NORMAL.pdf(z) ** 2)
        for share, n, z in zip(shares, (bach, machine), (z_hit, z_false), strict=True)
    )
    d, se = z_hit - z_false, math.sqrt(variance)
    half = normal_quantile(level) * se
    return YesNo(
        wilson(hits, bach, level=level), wilson(false_alarms, machine, level=level),
        bach + machine, d, d - half, d + half, se,
        -(z_hit + z_false) / 2, se / 2, corrected, level,
    )  # fmt: skip


def fakes_only(called_machine: int, n: int, *, level: float = LEVEL) -> FakesOnly:
    """What answers about machine-made clips alone can show: a rate, but no sensitivity.

    Raises
    ------
    ValueError
        If the counts are impossible.

    Examples
    --------
    >>> fakes_only(2321, 4048).sentence.partition("(")[0]
    'Listeners called these fakes machine-made more often than half the time '
    """
    rate = wilson(called_machine, n, level=level)
    p = binomial_test(called_machine, n).p
    exact = clopper_pearson(called_machine, n, level=level)
    return FakesOnly(rate, exact, rate.estimate, rate.low, rate.high, n, p, level)
