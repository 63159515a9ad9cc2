"""The pooled report on a table: overall, by group, flags, identical pairs, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bachtest.stats.rates.equivalence import ALPHA
from bachtest.stats.rates.identical_pairs import IdenticalPairs, identical_pairs
from bachtest.stats.rates.proportions import Proportion
from bachtest.stats.rates.protocols import PAIR, DiscriminationProtocol
from bachtest.stats.rates.summary import (
    DEFAULT_COUNTING,
    Breakdown,
    Cell,
    CountSettings,
    summarise,
)
from bachtest.stats.report.questions.knew_rates import with_those_who_knew
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.verdict.finding import Verdict, only_ties
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
    counting: CountSettings = DEFAULT_COUNTING
    # About the file, not about what it shows.
    notes: tuple[str, ...] = field(default=(), compare=False)

    def shown(self, cell: Cell) -> Proportion:
        """A cell's rate as it is printed: beside an exact test, with the interval of that test."""
        tested = self.protocol.two_clips or not self.protocol.has_truth
        return cell.exact() if tested and not self.counting.interval else cell.rate

    @property
    def verdict(self) -> Verdict:
        if self.ties and not self.overall.rate.n:
            return only_ties(self.ties, margin=self.margin, alpha=self.alpha)
        return pooled_verdict(
            self.overall, protocol=self.protocol, alpha=self.alpha, margin=self.margin
        )


def make_report(
    source: AnswerSource,
    *,
    by: Sequence[Sequence[str]] = (),
    alpha: float = ALPHA,
    margin: float | None = None,
    counting: CountSettings | None = None,
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
    counting : CountSettings or None

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
    counting = counting or DEFAULT_COUNTING
    summed = partial(summarise, level=1 - alpha, interval=counting.of_rates)
    groups = [group for group in GROUPS if set(group) <= set(table.columns)]
    groups += [tuple(group) for group in by if tuple(group) not in groups]
    breakdowns = []
    for group in groups:
        wider, note = with_those_who_knew(source, group)
        counts = wider.included.without_ties().counts(group) if note else included.counts(group)
        breakdowns.append(replace(summed(counts, group), note=note))
    answers = included.counts(("composer", "condition")) if source.pool else []
    return Report(
        source=str(table.path),
        of_answers=table.of_answers,
        answers=int(source.table.n.sum()),
        ties=ties,
        overall=summed(included.counts()).cells[0],
        everything=summed(table.counts()).cells[0],
        listeners=included.distinct("listener"),
        items=included.distinct("item"),
        flags=tuple(
            Flagged(flag, int(source.table.flagged(flag).sum()), flag in source.exclusions)
            for flag in table.flags
        ),
        breakdowns=tuple(breakdowns),
        identical_pairs=identical_pairs(source.pool, answers),
        protocol=source.protocol,
        alpha=alpha,
        margin=source.margin if margin is None else margin,
        counting=counting,
        notes=(*source.table.notes, *(each.note for each in breakdowns if each.note)),
    )
