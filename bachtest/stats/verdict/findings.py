"""What a result says in one sentence, and what would decide where it leaves the question open.

Conventions
-----------
Two intervals decide: the (1 - alpha) interval that must leave out one half to show a difference,
and the (1 - 2 alpha) interval that must lie within the margin to show that there is none worth the
name. A large p-value is never taken as evidence that listeners cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bachtest.stats.rates.discrimination import Discrimination
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin, equivalence
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.result import Result, p_text
from bachtest.stats.rates.summary import Cell
from bachtest.stats.verdict.sample_size import Decision, what_would_decide

POOLED = (
    "This treats the answers as independent, which they are not: the same listeners answer several"
    " times and the same pairs are heard by many, so the true uncertainty is larger."
)


class Finding(StrEnum):
    CAN_TELL = "can tell"
    LESS_THAN_MARGIN = "can tell, but by less than the margin"
    CANNOT_TELL = "cannot tell within the margin"
    TAKE_MACHINE_FOR_BACH = "tell them apart, but take the machine for Bach"
    UNDECIDED = "undecided"
    NO_ANSWERS = "no answers"


@dataclass(frozen=True)
class Verdict(Result):
    """A finding, the sentence that says it, what the method leaves out, and what would decide."""

    finding: Finding
    sentence: str
    caution: str
    needs: Decision | None = None
    margin: float | None = None
    alpha: float = ALPHA
    method: str = "pooled: exact binomial test"

    def __str__(self) -> str:
        return " ".join(filter(None, [self.sentence, str(self.needs or ""), self.caution]))


def judge(above: bool, below: bool, within: bool) -> Finding:
    """The finding from three facts about the intervals.

    Parameters
    ----------
    above, below : bool
        The (1 - alpha) interval lies above, or below, one half.
    within : bool
        The (1 - 2 alpha) interval lies within the margin.

    Examples
    --------
    >>> print(judge(above=True, below=False, within=True))
    can tell, but by less than the margin
    """
    if above:
        return Finding.LESS_THAN_MARGIN if within else Finding.CAN_TELL
    if below:
        return Finding.TAKE_MACHINE_FOR_BACH
    return Finding.CANNOT_TELL if within else Finding.UNDECIDED


def sentence_of(finding: Finding, figures: str, *, margin: float | None, within: bool) -> str:
    """The finding as a sentence around the figures that it rests on.

    Examples
    --------
    >>> sentence_of(Finding.CAN_TELL, "70 of 100 right", margin=None, within=False)
    'Listeners can tell: 70 of 100 right.'
    """
    size = "" if margin is None else f" of {100 * margin:g} points"
    if finding is Finding.CAN_TELL:
        return f"Listeners can tell: {figures}."
    if finding is Finding.LESS_THAN_MARGIN:
        return f"Listeners can tell, but by less than the margin{size}: {figures}."
    if finding is Finding.CANNOT_TELL:
        return f"Listeners cannot tell within the margin{size}: {figures}."
    if finding is Finding.TAKE_MACHINE_FOR_BACH:
        less = f", by less than the margin{size}" if within else ""
        return f"Listeners tell them apart, but take the machine for Bach{less}: {figures}."
    return (
        f"Undecided: {figures}. That does not show that listeners can tell, nor that they cannot."
    )


def pooled_verdict(cell: Cell, *, alpha: float = ALPHA, margin: float | None = None) -> Verdict:
    """Can they tell? By the exact binomial tests, pooled over listeners and items.

    Parameters
    ----------
    cell : Cell
    alpha : float
        Size of the two-sided test of one half, and of the test of equivalence.
    margin : float or None
        Without one, equivalence is no question and the finding never that they cannot tell.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If alpha or the margin cannot be.

    Examples
    --------
    >>> from bachtest.stats.rates.summary import Count, summarise
    >>> print(pooled_verdict(summarise([Count((), 100, 70)]).cells[0]).finding)
    can tell
    >>> print(pooled_verdict(summarise([Count((), 2000, 1000)]).cells[0], margin=0.05).finding)
    cannot tell within the margin
    """
    check_alpha(alpha)
    if margin is not None:
        check_margin(margin)
    rate = cell.rate
    if rate.estimate is None:
        return Verdict(
            Finding.NO_ANSWERS, "There are no answers yet.", POOLED, margin=margin, alpha=alpha
        )
    p = cell.test().p
    within = False
    extra = ""
    if margin is not None:
        tested = equivalence(rate.correct, rate.n, margin=margin, alpha=alpha)
        within = tested.equivalent
        extra = f"; test of equivalence within {100 * margin:g} points: {p_text(tested.p)}"
    figures = (
        f"{rate.correct} of {rate.n} answers were right ({rate.estimate:.1%}, Wilson"
        f" {rate.level:.0%} interval {rate.low:.1%} to {rate.high:.1%}; exact test against one"
        f" half, pooled: {p_text(p)}{extra})"
    )
    differs = p < alpha
    finding = judge(differs and rate.estimate > CHANCE, differs and rate.estimate < CHANCE, within)
    needs = None
    if finding is Finding.UNDECIDED:
        variance = rate.estimate * (1 - rate.estimate) / rate.n
        needs = what_would_decide(rate.estimate, variance, n=rate.n, alpha=alpha, margin=margin)
    return Verdict(
        finding,
        sentence_of(finding, figures, margin=margin, within=within),
        POOLED,
        needs,
        margin,
        alpha,
    )


def discrimination_verdict(found: Discrimination, *, alpha: float = ALPHA) -> Verdict:
    """By the one-sided exact test; equivalence is no question here, `similarity` is."""
    if found.estimate is None:
        return Verdict(Finding.NO_ANSWERS, "There are no answers yet.", found.assumptions)
    finding = Finding.CAN_TELL if found.p < alpha else Finding.UNDECIDED
    sentence = sentence_of(finding, str(found), margin=None, within=False)
    return Verdict(finding, sentence, POOLED, alpha=alpha, method=found.method)
