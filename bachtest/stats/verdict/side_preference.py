"""Two clips by Bach, no truth: which side do listeners favour, and how much do they differ in it?

Conventions
-----------
The share of one side, left or first, is tested against one half. Its probit is the bias, on the
scale of `response_bias.side_bias` and with its sign: above 0, listeners favour that side. The
criterion of signal detection is its negative, as in `yes_no`. No answer is right, so nothing here
says that listeners can, or cannot, tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin, equivalence
from bachtest.stats.rates.proportions import CHANCE, POOLED, binomial_test, clopper_pearson
from bachtest.stats.rates.protocols import OTHER_SIDE
from bachtest.stats.rates.result import Result, counted, listed, p_text
from bachtest.stats.verdict.exact_answers import answers_that_would_decide
from bachtest.stats.verdict.finding import POOLED_CAUTION, Finding, Verdict, no_answers
from bachtest.stats.verdict.model_verdict import interval_of, model_needs

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit, VarianceComponent

_NORMAL = NormalDist()
_LISTENER = "listener"


@dataclass(frozen=True)
class SidePreference(Result):
    """How often `side` was chosen, and the bias towards it in probits.

    `listener_sd` is how much listeners differ, as a standard deviation on the logit scale, and
    `listeners_low` and `listeners_high` are the shares of listeners one standard deviation below
    and above the middle; None where the method cannot say.
    """

    side: str
    chosen: int
    n: int
    estimate: float | None
    low: float
    high: float
    inner_low: float
    inner_high: float
    p: float
    bias: float | None
    bias_low: float
    bias_high: float
    criterion: float | None
    listener_sd: float | None
    listeners_low: float | None
    listeners_high: float | None
    level: float
    method: str
    assumptions: str

    def __str__(self) -> str:
        if self.bias is None or self.criterion is None:
            return "no answers"
        return (
            f"bias towards the {self.side} {self.bias:z.2f} probits ({self.bias_low:z.2f} to"
            f" {self.bias_high:z.2f}), criterion {self.criterion:z.2f}"
        )

    @property
    def listeners(self) -> str:
        """How much listeners differ, in words."""
        if self.listener_sd is None:
            return "how much listeners differ: not estimated"
        if self.listeners_low is None or self.listener_sd == 0:
            return "no differences between listeners were found"
        return (
            f"listeners differ with a standard deviation of {self.listener_sd:.2f} on the logit"
            f" scale: two thirds of them choose the {self.side} clip {self.listeners_low:.0%}"
            f" to {self.listeners_high:.0%} of the time"
        )


def probit(rate: float) -> float:
    """The standard normal quantile of a rate, infinite at 0 and 1.

    Examples
    --------
    >>> round(probit(0.5), 3), round(probit(0.55), 3), probit(1.0)
    (0.0, 0.126, inf)
    """
    if 0 < rate < 1:
        return _NORMAL.inv_cdf(rate)
    return math.inf if rate else -math.inf


def preference_of_counts(chosen: int, n: int, side: str, *, alpha: float = ALPHA) -> SidePreference:
    """From counts, pooled over listeners and items: the exact test, and its interval.

    Parameters
    ----------
    chosen, n : int
        Answers that chose the side, all answers.
    side : str
        ``left`` or ``first``.
    alpha : float
        Of the test; the interval has level 1 - alpha.

    Returns
    -------
    SidePreference
        Without answers, the estimates are None.

    Raises
    ------
    ValueError
        If the counts or alpha are impossible.

    Examples
    --------
    >>> print(preference_of_counts(110, 200, "left"))
    bias towards the left 0.13 probits (-0.05 to 0.31), criterion -0.13
    """
    check_alpha(alpha)
    rate, inner = (clopper_pearson(chosen, n, level=1 - sides * alpha) for sides in (1, 2))
    bias = None if rate.estimate is None else probit(rate.estimate)
    return SidePreference(
        side, chosen, n, rate.estimate, rate.low, rate.high, inner.low, inner.high,
        binomial_test(chosen, n).p,
        bias, probit(rate.low), probit(rate.high), None if bias is None else -bias,
        None, None, None, 1 - alpha,
        "share of the side, Clopper-Pearson; exact binomial test of one half",
        f"{POOLED}; one bias for all listeners",
    )  # fmt: skip


def preference_of_fit(fit: MixedFit, side: str, *, alpha: float = ALPHA) -> SidePreference:
    """From a mixed model of which answers chose the side.

    Parameters
    ----------
    fit : MixedFit
        Of a table whose `correct` is 1 where the side was chosen.
    side : str
    alpha : float

    Returns
    -------
    SidePreference

    Raises
    ------
    ValueError
        If alpha is impossible.

    References
    ----------
    N. A. Macmillan, C. D. Creelman (2005), "Detection Theory", 2nd ed., ch. 7.2, for bias in the
    choice between two intervals.
    """
    check_alpha(alpha)
    rate = fit.overall
    (low, high), inner = interval_of(rate, 1 - alpha), interval_of(rate, 1 - 2 * alpha)
    bias = probit(rate.estimate)
    sd, shares = _listeners(fit)
    return SidePreference(
        side, rate.correct, rate.n, rate.estimate, low, high, *inner, rate.p,
        bias, probit(low), probit(high), -bias,
        sd, *shares, 1 - alpha, fit.method, "; ".join(fit.assumptions),
    )  # fmt: skip


def _listeners(fit: MixedFit) -> tuple[float | None, tuple[float | None, float | None]]:
    from bachtest.stats.mixed.logit_normal import logit_of_mean, mean_rate

    sds = {one.name: _sd(one) for one in fit.variance_components if one.estimated}
    sd = sds.pop(_LISTENER, None)
    if sd is None:
        return None, (None, None)
    others = math.hypot(*sds.values())
    centre = logit_of_mean(fit.overall.estimate, math.hypot(sd, others))
    low, high = mean_rate([centre - sd, centre + sd], others).tolist()
    return sd, (low, high)


def _sd(component: VarianceComponent) -> float:
    return component.sd if component.restricted_sd is None else component.restricted_sd


def side_verdict(
    preference: SidePreference,
    *,
    fit: MixedFit | None = None,
    alpha: float = ALPHA,
    margin: float | None = None,
) -> Verdict:
    """Do listeners favour a side?

    Parameters
    ----------
    preference : SidePreference
    fit : MixedFit or None
        The model that the preference is from; None for counts.
    alpha : float
    margin : float or None
        Without one, the finding is never that no side is favoured.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If alpha or the margin is impossible.

    Examples
    --------
    >>> print(side_verdict(preference_of_counts(110, 200, "left")).finding)
    undecided
    >>> print(side_verdict(preference_of_counts(1010, 2000, "left"), margin=0.05).finding)
    no side is favoured within the margin
    """
    check_alpha(alpha)
    if margin is not None:
        check_margin(margin)
    if preference.estimate is None:
        return no_answers(margin=margin, alpha=alpha)
    above, below = preference.low > CHANCE, preference.high < CHANCE
    if fit is None:  # by the exact test, as the pooled verdict of the other protocols
        above, below = (
            preference.p < alpha and sign * (preference.estimate - CHANCE) > 0 for sign in (1, -1)
        )
    within = margin is not None and _within(preference, fit, alpha, margin)
    finding = Finding.NO_SIDE_FAVOURED if within else Finding.UNDECIDED
    if above or below:
        finding = Finding.FAVOUR_SIDE_BELOW_MARGIN if within else Finding.FAVOUR_SIDE
    needs = None
    if finding is Finding.UNDECIDED and fit is None:
        needs = answers_that_would_decide(
            preference.chosen, preference.n, alpha=alpha, margin=margin
        )
    elif finding is Finding.UNDECIDED and fit is not None:
        needs = model_needs(fit, fit.overall, alpha=alpha, margin=margin)
    favoured = preference.side if above else OTHER_SIDE[preference.side]
    sentence = _sentence(finding, favoured, _figures(preference, fit), margin)
    caution = POOLED_CAUTION if fit is None else _missing(fit)
    return Verdict(finding, sentence, caution, needs, margin, alpha, preference.method)


def _within(preference: SidePreference, fit: MixedFit | None, alpha: float, margin: float) -> bool:
    if fit is None:
        return equivalence(preference.chosen, preference.n, margin=margin, alpha=alpha).equivalent
    return CHANCE - margin <= preference.inner_low and preference.inner_high <= CHANCE + margin


def _figures(preference: SidePreference, fit: MixedFit | None) -> str:
    interval = (
        f"{100 * preference.level:g}% interval {preference.low:.1%} to {preference.high:.1%},"
        f" {p_text(preference.p)}"
    )
    answers = counted(preference.n, "answer")
    if fit is None:
        chosen = f"{preference.chosen:,} of {answers}, {preference.estimate:.1%}"
        return f"the {preference.side} clip was chosen in {chosen} (exact {interval}; pooled)"
    model = "logistic model without random effects"
    if fit.sampled:
        model = f"mixed model over {listed([counted(s.levels, s.name) for s in fit.sampled])}"
    return (
        f"the {preference.side} clip is chosen {preference.estimate:.1%} of the time ({interval};"
        f" {model}, {answers})"
    )


def _sentence(finding: Finding, favoured: str, figures: str, margin: float | None) -> str:
    size = "" if margin is None else f" of {100 * margin:g} points"
    if finding is Finding.FAVOUR_SIDE:
        return f"Listeners favour the {favoured} clip: {figures}."
    if finding is Finding.FAVOUR_SIDE_BELOW_MARGIN:
        return f"Listeners favour the {favoured} clip, by less than the margin{size}: {figures}."
    if finding is Finding.NO_SIDE_FAVOURED:
        return f"No side is favoured within the margin{size}: {figures}."
    return (
        f"Undecided: {figures}. This shows neither that listeners favour a side nor that they do"
        " not."
    )


def _missing(fit: MixedFit) -> str:
    missing = [one for one in fit.variance_components if not one.estimated]
    return " ".join(
        f"The model leaves out differences between {one.name}s: {one.note}." for one in missing
    )
