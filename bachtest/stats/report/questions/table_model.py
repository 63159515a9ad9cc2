"""The model that a protocol calls for, fitted to a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import listed
from bachtest.stats.report.pooled_report import GROUPS
from bachtest.stats.report.questions.side_term import SIDE_TERM, with_side
from bachtest.stats.tables.table import Table, TableError
from bachtest.stats.tables.validation import BACH

if TYPE_CHECKING:
    from bachtest.stats.detection.yes_no_model import YesNoModel
    from bachtest.stats.mixed.design import AnswerTable
    from bachtest.stats.mixed.mixed_fit import MixedFit


@dataclass(frozen=True)
class TableModel:
    """The model of a table, or why there is none."""

    fit: MixedFit | None
    yes_no: YesNoModel | None
    no_model: str


@dataclass(frozen=True)
class ModelOptions:
    """What is asked of a model; `interactions` are fitted whether or not they matter."""

    protocol: DiscriminationProtocol
    alpha: float
    slopes: Sequence[str] = ()
    interactions: Sequence[tuple[str, str]] = ()
    side_bias: bool = False
    profile: bool = False

    def fit(self, answers: Table, by: Sequence[str]) -> TableModel:
        """The model with the main effects of `by`.

        Raises
        ------
        MixedError
            If slopes or a side bias were asked for, and no model can be fitted.
        """
        # Optimisers and distributions take a second to load; a pooled analysis needs none of them.
        from bachtest.stats.mixed.likelihood.glmm import MixedError

        try:
            if self.protocol.needs_bach_column and (is_bach := _kinds(answers)) is not None:
                yes_no = self._yes_no(answers, is_bach, by)
                return TableModel(yes_no.fit, yes_no, "")
            return TableModel(self._rates(answers, by), None, "")
        except MixedError as error:
            if self.slopes or self.side_bias:  # asked for by name: a report must not go without
                raise
            return TableModel(None, None, str(error))

    def _yes_no(self, answers: Table, is_bach: np.ndarray, by: Sequence[str]) -> YesNoModel:
        from bachtest.stats.detection.yes_no_model import fit_yes_no

        asked = {
            "--slopes": self.slopes,
            "--side-bias": self.side_bias,
            "--profile": self.profile,
            "--by with a star": self.interactions,
        }
        if refused := [option for option, value in asked.items() if value]:
            raise TableError(
                f"{listed(refused)}: not with single clips, whose model has slopes of bach by"
                " listener, and a d' for each level of --by; leave it out"
            )
        return fit_yes_no(answers, is_bach, by, level=1 - self.alpha)

    def _rates(self, answers: Table, by: Sequence[str]) -> MixedFit:
        from bachtest.stats.mixed.fit import fit_mixed

        table: AnswerTable = answers
        numbers: list[str] = []
        if self.side_bias:
            table, numbers = with_side(answers), [SIDE_TERM]
        return fit_mixed(
            table, by, numbers=numbers, slopes=self.slopes, interactions=self.interactions,
            find_interactions=True, level=1 - self.alpha, chance=self.protocol.chance,
            profile=self.profile,
        )  # fmt: skip


def model_columns(table: Table, by: Sequence[Sequence[str]]) -> list[str]:
    """The columns whose main effects are in the model."""
    columns = list(dict.fromkeys(name for group in by for name in group))
    if columns:
        return columns
    return [name for (name,) in GROUPS if (table.distinct(name) or 0) > 1]


def _kinds(answers: Table) -> np.ndarray | None:
    # Which rows are about Bach's clips, if there are answers about both kinds.
    is_bach = answers.is_true(BACH)
    answered = answers.n > 0
    return is_bach if {True, False} <= set(is_bach[answered].tolist()) else None
