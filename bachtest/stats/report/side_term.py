"""The side on which Bach was, as a term of the model of right answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bachtest.stats.tables.table import Table, TableError

# Half a unit on either side: the coefficient is the bias towards the left, or the first clip.
SIDE_TERM = "bach on the left"


class WithSide:
    """A table with one more column: where Bach was, as +.5 or -.5."""

    def __init__(self, table: Table, sides: np.ndarray) -> None:
        self._table = table
        self._sides = sides
        self.columns = [*table.columns, SIDE_TERM]
        self.n, self.correct = table.n, table.correct

    def values(self, column: str) -> Sequence[str]:
        if column == SIDE_TERM:
            return [f"{side:g}" for side in self._sides]
        return self._table.values(column)


def with_side(table: Table) -> WithSide:
    """The table with the term, from its column `side`, or else `first`.

    Raises
    ------
    TableError
        If it has neither, or all clips of Bach's were on one side.
    """
    if "side" in table.columns:
        at = table.column("side")
        left = np.array([*(value == "left" for value in at.values), False])[at.codes]
        right = np.array([*(value == "right" for value in at.values), False])[at.codes]
        sides = np.where(left, 0.5, np.where(right, -0.5, 0.0))
    elif "first" in table.columns:
        sides = np.where(table.truth("first") == 1, 0.5, -0.5)
    else:
        raise TableError(
            f"{table.path}: the model can have a term for the side only where the table says on"
            " which side Bach was: no column side (left or right), and none first (1 or 0)"
        )
    if len(np.unique(sides)) < 2:
        raise TableError(f"{table.path}: Bach was always on the same side, so no bias can be told")
    return WithSide(table, sides)
