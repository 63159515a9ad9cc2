"""What a result says in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bachtest.stats.accuracy import CHANCE
from bachtest.stats.summary import Cell

ALPHA = 0.05
POOLED = (
    "This treats the answers as independent, which they are not: the same listeners answer several"
    " times and the same pairs are heard by many, so the true uncertainty is larger."
)


class Finding(StrEnum):
    CAN_TELL = "can tell"
    TAKE_MACHINE_FOR_BACH = "tell them apart, but take the machine for Bach"
    UNDECIDED = "undecided"
    NO_ANSWERS = "no answers"


@dataclass(frozen=True)
class Verdict:
    """A finding, the sentence that says it, and what the method leaves out."""

    finding: Finding
    sentence: str
    caution: str


def pooled_verdict(cell: Cell, *, alpha: float = ALPHA) -> Verdict:
    """Can they tell? By the exact binomial test, pooled over listeners and items.

    A large p-value is never taken as evidence that they cannot tell: that needs an equivalence
    test against a margin fixed beforehand.

    Parameters
    ----------
    cell : Cell
    alpha : float
        Size of the two-sided test.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from bachtest.stats.summary import Count, summarise
    >>> print(pooled_verdict(summarise([Count((), 100, 70)]).cells[0]).finding)
    can tell
    >>> print(pooled_verdict(summarise([Count((), 100, 50)]).cells[0]).finding)
    undecided
    """
    rate = cell.rate
    if rate.estimate is None:
        return Verdict(Finding.NO_ANSWERS, "There are no answers yet.", POOLED)
    p = cell.test().p
    figures = (
        f"{rate.correct} of {rate.n} answers were right ({rate.estimate:.1%}, Wilson"
        f" {rate.level:.0%} interval {rate.low:.1%} to {rate.high:.1%}; exact test against one"
        f" half, pooled: {_p_text(p)})"
    )
    if p >= alpha:
        return Verdict(
            Finding.UNDECIDED,
            f"Undecided: {figures}. That does not show that listeners can tell, nor that they"
            " cannot.",
            POOLED,
        )
    if rate.estimate > CHANCE:
        return Verdict(Finding.CAN_TELL, f"Listeners can tell: {figures}.", POOLED)
    return Verdict(
        Finding.TAKE_MACHINE_FOR_BACH,
        f"Listeners tell them apart, but take the machine for Bach: {figures}.",
        POOLED,
    )


def _p_text(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
