"""How surprising a piece is, given Bach's other chorales.

Conventions
-----------
Each sequence of each viewpoint has its own model, learnt from training works: a bass does not move
like a soprano. A model counts symbols in their contexts. It backs off from the specific contexts to
the general ones, to the symbols alone, and to a uniform floor (Witten and Bell). A surprisal is
-log p of a symbol, in nats.

References
----------
Witten and Bell 1991, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4),
method C.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.viewpoints.known_figures import KnownFigures
from generator.evaluation.viewpoints.viewpoints import VIEWPOINTS, IntArray, SymbolSequence
from generator.music.grid.chorale import Chorale

FloatArray = NDArray[np.float64]


class BackoffModel:
    """Probabilities of symbols in their contexts, for one sequence of one viewpoint.

    Parameters
    ----------
    sequences : sequence of SymbolSequence
        The same one of every training work; all with the same number of contexts.
    """

    def __init__(self, sequences: Sequence[SymbolSequence]) -> None:
        symbols = np.concatenate([sequence.symbols for sequence in sequences])
        known, counts = np.unique(symbols, return_counts=True)
        self._known, self._kinds = _ended(known), len(known)
        self._counts, self._total = np.append(counts, 0), int(counts.sum())
        self._contexts = [
            _ContextCounts(np.concatenate(context), self._number(symbols), self._kinds)
            for context in zip(*(sequence.contexts for sequence in sequences), strict=True)
        ]

    def surprisals(self, sequence: SymbolSequence) -> FloatArray:
        """float[len(sequence.symbols)]: -log p of each symbol in its contexts."""
        number = self._number(sequence.symbols)
        # A model without training symbols gives every symbol probability 1.
        floor = self._kinds / (1 + self._kinds) or 1.0
        probability = (self._counts[number] + floor) / max(self._total + self._kinds, 1)
        for counts, context in zip(self._contexts, sequence.contexts, strict=True):
            probability = counts.interpolated(probability, context, number)
        return -np.log(probability)

    def _number(self, symbols: IntArray) -> IntArray:
        """Index of each symbol among the known ones; their number for an unknown symbol."""
        return _places(self._known, symbols)


class _ContextCounts:
    """Counts of symbols in one kind of context."""

    def __init__(self, contexts: IntArray, numbers: IntArray, kinds: int) -> None:
        self._kinds = kinds
        known, place = np.unique(contexts, return_inverse=True)
        pairs, seen = np.unique(place * kinds + numbers, return_counts=True)
        rows = pairs // max(kinds, 1)
        self._contexts, self._pairs = _ended(known), _ended(pairs)
        # The last entry of each stands for everything that was never seen.
        self._seen = np.append(seen, 0)
        self._totals = np.bincount(rows, weights=seen, minlength=len(known) + 1)
        self._different = np.bincount(rows, minlength=len(known) + 1)

    def interpolated(
        self, probability: FloatArray, contexts: IntArray, numbers: IntArray
    ) -> FloatArray:
        """The counts, interpolated with a more general probability; that alone if unseen."""
        place = _places(self._contexts, contexts)
        pair = _places(
            self._pairs, np.where(numbers < self._kinds, place * self._kinds + numbers, -1)
        )
        total, different = self._totals[place], self._different[place]
        specific = (self._seen[pair] + different * probability) / np.maximum(total + different, 1)
        return np.where(total > 0, specific, probability)


class SurprisalModel:
    """The models of all viewpoints, learnt from works of Bach.

    Parameters
    ----------
    works : sequence of Chorale
        None of the works that will be scored, and none of their tune families.

    Raises
    ------
    ValueError
        If there are no works.
    """

    def __init__(self, works: Sequence[Chorale]) -> None:
        if not works:
            raise ValueError("no works to learn from; give the training works")
        self._works = tuple(works)
        self._models = {
            name: [
                BackoffModel(sequences)
                for sequences in zip(*(viewpoint.read(work) for work in works), strict=True)
            ]
            for name, viewpoint in VIEWPOINTS.items()
        }

    @cached_property
    def known_figures(self) -> KnownFigures:
        """The figures of the same works, read when they are first needed."""
        return KnownFigures(self._works)

    def surprisals(self, chorale: Chorale) -> dict[str, list[FloatArray]]:
        """For every viewpoint, the surprisals of each of its sequences."""
        return {
            name: [
                model.surprisals(sequence)
                for model, sequence in zip(self._models[name], viewpoint.read(chorale), strict=True)
            ]
            for name, viewpoint in VIEWPOINTS.items()
        }


def _ended(known: IntArray) -> IntArray:
    """With a last entry that no number reaches."""
    return np.append(known, np.iinfo(np.int64).max)


def _places(known: IntArray, wanted: IntArray) -> IntArray:
    """Index of each wanted number among `_ended` ones; the last index for an unknown number."""
    place = np.searchsorted(known, wanted)
    return np.where(known[place] == wanted, place, len(known) - 1)
