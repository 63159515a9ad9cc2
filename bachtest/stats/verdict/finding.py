"""What a verdict is: a finding, the sentence that states it, and what would decide an open one.

Conventions
-----------
Two intervals decide. The (1 - alpha) interval must exclude one half to show a difference; the
(1 - 2 alpha) interval must lie within the margin to show that no difference matters. A large
p-value is never evidence that listeners cannot tell. Below one half the words mirror those above.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bachtest.stats.rates.equivalence import ALPHA
from bachtest.stats.rates.result import Result
from bachtest.stats.verdict.sample_size import Decision

POOLED_CAUTION = (
    "This treats the answers as independent, which they are not: the same listeners answer several"
    " times and the same pairs are heard by many, so the true uncertainty is larger."
)


class Finding(StrEnum):
    CAN_TELL = "can tell"
    LESS_THAN_MARGIN = "can tell, but by less than the margin"
    CANNOT_TELL = "cannot tell within the margin"
    TAKE_MACHINE_FOR_BACH = "tell them apart, but take the machine for Bach"
    TAKE_LESS_THAN_MARGIN = "take the machine for Bach, but by less than the margin"
    UNDECIDED = "undecided"
    NO_ANSWERS = "no answers"
    # Of two clips by Bach, of which none is to be told.
    FAVOUR_SIDE = "favour a side"
    FAVOUR_SIDE_BELOW_MARGIN = "favour a side, but by less than the margin"
    NO_SIDE_FAVOURED = "no side is favoured within the margin"


@dataclass(frozen=True)
class Verdict(Result):
    """A finding, the sentence that states it, what the method ignores, and what would decide."""

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
    >>> print(judge(above=False, below=True, within=True))
    take the machine for Bach, but by less than the margin
    """
    if above:
        return Finding.LESS_THAN_MARGIN if within else Finding.CAN_TELL
    if below:
        return Finding.TAKE_LESS_THAN_MARGIN if within else Finding.TAKE_MACHINE_FOR_BACH
    return Finding.CANNOT_TELL if within else Finding.UNDECIDED


def sentence_of(finding: Finding, figures: str, *, margin: float | None) -> str:
    """The finding as a sentence around the figures that it rests on.

    Examples
    --------
    >>> sentence_of(Finding.CAN_TELL, "70 of 100 right", margin=None)
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
        return f"Listeners tell them apart, but take the machine for Bach: {figures}."
    if finding is Finding.TAKE_LESS_THAN_MARGIN:
        return f"Listeners take the machine for Bach, but by less than the margin{size}: {figures}."
    return (
        f"Undecided: {figures}. This shows neither that listeners can tell them apart nor that they"
        " cannot."
    )


def no_answers(*, margin: float | None = None, alpha: float = ALPHA) -> Verdict:
    """The verdict on a table without answers."""
    return Verdict(Finding.NO_ANSWERS, "There are no answers yet.", "", margin=margin, alpha=alpha)


def only_ties(ties: int, *, margin: float | None = None, alpha: float = ALPHA) -> Verdict:
    """The verdict on answers of which every one is a tie.

    Examples
    --------
    >>> only_ties(20).sentence
    'Undecided: nobody chose a clip, and all 20 answers are ties.'
    """
    all_of_them = "the one answer is a tie" if ties == 1 else f"all {ties:,} answers are ties"
    sentence = f"Undecided: nobody chose a clip, and {all_of_them}."
    return Verdict(Finding.UNDECIDED, sentence, "", margin=margin, alpha=alpha)


def below_chance(
    figures: str, caution: str, *, margin: float | None, alpha: float, method: str
) -> Verdict:
    """The verdict on a rate below chance where listeners do not point to a clip as Bach's.

    Examples
    --------
    >>> print(below_chance("12 of 60", "", margin=None, alpha=0.05, method="exact").needs)
    More answers would not decide; check first how the answers are coded.
    """
    return Verdict(
        Finding.UNDECIDED,
        f"Undecided: listeners were right less often than by guessing: {figures}. They did not"
        " choose between Bach and the machine, so this does not mean that they take the machine for"
        " Bach.",
        caution,
        Decision(
            None, None, "More answers would not decide; check first how the answers are coded."
        ),
        margin,
        alpha,
        method,
    )
