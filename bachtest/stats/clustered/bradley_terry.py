"""Which of several is preferred? Bradley and Terry's strengths.

For data from elsewhere, in which composers are compared with each other: see `report.compare`.

Conventions
-----------
``P(i beats j) = 1 / (1 + exp(s_j - s_i))``; strengths are logs and sum to 0. They exist only where
wins lead from each competitor to every other ("strongly connected"). Elsewhere nothing is
estimated, and the result names those who stand outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bachtest.stats.rates.proportions import LEVEL, tail_of
from bachtest.stats.rates.result import Result

FloatArray = NDArray[np.float64]
_DRAWS = 1999


@dataclass(frozen=True)
class Strength:
    """One competitor. `low` and `high` are None where there is no interval."""

    name: str
    estimate: float
    low: float | None
    high: float | None
    wins: int
    losses: int


@dataclass(frozen=True)
class BradleyTerry(Result):
    """Strengths, the strongest first; where they do not exist, none, and `why_not` says why."""

    strengths: tuple[Strength, ...]
    n: int
    why_not: str
    failed_draws: int
    level: float
    method: str
    assumptions: str = "one strength each; comparisons independent of each other"

    def __str__(self) -> str:
        if self.why_not:
            return self.why_not
        rows = []
        for row in self.strengths:
            interval = "" if row.low is None else f" ({row.low:+z.2f} to {row.high:+z.2f})"
            rows.append(f"{row.name} {row.estimate:+z.2f}{interval}")
        return ", ".join(rows)


def bradley_terry(
    wins: Mapping[tuple[str, str], int],
    *,
    generator: np.random.Generator,
    draws: int = _DRAWS,
    level: float = LEVEL,
) -> BradleyTerry:
    """Maximum-likelihood strengths with percentile intervals of a bootstrap over comparisons.

    Draws in which no strengths exist are excluded and counted in `failed_draws`.

    Parameters
    ----------
    wins : mapping (winner, loser) -> int
    generator : numpy Generator
    draws : int
        0 for no intervals.
    level : float

    Raises
    ------
    ValueError
        If a competitor beats itself, or a count is negative.

    References
    ----------
    R. A. Bradley, M. E. Terry (1952), "Rank analysis of incomplete block designs", Biometrika 39,
    324-345. D. R. Hunter (2004), "MM algorithms for generalized Bradley-Terry models", Annals of
    Statistics 32, 384-406.

    Examples
    --------
    >>> wins = {("a", "b"): 7, ("b", "a"): 3, ("b", "c"): 6, ("c", "b"): 4, ("a", "c"): 8}
    >>> wins[("c", "a")] = 2
    >>> print(bradley_terry(wins, generator=np.random.default_rng(1), draws=0))
    a +0.74, b -0.15, c -0.59
    """
    for (winner, loser), count in wins.items():
        if winner == loser or count < 0:
            raise ValueError(f"{winner!r} over {loser!r}, {count} times: use two names, 0 or more")
    names = sorted({name for pair in wins for name in pair})
    table = np.zeros((len(names), len(names)))
    for (winner, loser), count in wins.items():
        table[names.index(winner), names.index(loser)] += count
    n = int(table.sum())
    method = f"maximum likelihood; bootstrap over comparisons, {draws} draws"
    if why_not := _why_not(table, names):
        return BradleyTerry((), n, why_not, 0, level, method)
    estimate = _strengths(table)
    resampled = _resampled(table, draws, generator)
    enough = len(resampled) >= max(50, draws / 2)
    tail = tail_of(level)
    limits = np.quantile(resampled, [tail, 1 - tail], axis=0) if enough else None
    rows = [
        Strength(
            name, float(estimate[i]),
            None if limits is None else float(limits[0, i]),
            None if limits is None else float(limits[1, i]),
            int(table[i].sum()), int(table[:, i].sum()),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    rows.sort(key=lambda row: -row.estimate)
    return BradleyTerry(tuple(rows), n, "", draws - len(resampled), level, method)


def _connected(table: FloatArray) -> bool:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = connected_components(csr_array(table), connection="strong", return_labels=False)
    return bool(count == 1)


def _why_not(table: FloatArray, names: Sequence[str]) -> str:
    if len(names) < 2:
        return "No comparisons: there are no strengths"
    if _connected(table):
        return ""
    never_lost = [name for name, lost in zip(names, table.sum(axis=0), strict=True) if not lost]
    never_won = [name for name, won in zip(names, table.sum(axis=1), strict=True) if not won]
    if never_lost:
        return f"{', '.join(never_lost)} never lost: no finite strengths"
    if never_won:
        return f"{', '.join(never_won)} never won: no finite strengths"
    return "Some never beat any of the others, not even indirectly: no finite strengths"


def _strengths(table: FloatArray) -> FloatArray:
    from scipy.optimize import root
    from scipy.special import expit

    games, wins = table + table.T, table.sum(axis=1)

    def score(log: FloatArray) -> tuple[FloatArray, FloatArray]:
        chance = expit(log[:, None] - log[None, :])
        weight = games * chance * (1 - chance)
        # A constant added to all strengths changes nothing: a mean of 0 makes them unique.
        slope = np.sum(games * chance, axis=1) - wins + log.mean()
        return slope, np.diag(weight.sum(axis=1)) - weight + 1 / len(table)

    log: FloatArray = root(score, np.zeros(len(table)), jac=True, tol=1e-12).x
    centred: FloatArray = log - log.mean()
    return centred


def _resampled(table: FloatArray, draws: int, generator: np.random.Generator) -> FloatArray:
    n = int(table.sum())
    share = (table / n).ravel()
    strengths = []
    for _ in range(draws):
        drawn = generator.multinomial(n, share).reshape(table.shape).astype(np.float64)
        if _connected(drawn):
            strengths.append(_strengths(drawn))
    return np.array(strengths).reshape(-1, len(table))
