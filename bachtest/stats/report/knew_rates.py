"""Rates of those who knew the piece, were unsure, or did not, where the design excludes the first.

Conventions
-----------
The flag `knew` marks the answers of people who said that they knew the piece. Where it excludes
them, a grouping by the column `knew` brings them back for one table and one model of their own. The
headline and all else stay those of the included answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bachtest.stats.rates.result import Result, counted, p_text, plain
from bachtest.stats.tables.read_study_folder import AnswerSource
from bachtest.stats.tables.spellings import KNEW

if TYPE_CHECKING:
    from bachtest.stats.mixed.mixed_fit import MixedFit, RateTable, TermTest


@dataclass(frozen=True)
class KnewModel(Result):
    """A model with `knew` as a factor; `added` are the answers that the headline excludes.

    `groups` are the groupings by `knew` that were asked for.
    """

    groups: tuple[tuple[str, ...], ...]
    fit: MixedFit | None
    no_model: str
    added: int

    @property
    def tables(self) -> tuple[RateTable, ...]:
        """The rates by knew, and by the groupings that were asked for."""
        asked = [{KNEW}, *map(set, self.groups)]
        tables = () if self.fit is None else self.fit.tables
        return tuple(table for table in tables if set(table.by) in asked)

    @property
    def test(self) -> TermTest | None:
        tests = () if self.fit is None else self.fit.tests
        return next((test for test in tests if test.name == KNEW), None)

    def to_json(self) -> dict[str, Any]:
        fit = self.fit
        asked = [list(table.by) for table in self.tables]
        rates = () if fit is None else fit.to_json()["rates"]
        return {
            "added": self.added,
            "formula": None if fit is None else fit.formula,
            "method": None if fit is None else fit.method,
            "rates": plain([table for table in rates if table["by"] in asked]),
            "test": plain(self.test),
            "no_model": self.no_model,
        }

    def __str__(self) -> str:
        if self.fit is None:
            return f"No model with knew as a factor: {self.no_model}."
        test = self.test
        if test is None:
            return f"Marginal rates of {self.fit.formula}."
        statistic = (
            f"likelihood ratio chi-square {test.chi2:.2f} on {test.df}"
            if test.f is None
            else f"F {test.f:.2f} on {test.df} and {test.df2:g}"
        )
        return (
            f"Marginal rates of {self.fit.formula}, for new listeners; the levels of knew differ by"
            f" {statistic}, {p_text(test.p)}."
        )


def with_those_who_knew(source: AnswerSource, group: Sequence[str]) -> tuple[AnswerSource, str]:
    """The source for a grouping: with the answers of people who knew the piece, if it is by `knew`.

    Parameters
    ----------
    source : AnswerSource
    group : sequence of str

    Returns
    -------
    AnswerSource
    note : str
        What was brought back; empty for any other grouping.
    """
    if KNEW not in group or KNEW not in source.exclusions:
        return source, ""
    wider = source.including(KNEW)
    added = int(wider.included.n.sum() - source.included.n.sum())
    return wider, (
        f"By {' x '.join(group)}: with {counted(added, 'answer')} that the flag knew excludes from"
        " the headline and from all other tables."
    )


def headline_groups(source: AnswerSource, by: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The groupings that concern the included answers."""
    return [group for group in by if not with_those_who_knew(source, group)[1]]


def knew_section_lines(model: KnewModel) -> Iterator[str]:
    """What is said above the rates by knew."""
    yield (
        f"With {counted(model.added, 'answer')} that the flag knew excludes from the headline; a"
        " model of its own."
    )
    yield str(model)
