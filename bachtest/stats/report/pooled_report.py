"""The pooled report on a table: overall, by group, flags, identical pairs, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bachtest.stats.rates.equivalence import ALPHA
from bachtest.stats.rates.identical_pairs import IdenticalPairs, identical_pairs
from bachtest.stats.rates.proportions import Proportion
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.summary import Breakdown, Cell, summarise
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.verdict.finding import Verdict
from bachtest.stats.verdict.pooled_verdict import pooled_verdict

GROUPS: tuple[tuple[str, ...], ...] = (("condition",), ("composer",), ("experience",))


@dataclass(frozen=True)
class Flagged:
    """How many answers carry a flag, and whether it excludes them from the headline."""

    flag: str
    answers: int
    excluded: bool


@dataclass(frozen=True)
class Report:
    """What a table shows. `overall` and the breakdowns have the included answers alone.

    `answers` are all of the table. `ties` are those that are included; no rate counts a tie.
    `notes` say what was decided in reading the table.
    """

    source: str
    of_answers: bool
    answers: int
    ties: int
    overall: Cell
    everything: Cell
    listeners: int | None
    items: int | None
    flags: tuple[Flagged, ...]
    breakdowns: tuple[Breakdown, ...]
    identical_pairs: tuple[IdenticalPairs, ...]
    protocol: DiscriminationProtocol = PAIR
    alpha: float = ALPHA
    margin: float | None = None
    # About the file, not about what it shows.
    notes: tuple[str, ...] = field(default=(), compare=False)

    def shown(self, cell: Cell) -> Proportion:
        """A cell's rate as it is printed: beside an exact test, with the interval of that test."""
        return cell.exact() if self.protocol.two_clips else cell.rate

    @property
    def verdict(self) -> Verdict:
        return pooled_verdict(
            self.overall, protocol=self.protocol, alpha=self.alpha, margin=self.margin
        )


def make_report(
    source: AnswerSource,
    *,
    by: Sequence[Sequence[str]] = (),
    alpha: float = ALPHA,
    margin: float | None = None,
) -> Report:
    """Answer the simple questions about a table.

    Parameters
    ----------
    source : AnswerSource
    by : sequence of groupings
        Further groupings, each by one or more columns. Condition, composer and experience are
        always reported where the table has them.
    alpha : float
        Size of the tests; the intervals have level 1 - alpha.
    margin : float or None
        None takes the design's, if there is one.

    Returns
    -------
    Report

    Raises
    ------
    TableError
        If there is no such column or flag.
    """
    table, included, ties = source.table, source.included, 0
    if source.protocol.allows_ties:
        ties = int(included.ties.sum())
        table, included = table.without_ties(), included.without_ties()
    level = 1 - alpha
    groups = [group for group in GROUPS if set(group) <= set(table.columns)]
    groups += [tuple(group) for group in by if tuple(group) not in groups]
    answers = included.counts(("composer", "condition")) if source.pool else []
    return Report(
        source=str(table.path),
        of_answers=table.of_answers,
        answers=int(source.table.n.sum()),
        ties=ties,
        overall=summarise(included.counts(), level=level).cells[0],
        everything=summarise(table.counts(), level=level).cells[0],
        listeners=included.distinct("listener"),
        items=included.distinct("item"),
        flags=tuple(
            Flagged(flag, int(source.table.flagged(flag).sum()), flag in source.exclusions)
            for flag in table.flags
        ),
        breakdowns=tuple(summarise(included.counts(group), group, level=level) for group in groups),
        identical_pairs=identical_pairs(source.pool, answers),
        protocol=source.protocol,
        alpha=alpha,
        margin=source.margin if margin is None else margin,
        notes=source.table.notes,
    )
