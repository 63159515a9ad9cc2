"""Yes/no with crossed effects: d' and criterion are the coefficients of a probit mixed model.

Conventions
-----------
``said_bach ~ bach + (1 | listener) + (1 | item) [+ (1 | listener:bach)]``, probit. An item is one
clip. With `a` the predictor of the machine's clips and `b` that of Bach's, ``d' = b - a`` and the
criterion is ``-(a + b) / 2``: above 0, listeners are quicker to say "machine". Both are those of a
typical listener and clip. That clips differ in how Bach-like they sound is in the model: without
it, a few odd clips look like sensitivity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.mixed.design import AnswerTable
from bachtest.stats.mixed.fit import SAID_BACH, Fitting
from bachtest.stats.mixed.inference import Inference, two_sided
from bachtest.stats.mixed.likelihood.blocks import FloatArray
from bachtest.stats.mixed.likelihood.links import PROBIT
from bachtest.stats.mixed.mixed_fit import SLOPE, MixedFit
from bachtest.stats.mixed.random_factors import LISTENER
from bachtest.stats.rates.order import sort_key
from bachtest.stats.rates.proportions import LEVEL
from bachtest.stats.rates.result import Result, p_text

BoolArray = NDArray[np.bool_]
BACH = "bach"
# Of a column whose levels Bach's clips do not share: what his clips are called.
_BACHS = "Bach's clips"
# With slopes every level is in one dense matrix; beyond this many the model goes without.
MAX_SLOPE_LEVELS = 1000


@dataclass(frozen=True)
class Sensitivity(Result):
    """d' and criterion of one cell, for a typical listener and clip, with the raw counts."""

    labels: tuple[str, ...]
    estimate: float
    low: float
    high: float
    se: float
    df: float | None
    p: float
    criterion: float
    criterion_low: float
    criterion_high: float
    hits: int
    bach: int
    false_alarms: int
    machine: int
    level: float
    method: str = "coefficients of the probit mixed model, for a typical listener and clip"
    assumptions: str = "as the mixed model"

    @property
    def n(self) -> int:
        return self.bach + self.machine

    def __str__(self) -> str:
        return (
            f"d' {self.estimate:z.2f} ({self.low:z.2f} to {self.high:z.2f}), {p_text(self.p)},"
            f" criterion {self.criterion:z.2f} ({self.criterion_low:z.2f} to"
            f" {self.criterion_high:z.2f})"
        )


@dataclass(frozen=True)
class SensitivityTable:
    """The cells of one column."""

    by: str
    cells: tuple[Sensitivity, ...]


@dataclass(frozen=True)
class YesNoModel:
    """The model of all answers, and one for each column asked for; `slopes` says what was fitted.

    `fit` has the rates of saying "Bach": of his clips and of the machine's.
    """

    fit: MixedFit
    overall: Sensitivity
    tables: tuple[SensitivityTable, ...]
    slopes: str

    @property
    def listener_spread(self) -> float | None:
        """The standard deviation of d' between listeners; None where it was not fitted."""
        for component in self.fit.variance_components:
            if component.name == f"{LISTENER}{SLOPE}{BACH}" and component.estimated:
                sd = component.sd if component.restricted_sd is None else component.restricted_sd
                return math.sqrt(2) * sd
        return None


class _SaidBach:
    """Some rows of a table; its right answers are those that said "Bach"."""

    def __init__(
        self,
        table: AnswerTable,
        is_bach: BoolArray,
        said: FloatArray,
        recoded: Mapping[str, Sequence[str]],
        rows: BoolArray | None = None,
    ) -> None:
        self.table = table
        self.rows = np.ones(len(said), dtype=np.bool_) if rows is None else rows
        self.own = {**recoded, BACH: [str(int(flag)) for flag in is_bach]}
        self.columns = list(dict.fromkeys([*table.columns, BACH]))
        self.n, self.correct = np.asarray(table.n)[self.rows], said[self.rows]

    def values(self, column: str) -> Sequence[str]:
        values = self.own[column] if column in self.own else self.table.values(column)
        return [value for value, kept in zip(values, self.rows, strict=True) if kept]


def fit_yes_no(
    table: AnswerTable, is_bach: BoolArray, by: Sequence[str] = (), *, level: float = LEVEL
) -> YesNoModel:
    """Fit the model to answers about single clips.

    Parameters
    ----------
    table : AnswerTable
        With a column `listener`, `item` or both.
    is_bach : bool[N]
        Which rows are about Bach's clips; there must be some of each kind.
    by : sequence of str
        Columns with a d' for each level. Where Bach's clips have none of the machine's levels, as
        with composers, every level is compared with all of Bach's. Where they have some, a level
        without clips of both kinds has no d'.
    level : float
        Of all intervals.

    Returns
    -------
    YesNoModel

    Raises
    ------
    MixedError
        If no model can be fitted.

    References
    ----------
    L. T. DeCarlo (1998), "Signal detection theory and generalized linear models", Psychological
    Methods 3, 186-205. J. N. Rouder, J. Lu (2005), "An introduction to Bayesian hierarchical models
    with an application in the theory of signal detection", Psychonomic Bulletin & Review 12,
    573-604, for what pooling over items does to d'.
    """
    n, correct = np.array(table.n, dtype=float), np.array(table.correct, dtype=float)
    said = np.where(is_bach, correct, n - correct)
    slopes, words = _slopes(table, is_bach)
    answers = _SaidBach(table, is_bach, said, {})
    fitting = _fitting(answers, [BACH], (), slopes, level)
    counts = _Counts(is_bach, n, said)
    everything = np.ones(len(n), dtype=np.bool_)
    overall = _sensitivity(
        fitting, fitting.inference(), (), {BACH: "1"}, {BACH: "0"}, counts.of(everything)
    )
    tables = tuple(
        _by_column(table, is_bach, said, name, counts, level) for name in dict.fromkeys(by)
    )
    return YesNoModel(fitting.result(tests=False), overall, tables, words)


def _fitting(
    answers: _SaidBach,
    by: Sequence[str],
    interactions: Sequence[tuple[str, str]],
    slopes: Sequence[str],
    level: float,
) -> Fitting:
    return Fitting(
        answers, by, interactions=interactions, slopes=slopes, level=level,
        link=PROBIT, response=SAID_BACH,
    )  # fmt: skip


def _slopes(table: AnswerTable, is_bach: BoolArray) -> tuple[list[str], str]:
    if LISTENER not in table.columns:
        return [], "no slopes by listener: the table does not name the listeners"
    listeners = table.values(LISTENER)
    of_bach = {name for name, flag in zip(listeners, is_bach, strict=True) if flag}
    of_machine = {name for name, flag in zip(listeners, is_bach, strict=True) if not flag}
    if not of_bach & of_machine:
        return [], "no slopes by listener: nobody judged clips of both kinds"
    levels = sum(len(set(table.values(f))) for f in (LISTENER, "item") if f in table.columns)
    if levels > MAX_SLOPE_LEVELS:
        return [], (
            f"no slopes by listener: {levels:,} listeners and items are more than the"
            f" {MAX_SLOPE_LEVELS:,} that they are fitted to"
        )
    return [BACH], "listeners may differ in d' (slopes of bach by listener)"


def _by_column(
    table: AnswerTable,
    is_bach: BoolArray,
    said: FloatArray,
    name: str,
    counts: _Counts,
    level: float,
) -> SensitivityTable:
    values = [str(value) for value in table.values(name)]
    of_bach = {value for value, flag in zip(values, is_bach, strict=True) if flag}
    of_machine = {value for value, flag in zip(values, is_bach, strict=True) if not flag}
    slopes, _ = _slopes(table, is_bach)
    shared = of_machine & of_bach
    crossed = bool(shared)
    if crossed:
        rows = np.array([value in shared for value in values])
        answers = _SaidBach(table, is_bach, said, {}, rows)
        fitting = _fitting(answers, [name, BACH], [(name, BACH)], slopes, level)
    else:
        own = [_BACHS if flag else value for value, flag in zip(values, is_bach, strict=True)]
        answers = _SaidBach(table, is_bach, said, {name: own})
        fitting = _fitting(answers, [name], (), slopes, level)
    inference = fitting.inference()
    cells = []
    for label in sorted(shared or of_machine, key=lambda value: sort_key([name], [value])):
        here = np.array([value == label for value in values])
        raw = counts.of(here if crossed else here | is_bach)
        one = {name: label, BACH: "1"} if crossed else {name: _BACHS}
        other = {name: label, BACH: "0"} if crossed else {name: label}
        cells.append(_sensitivity(fitting, inference, (label,), one, other, raw))
    return SensitivityTable(name, tuple(cells))


@dataclass(frozen=True)
class _Counts:
    """Answers, and those that said "Bach", about clips of either kind."""

    is_bach: BoolArray
    n: FloatArray
    said: FloatArray

    def of(self, rows: BoolArray) -> tuple[int, int, int, int]:
        bach, machine = rows & self.is_bach, rows & ~self.is_bach
        sums = self.said[bach], self.n[bach], self.said[machine], self.n[machine]
        hits, of_bach, false_alarms, of_machine = (int(part.sum()) for part in sums)
        return hits, of_bach, false_alarms, of_machine


def _sensitivity(
    fitting: Fitting,
    inference: Inference,
    labels: tuple[str, ...],
    bach: dict[str, str],
    machine: dict[str, str],
    raw: tuple[int, int, int, int],
) -> Sensitivity:
    design, fit = fitting.design, inference.used
    rows = []
    for cell in (bach, machine):
        combo = [[factor.levels.index(cell[factor.name]) for factor in design.factors]]
        rows.append(design.rows(np.array(combo, dtype=np.int64))[0])
    covariance = fit.covariance[len(fit.theta) :, len(fit.theta) :]
    df = inference.df(None)
    half = inference.half_width(df)

    def of(row: FloatArray) -> tuple[float, float]:
        return float(row @ fit.beta), math.sqrt(max(0.0, float(row @ covariance @ row)))

    d, se = of(rows[0] - rows[1])
    criterion, criterion_se = of(-(rows[0] + rows[1]) / 2)
    hits, of_bach, false_alarms, of_machine = raw
    low, high = d - half * se, d + half * se
    # In a cell that is all right or all wrong, d' has no end on that side.
    if hits == of_bach or false_alarms == 0:
        high = math.inf
    if hits == 0 or false_alarms == of_machine:
        low = -math.inf
    return Sensitivity(
        labels, d, low, high, se, df, two_sided(d / se, df) if se else 1.0,
        criterion, criterion - half * criterion_se, criterion + half * criterion_se,
        *raw, inference.level,
    )  # fmt: skip
