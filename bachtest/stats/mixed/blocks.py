"""The precision of crossed random effects, factorised in time linear in the rows.

Conventions
-----------
Rows are counts of answers; each belongs to one level of every factor (listener, item, excerpt).
With spherical effects `v` (standard normal), scales `theta` and weights `w` the precision is
``H = I + Lambda Z' W Z Lambda``. The factor with most levels (listeners, as a rule) is diagonal in
H; all others together form a small dense block ("columns"), reached by a Schur complement. `b` are
the entries between the two, one for each row and small factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lapack

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Nanoseconds, roughly, for one pair of entries and one multiplication of a dense product.
_PAIR, _DENSE, _FLOP = 12.0, 4.0, 0.2


def floats(value: ArrayLike) -> FloatArray:
    """The value as an array of floats, which its type then says."""
    return np.asarray(value, dtype=np.float64)


def sums_by(index: IntArray, value: FloatArray, size: int) -> FloatArray:
    """float[size]: `value` added up by `index`."""
    return floats(np.bincount(index, value, size))


@dataclass(frozen=True)
class Pairs:
    """All pairs of entries that share a level of the large factor, and where they fall in C."""

    left: IntArray
    right: IntArray
    cell: IntArray


class Layout:
    """Which row belongs to which level: fixed for a fit.

    Parameters
    ----------
    groups : sequence of int[N]
        For each factor the level of each row, from 0.
    sizes : sequence of int
        For each factor the number of its levels.
    """

    def __init__(self, groups: Sequence[IntArray], sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        order = sorted(range(len(sizes)), key=lambda factor: -sizes[factor])
        self.large, self.small = order[0], tuple(sorted(order[1:]))
        self.levels = sizes[self.large]
        self.row = np.asarray(groups[self.large], dtype=np.int64)
        starts = np.cumsum([0, *(sizes[factor] for factor in self.small)])
        self.width = int(starts[-1])
        self.spans = [slice(a, b) for a, b in pairwise(starts)]
        self.local = [np.asarray(groups[factor], dtype=np.int64) for factor in self.small]
        self.columns = [
            level + span.start for level, span in zip(self.local, self.spans, strict=True)
        ]

    @cached_property
    def entry(self) -> IntArray:
        """int[S * N]: the small column of each entry, row by row."""
        return np.stack(self.columns, axis=1).ravel()

    @cached_property
    def entry_row(self) -> IntArray:
        """int[S * N]: the large level of each entry."""
        rows: IntArray = np.repeat(self.row, len(self.small))
        return rows

    @cached_property
    def pairs(self) -> Pairs | None:
        """None where the block between is better held as a dense table."""
        held = np.bincount(self.entry_row, minlength=self.levels)
        count = float(np.sum(held * (held - 1.0))) / 2
        dense = self.levels * self.width * (_DENSE + _FLOP * self.width)
        return self._pairs(held) if _PAIR * count <= dense else None

    def _pairs(self, held: IntArray) -> Pairs:
        order = np.argsort(self.entry_row, kind="stable")
        starts = np.cumsum(held) - held
        left, right = [], []
        for size in np.unique(held[held > 1]):
            first, second = np.triu_indices(size, 1)
            start = starts[held == size][:, None]
            left.append((start + first).ravel())
            right.append((start + second).ravel())
        none = np.zeros(0, dtype=np.int64)
        at, to = (order[np.concatenate([none, *side])] for side in (left, right))
        return Pairs(at, to, self.entry[at] * self.width + self.entry[to])

    def split(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The large factor's part and the rest."""
        return v[: self.levels], v[self.levels :]

    def spread(self, theta: FloatArray, v: FloatArray) -> FloatArray:
        """``Z Lambda v``: what the effects add to each row's logit."""
        large, rest = self.split(v)
        total: FloatArray = (theta[self.large] * large)[self.row]
        for factor, column in zip(self.small, self.columns, strict=True):
            total += theta[factor] * rest[column]
        return total

    def gather(self, theta: FloatArray, value: FloatArray) -> FloatArray:
        """``Lambda Z' value``: sums over the rows of each level."""
        parts = [theta[self.large] * sums_by(self.row, value, self.levels)]
        for factor, level in zip(self.small, self.local, strict=True):
            parts.append(theta[factor] * sums_by(level, value, self.sizes[factor]))
        return np.concatenate(parts)

    def part(self, factor: int, v: FloatArray) -> FloatArray:
        """The effects of one factor."""
        large, rest = self.split(v)
        return large if factor == self.large else rest[self.spans[self.small.index(factor)]]

    def rows_of(self, factor: int) -> IntArray:
        """The level of each row, as an index into `part`."""
        return self.row if factor == self.large else self.local[self.small.index(factor)]


class Precision:
    """``H`` for one set of weights, factorised.

    Parameters
    ----------
    layout : Layout
    theta : float[F]
        Standard deviations of the factors, in the order of the layout.
    w : float[N]
        Binomial weights ``n p (1 - p)``.
    """

    def __init__(self, layout: Layout, theta: FloatArray, w: FloatArray) -> None:
        self.layout, self.theta = layout, theta
        own = theta[layout.large]
        self.d = 1 + own * own * sums_by(layout.row, w, layout.levels)
        if not layout.width:
            self.log_det = float(np.log(self.d).sum())
            return
        scales = theta[list(layout.small)]
        self.b = (own * w[:, None] * scales).ravel()
        block = self._small_block(w, scales)
        self._subtract(block)
        self.root, info = lapack.dpotrf(block, lower=1)
        if info:
            raise FloatingPointError(f"the precision of the effects is singular at {info}")
        self.log_det = float(np.log(self.d).sum() + 2 * np.log(np.diag(self.root)).sum())

    def _small_block(self, w: FloatArray, scales: FloatArray) -> FloatArray:
        layout, width = self.layout, self.layout.width
        block = np.zeros((width, width))
        for i, (column, scale) in enumerate(zip(layout.columns, scales, strict=True)):
            block[np.diag_indices(width)] += sums_by(column, scale * scale * w, width)
            for other, its in zip(layout.columns[:i], scales[:i], strict=True):
                both = sums_by(column * width + other, scale * its * w, width * width)
                both = both.reshape(width, width)
                block += both + both.T
        block[np.diag_indices(width)] += 1
        return block

    def _subtract(self, block: FloatArray) -> None:
        layout, width = self.layout, self.layout.width
        pairs = layout.pairs
        if pairs is None:
            flat = sums_by(layout.entry_row * width + layout.entry, self.b, layout.levels * width)
            self.between = flat.reshape(layout.levels, width)
            block -= (self.between / self.d[:, None]).T @ self.between
            return
        share = self.b / np.sqrt(self.d)[layout.entry_row]
        both = sums_by(pairs.cell, share[pairs.left] * share[pairs.right], width * width)
        both = both.reshape(width, width)
        block -= both + both.T
        block[np.diag_indices(width)] -= sums_by(layout.entry, share * share, width)

    def solve(self, value: FloatArray) -> FloatArray:
        """``H^-1 value``, for one vector."""
        layout = self.layout
        large, rest = layout.split(value)
        if not layout.width:
            only: FloatArray = large / self.d
            return only
        down = sums_by(layout.entry, self.b * (large / self.d)[layout.entry_row], layout.width)
        rest, _ = lapack.dpotrs(self.root, rest - down, lower=1)
        up = sums_by(layout.entry_row, self.b * rest[layout.entry], layout.levels)
        return np.concatenate([(large - up) / self.d, rest])

    @cached_property
    def _inverse(self) -> FloatArray:
        lower, _ = lapack.dpotri(self.root, lower=1)
        inverse: FloatArray = np.tril(lower) + np.tril(lower, -1).T
        return inverse

    @cached_property
    def _across(self) -> FloatArray:
        # float[S * N]: (B C^-1) at the level and the column of each entry.
        layout, inverse = self.layout, self._inverse
        pairs = layout.pairs
        if pairs is None:
            product: FloatArray = self.between @ inverse
            return product[layout.entry_row, layout.entry]
        found = inverse.ravel()[pairs.cell]
        size = len(layout.entry)
        total = self.b * np.diag(inverse)[layout.entry]
        total += sums_by(pairs.left, self.b[pairs.right] * found, size)
        total += sums_by(pairs.right, self.b[pairs.left] * found, size)
        return floats(total)

    @cached_property
    def variances(self) -> FloatArray:
        """float[levels]: the diagonal of ``H^-1``, in the order of the effects."""
        if not self.layout.width:
            only: FloatArray = 1 / self.d
            return only
        layout = self.layout
        more = sums_by(layout.entry_row, self.b * self._across, layout.levels)
        return floats(np.concatenate([(1 + more / self.d) / self.d, np.diag(self._inverse)]))

    def covariances(self) -> FloatArray:
        """float[F, F, N]: ``H^-1`` between the levels of each row, by factors."""
        layout = self.layout
        total = len(layout.sizes)
        found = np.empty((total, total, len(layout.row)))
        large, rest = layout.split(self.variances)
        found[layout.large, layout.large] = large[layout.row]
        if not layout.width:
            return found
        across = -(self._across / self.d[layout.entry_row]).reshape(-1, len(layout.small))
        flat = self._inverse.ravel()
        for i, (factor, column) in enumerate(zip(layout.small, layout.columns, strict=True)):
            found[factor, factor] = rest[column]
            found[factor, layout.large] = found[layout.large, factor] = across[:, i]
            for other, its in zip(layout.small[:i], layout.columns[:i], strict=True):
                found[factor, other] = found[other, factor] = flat[column * layout.width + its]
        return found
