"""Rates by group: counts in, cells with rates and intervals out.

Conventions
-----------
The work is linear in the number of counts. The results page passes counts that the database has
grouped, the shell those of a table; the numbers are the same. Cells come in the order of `order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bachtest.stats.rates.multiplicity import benjamini_hochberg, holm
from bachtest.stats.rates.order import sort_key
from bachtest.stats.rates.proportions import (
    INTERVALS,
    LEVEL,
    BinomialTest,
    Proportion,
    binomial_test,
)
from bachtest.stats.rates.signal_detection import DPrime, d_prime_2afc

# Below this many answers a rate says nothing yet; the public page shows only the name of the cell.
FEW = 10


@dataclass(frozen=True)
class AnswerCount:
    """Answers with the same labels, one label for each field that they are grouped by."""

    labels: tuple[str, ...]
    n: int
    correct: int


@dataclass(frozen=True)
class Cell:
    """One group: its labels and its pooled rate."""

    labels: tuple[str, ...]
    rate: Proportion

    @property
    def few(self) -> bool:
        return self.rate.n < FEW

    def test(self) -> BinomialTest:
        return binomial_test(self.rate.correct, self.rate.n)

    def d_prime(self) -> DPrime:
        return d_prime_2afc(self.rate.correct, self.rate.n, level=self.rate.level)


@dataclass(frozen=True)
class Breakdown:
    """All cells of one grouping; `note` says if it has other answers than the headline."""

    by: tuple[str, ...]
    cells: tuple[Cell, ...]
    note: str = ""

    def holm(self) -> tuple[float, ...]:
        """The cells' exact p-values, adjusted for the number of cells."""
        return holm([cell.test().p for cell in self.cells])


_INTERVAL_NAMES = {
    "wilson": "Wilson",
    "clopper-pearson": "Clopper-Pearson",
    "jeffreys": "Jeffreys",
}


@dataclass(frozen=True)
class CountSettings:
    """How counts are shown.

    Parameters
    ----------
    interval : str
        Of rates: one of `INTERVALS`.
    exploratory : bool
        The cells were looked at to find something: Benjamini and Hochberg's p-values, which bound
        the share of false findings, instead of Holm's, which bound the chance of any.
    """

    interval: str = "wilson"
    exploratory: bool = False

    def adjusted(self, breakdown: Breakdown) -> tuple[float, ...]:
        """The cells' exact p-values, adjusted for their number."""
        if self.exploratory:
            return benjamini_hochberg([cell.test().p for cell in breakdown.cells])
        return breakdown.holm()

    @property
    def adjusted_key(self) -> str:
        return "p_bh" if self.exploratory else "p_holm"

    @property
    def adjusted_name(self) -> str:
        return "p (BH)" if self.exploratory else "p (Holm)"

    @property
    def adjusted_sentence(self) -> str:
        if not self.exploratory:
            return ""
        return (
            "p (BH) is adjusted by Benjamini and Hochberg, for exploration: of the cells below 5%,"
            " at most 5% are false findings on average. Holm's is for what was registered."
        )

    @property
    def interval_sentence(self) -> str:
        return f"Rates have {_INTERVAL_NAMES[self.interval]} intervals."


DEFAULT_COUNTING = CountSettings()


def summarise(
    counts: Iterable[AnswerCount],
    by: Sequence[str] = (),
    *,
    level: float = LEVEL,
    interval: str = "wilson",
) -> Breakdown:
    """Add up counts with the same labels, and give each group its rate.

    Parameters
    ----------
    counts : iterable of AnswerCount
        Each with as many labels as there are fields in `by`.
    by : sequence of str
        Names of the labels; without any there is one cell of all answers.
    level : float
        Of the intervals.
    interval : str
        One of `INTERVALS`.

    Returns
    -------
    Breakdown
        Groups that occur, in their order. Without fields there is always one cell.

    Raises
    ------
    ValueError
        If a count is impossible, or has more or fewer labels than there are fields.

    Examples
    --------
    >>> rows = [("SATB", 40, 22), ("S", 30, 24), ("SATB", 10, 6)]
    >>> counts = [AnswerCount((condition,), n, correct) for condition, n, correct in rows]
    >>> for cell in summarise(counts, ["condition"]).cells:
    ...     print(*cell.labels, cell.rate)
    S 24 of 30: 80.0% (62.7% to 90.5%, wilson 95%)
    SATB 28 of 50: 56.0% (42.3% to 68.8%, wilson 95%)
    """
    sums: dict[tuple[str, ...], tuple[int, int]] = {} if by else {(): (0, 0)}
    for count in counts:
        if len(count.labels) != len(by):
            raise ValueError(f"labels {count.labels!r} for fields {tuple(by)!r}")
        n, correct = sums.get(count.labels, (0, 0))
        sums[count.labels] = (n + count.n, correct + count.correct)
    interval_of_counts = INTERVALS[interval]
    cells = tuple(
        Cell(labels, interval_of_counts(sums[labels][1], sums[labels][0], level=level))
        for labels in sorted(sums, key=lambda labels: sort_key(by, labels))
    )
    return Breakdown(tuple(by), cells)
