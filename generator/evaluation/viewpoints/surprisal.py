"""How surprising a piece is to somebody who has heard Bach's other chorales.

Conventions
-----------
Each row of each view of `views` has a model of its own, learnt from training works: a bass moves as
no soprano does. A model counts symbols in their contexts and backs off from the special contexts to
the general ones, to the symbols alone, and to a floor (Witten and Bell). A surprisal is -log p of a
symbol, in nats.

References
----------
Witten and Bell 1991, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4),
method C.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.viewpoints.viewpoints import VIEWS, IntArray, Row
from generator.music.grid.chorale import Chorale

FloatArray = NDArray[np.float64]


class Expectation:
    """What follows what, in one row of one view.

    Parameters
    ----------
    rows : sequence of Row
        The same row of every training work; all with as many contexts.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        symbols = np.concatenate([row.symbols for row in rows])
        known, counts = np.unique(symbols, return_counts=True)
        self._known, self._kinds = _ended(known), len(known)
        self._counts, self._total = np.append(counts, 0), int(counts.sum())
        self._tables = [
            _Table(np.concatenate(context), self._number(symbols), self._kinds)
            for context in zip(*(row.contexts for row in rows), strict=True)
        ]

    def surprisals(self, row: Row) -> FloatArray:
        """float[len(row.symbols)]: -log p of each symbol in its contexts."""
        number = self._number(row.symbols)
        # A view that met nothing expects anything.
        floor = self._kinds / (1 + self._kinds) or 1.0
        chance = (self._counts[number] + floor) / max(self._total + self._kinds, 1)
        for table, context in zip(self._tables, row.contexts, strict=True):
            chance = table.sharpened(chance, context, number)
        return -np.log(chance)

    def _number(self, symbols: IntArray) -> IntArray:
        """Place of each symbol among the known ones; their count where it is unknown."""
        return _places(self._known, symbols)


class _Table:
    """Counts of symbols in the contexts of one length."""

    def __init__(self, contexts: IntArray, numbers: IntArray, kinds: int) -> None:
        self._kinds = kinds
        known, place = np.unique(contexts, return_inverse=True)
        pairs, seen = np.unique(place * kinds + numbers, return_counts=True)
        rows = pairs // max(kinds, 1)
        self._contexts, self._pairs = _ended(known), _ended(pairs)
        # The last entry of each is that of what was never seen.
        self._seen = np.append(seen, 0)
        self._totals = np.bincount(rows, weights=seen, minlength=len(known) + 1)
        self._different = np.bincount(rows, minlength=len(known) + 1)

    def sharpened(self, chance: FloatArray, contexts: IntArray, numbers: IntArray) -> FloatArray:
        place = _places(self._contexts, contexts)
        pair = _places(
            self._pairs, np.where(numbers < self._kinds, place * self._kinds + numbers, -1)
        )
        total, different = self._totals[place], self._different[place]
        sharper = (self._seen[pair] + different * chance) / np.maximum(total + different, 1)
        return np.where(total > 0, sharper, chance)


class BachReader:
    """The expectations of all views, learnt from works of Bach.

    Parameters
    ----------
    works : sequence of Chorale
        Must hold none of the works that will be judged, nor their tune families.

    Raises
    ------
    ValueError
        If there are no works.
    """

    def __init__(self, works: Sequence[Chorale]) -> None:
        if not works:
            raise ValueError("no works to learn from; give the training works")
        self._models = {
            name: [
                Expectation(rows) for rows in zip(*(reader(work) for work in works), strict=True)
            ]
            for name, (reader, _) in VIEWS.items()
        }

    def surprisals(self, chorale: Chorale) -> dict[str, list[FloatArray]]:
        """For every view, the surprisals of each of its rows."""
        return {
            name: [
                model.surprisals(row)
                for model, row in zip(self._models[name], reader(chorale), strict=True)
            ]
            for name, (reader, _) in VIEWS.items()
        }


def _ended(known: IntArray) -> IntArray:
    """With an end that no number reaches."""
    return np.append(known, np.iinfo(np.int64).max)


def _places(known: IntArray, wanted: IntArray) -> IntArray:
    """Index of each wanted number among `_ended` ones; that of the end where it is unknown."""
    place = np.searchsorted(known, wanted)
    return np.where(known[place] == wanted, place, len(known) - 1)
