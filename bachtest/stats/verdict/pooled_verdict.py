"""The verdict of exact tests, pooled over listeners and items."""

from __future__ import annotations

from dataclasses import replace

from bachtest.stats.rates.discrimination import Discrimination, similarity_to_margin
from bachtest.stats.rates.equivalence import ALPHA, check_alpha, check_margin, equivalence
from bachtest.stats.rates.proportions import CHANCE, tail_above, tail_below
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.result import counted, p_text
from bachtest.stats.rates.summary import Cell
from bachtest.stats.verdict.exact_answers import answers_that_would_decide
from bachtest.stats.verdict.finding import (
    POOLED_CAUTION,
    Finding,
    Verdict,
    below_chance,
    judge,
    no_answers,
    sentence_of,
)


def pooled_verdict(
    cell: Cell,
    *,
    protocol: DiscriminationProtocol = PAIR,
    alpha: float = ALPHA,
    margin: float | None = None,
) -> Verdict:
    """Can they tell? By the exact binomial tests against one half.

    Parameters
    ----------
    cell : Cell
    protocol : DiscriminationProtocol
        One where a guesser is right half the time.
    alpha : float
        Size of the two-sided test of one half, and of the test of equivalence.
    margin : float or None
        Without one, equivalence is not tested and the finding is never that they cannot tell.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If alpha or the margin is impossible.

    Examples
    --------
    >>> from bachtest.stats.rates.summary import AnswerCount, summarise
    >>> [cell] = summarise([AnswerCount((), 100, 70)]).cells
    >>> print(pooled_verdict(cell).finding)
    can tell
    >>> [cell] = summarise([AnswerCount((), 2000, 1000)]).cells
    >>> print(pooled_verdict(cell, margin=0.05).finding)
    cannot tell within the margin
    """
    check_alpha(alpha)
    if margin is not None:
        check_margin(margin)
    rate = cell.rate
    if rate.estimate is None:
        return no_answers(margin=margin, alpha=alpha)
    p, exact = cell.test().p, cell.exact()
    within = False
    extra = ""
    if margin is not None:
        tested = equivalence(rate.correct, rate.n, margin=margin, alpha=alpha)
        within = tested.equivalent
        extra = f"; test of equivalence within {100 * margin:g} points: {p_text(tested.p)}"
    were = "was" if 1 in (rate.correct, rate.n) else "were"
    figures = (
        f"{rate.correct:,} of {counted(rate.n, 'answer')} {were} right ({rate.estimate:.1%}, exact"
        f" {100 * exact.level:g}% interval {exact.low:.1%} to {exact.high:.1%}; exact test against"
        f" one half, pooled: {p_text(p)}{extra})"
    )
    above, below = p < alpha and rate.estimate > CHANCE, p < alpha and rate.estimate < CHANCE
    if below and not protocol.has_bach_side:
        return below_chance(
            figures, POOLED_CAUTION, margin=margin, alpha=alpha, method=Verdict.method
        )
    finding = judge(above, below, within)
    needs = None
    if finding is Finding.UNDECIDED:
        needs = answers_that_would_decide(
            rate.correct, rate.n, alpha=alpha, margin=margin,
            difference=protocol.has_bach_side or rate.estimate > CHANCE,
        )  # fmt: skip
    sentence = sentence_of(finding, figures, margin=margin)
    return Verdict(finding, sentence, POOLED_CAUTION, needs, margin, alpha)


def discrimination_verdict(
    discrimination: Discrimination,
    protocol: DiscriminationProtocol,
    *,
    alpha: float = ALPHA,
    margin: float | None = None,
) -> Verdict:
    """Can they tell? By exact tests against the protocol's chance.

    A margin is tested on one side: `similarity` to a rate of chance plus the margin.

    Parameters
    ----------
    discrimination : Discrimination
    protocol : DiscriminationProtocol
    alpha : float
        Size of the test. It is two-sided, with half of alpha on each side, as the model's is. So it
        agrees with the (1 - alpha) interval of d'.
    margin : float or None
        Without one, the finding is never that they cannot tell.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from bachtest.stats.rates.discrimination import discriminate
    >>> from bachtest.stats.rates.protocols import PROTOCOLS
    >>> triangle = PROTOCOLS["triangle"]
    >>> print(discrimination_verdict(discriminate(30, 60, triangle), triangle).finding)
    can tell
    """
    correct, n, method = discrimination.correct, discrimination.n, discrimination.method
    if discrimination.estimate is None:
        return no_answers(alpha=alpha)
    p_below = tail_below(correct, n, protocol.chance)
    size = alpha / 2
    finding, figures = Finding.UNDECIDED, str(discrimination)
    if protocol.has_bach_side and p_below < discrimination.p:
        figures = str(replace(discrimination, p=p_below))
    within = False
    if margin is not None:
        tested = similarity_to_margin(correct, n, margin, protocol)
        within = tested.p <= alpha
        figures += f"; {tested}"
        finding = Finding.CANNOT_TELL if within else finding
    if discrimination.p < size:
        finding = Finding.LESS_THAN_MARGIN if within else Finding.CAN_TELL
    elif p_below < size and protocol.has_bach_side:
        finding = Finding.TAKE_MACHINE_FOR_BACH
        if margin is not None and tail_above(correct, n, protocol.chance - margin) <= alpha:
            finding = Finding.TAKE_LESS_THAN_MARGIN
    elif p_below < size:
        figures = (
            f"{protocol.name}: {correct:,} of {n:,} were right, where guessing gives"
            f" {protocol.chance:.1%}; exact test, pooled: one-sided {p_text(p_below)}, tested at"
            f" {size:g}"
        )
        return below_chance(figures, POOLED_CAUTION, margin=None, alpha=alpha, method=method)
    figures += f", tested at {size:g}"
    sentence = sentence_of(finding, figures, margin=margin)
    return Verdict(finding, sentence, POOLED_CAUTION, None, margin, alpha, method)
