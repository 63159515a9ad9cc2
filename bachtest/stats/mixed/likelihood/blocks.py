"""The precision of crossed random effects, factorised in time linear in the rows.

Conventions
-----------
A row is a count of answers; it belongs to one level of every random factor (listener, item,
excerpt). With spherical effects `v` (standard normal), standard deviations `theta` and weights `w`
the precision is ``H = I + Lambda Z' W Z Lambda``. The factor with most levels (usually the
listeners) is diagonal in H. All others together form a small dense block ("columns"), reached by a
Schur complement. `b` are the entries between the two: one for each row and small factor.
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

# Rough nanoseconds: for a pair of entries, for a cell of a dense table, for a multiplication.
_PAIR_NS, _CELL_NS, _FLOP_NS = 12.0, 4.0, 0.2


def floats(value: ArrayLike) -> FloatArray:
    """The value as an array that is typed as floats."""
    return np.asarray(value, dtype=np.float64)


def sums_by(index: IntArray, value: FloatArray, size: int) -> FloatArray:
    """float[size]: `value` added up by `index`."""
    return floats(np.bincount(index, value, size))


@dataclass(frozen=True)
class Pairs:
    """All pairs of entries that share a level of the large factor, and their cells in the block."""

    left: IntArray
    right: IntArray
    cell: IntArray


class BlockLayout:
    """Which row belongs to which level; fixed for a fit.

    Parameters
    ----------
    codes : sequence of int[N]
        For each factor the level of each row, from 0.
    sizes : sequence of int
        For each factor the number of its levels.
    """

    def __init__(self, codes: Sequence[IntArray], sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        order = sorted(range(len(sizes)), key=lambda factor: -sizes[factor])
        self.large, self.small = order[0], tuple(sorted(order[1:]))
        self.levels = sizes[self.large]
        self.large_code = np.asarray(codes[self.large], dtype=np.int64)
        starts = np.cumsum([0, *(sizes[factor] for factor in self.small)])
        self.width = int(starts[-1])
        self.spans = [slice(a, b) for a, b in pairwise(starts)]
        self.small_codes = [np.asarray(codes[factor], dtype=np.int64) for factor in self.small]
        self.columns = [
            code + span.start for code, span in zip(self.small_codes, self.spans, strict=True)
        ]

    @cached_property
    def entry_column(self) -> IntArray:
        """int[S * N]: the small column of each entry, row by row."""
        return np.stack(self.columns, axis=1).ravel()

    @cached_property
    def entry_level(self) -> IntArray:
        """int[S * N]: the large level of each entry."""
        levels: IntArray = np.repeat(self.large_code, len(self.small))
        return levels

    @cached_property
    def pairs(self) -> Pairs | None:
        """None where the block between is quicker as a dense table."""
        entries = np.bincount(self.entry_level, minlength=self.levels)
        count = float(np.sum(entries * (entries - 1.0))) / 2
        dense = self.levels * self.width * (_CELL_NS + _FLOP_NS * self.width)
        return self._pairs(entries) if _PAIR_NS * count <= dense else None

    def _pairs(self, entries: IntArray) -> Pairs:
        order = np.argsort(self.entry_level, kind="stable")
        starts = np.cumsum(entries) - entries
        firsts, seconds = [], []
        for size in np.unique(entries[entries > 1]):
            first, second = np.triu_indices(size, 1)
            start = starts[entries == size][:, None]
            firsts.append((start + first).ravel())
            seconds.append((start + second).ravel())
        none = np.zeros(0, dtype=np.int64)
        left, right = (order[np.concatenate([none, *side])] for side in (firsts, seconds))
        cell = self.entry_column[left] * self.width + self.entry_column[right]
        return Pairs(left, right, cell)

    def split(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The large factor's part and the rest."""
        return v[: self.levels], v[self.levels :]

    def to_rows(self, theta: FloatArray, v: FloatArray) -> FloatArray:
        """``Z Lambda v``: what the effects add to each row's logit."""
        large, rest = self.split(v)
        total: FloatArray = (theta[self.large] * large)[self.large_code]
        for factor, column in zip(self.small, self.columns, strict=True):
            total += theta[factor] * rest[column]
        return total

    def to_levels(self, theta: FloatArray, value: FloatArray) -> FloatArray:
        """``Lambda Z' value``: sums over the rows of each level."""
        sums = [theta[self.large] * sums_by(self.large_code, value, self.levels)]
        for factor, code in zip(self.small, self.small_codes, strict=True):
            sums.append(theta[factor] * sums_by(code, value, self.sizes[factor]))
        return np.concatenate(sums)

    def effects_of(self, factor: int, v: FloatArray) -> FloatArray:
        """The effects of one factor."""
        large, rest = self.split(v)
        return large if factor == self.large else rest[self.spans[self.small.index(factor)]]

    def code_of(self, factor: int) -> IntArray:
        """The level of each row, an index into `effects_of`."""
        is_large = factor == self.large
        return self.large_code if is_large else self.small_codes[self.small.index(factor)]


class Precision:
    """``H`` for one set of weights, factorised.

    Parameters
    ----------
    layout : BlockLayout
    theta : float[F]
        Standard deviations of the factors, in the order of the layout.
    w : float[N]
        Binomial weights ``n p (1 - p)``.
    """

    def __init__(self, layout: BlockLayout, theta: FloatArray, w: FloatArray) -> None:
        self.layout, self.theta = layout, theta
        sd = theta[layout.large]
        self.d = 1 + sd * sd * sums_by(layout.large_code, w, layout.levels)
        if not layout.width:
            self.log_det = float(np.log(self.d).sum())
            return
        small_sds = theta[list(layout.small)]
        self.b = (sd * w[:, None] * small_sds).ravel()
        block = self._small_block(w, small_sds)
        self._subtract_large(block)
        self.root, info = lapack.dpotrf(block, lower=1)
        if info:
            raise FloatingPointError(f"the precision of the effects is singular at {info}")
        self.log_det = float(np.log(self.d).sum() + 2 * np.log(np.diag(self.root)).sum())

    def _small_block(self, w: FloatArray, sds: FloatArray) -> FloatArray:
        columns, width = self.layout.columns, self.layout.width
        block = np.zeros((width, width))
        for i, (column, sd) in enumerate(zip(columns, sds, strict=True)):
            block[np.diag_indices(width)] += sums_by(column, sd * sd * w, width)
            for other, other_sd in zip(columns[:i], sds[:i], strict=True):
                sums = sums_by(column * width + other, sd * other_sd * w, width * width)
                half = sums.reshape(width, width)
                block += half + half.T
        block[np.diag_indices(width)] += 1
        return block

    def _subtract_large(self, block: FloatArray) -> None:
        # The Schur complement: B' D^-1 B, from pairs of entries or from the dense table B.
        layout, width = self.layout, self.layout.width
        pairs = layout.pairs
        if pairs is None:
            cell = layout.entry_level * width + layout.entry_column
            self.between = sums_by(cell, self.b, layout.levels * width).reshape(-1, width)
            block -= (self.between / self.d[:, None]).T @ self.between
            return
        scaled = self.b / np.sqrt(self.d)[layout.entry_level]
        products = scaled[pairs.left] * scaled[pairs.right]
        half = sums_by(pairs.cell, products, width * width).reshape(width, width)
        block -= half + half.T
        block[np.diag_indices(width)] -= sums_by(layout.entry_column, scaled * scaled, width)

    def solve(self, value: FloatArray) -> FloatArray:
        """``H^-1 value``, for one vector."""
        layout = self.layout
        large, rest = layout.split(value)
        if not layout.width:
            solution: FloatArray = large / self.d
            return solution
        down = self.b * (large / self.d)[layout.entry_level]
        down = sums_by(layout.entry_column, down, layout.width)
        rest, _ = lapack.dpotrs(self.root, rest - down, lower=1)
        up = sums_by(layout.entry_level, self.b * rest[layout.entry_column], layout.levels)
        return np.concatenate([(large - up) / self.d, rest])

    @cached_property
    def _inverse(self) -> FloatArray:
        lower, _ = lapack.dpotri(self.root, lower=1)
        inverse: FloatArray = np.tril(lower) + np.tril(lower, -1).T
        return inverse

    @cached_property
    def _between_inverse(self) -> FloatArray:
        # float[S * N]: (B C^-1) at the level and the column of each entry.
        layout, inverse = self.layout, self._inverse
        pairs = layout.pairs
        if pairs is None:
            product: FloatArray = self.between @ inverse
            return product[layout.entry_level, layout.entry_column]
        cells = inverse.ravel()[pairs.cell]
        size = len(layout.entry_column)
        total = self.b * np.diag(inverse)[layout.entry_column]
        total += sums_by(pairs.left, self.b[pairs.right] * cells, size)
        total += sums_by(pairs.right, self.b[pairs.left] * cells, size)
        return floats(total)

    @cached_property
    def variances(self) -> FloatArray:
        """float[levels]: the diagonal of ``H^-1``, in the order of the effects."""
        layout = self.layout
        if not layout.width:
            large: FloatArray = 1 / self.d
            return large
        added = sums_by(layout.entry_level, self.b * self._between_inverse, layout.levels)
        return floats(np.concatenate([(1 + added / self.d) / self.d, np.diag(self._inverse)]))

    def covariances(self) -> FloatArray:
        """float[F, F, N]: ``H^-1`` between the levels of each row, by factors."""
        layout = self.layout
        factors = len(layout.sizes)
        shared = np.empty((factors, factors, len(layout.large_code)))
        large, rest = layout.split(self.variances)
        shared[layout.large, layout.large] = large[layout.large_code]
        if not layout.width:
            return shared
        across = -(self._between_inverse / self.d[layout.entry_level])
        across = across.reshape(-1, len(layout.small))
        inverse = self._inverse.ravel()
        for i, (factor, column) in enumerate(zip(layout.small, layout.columns, strict=True)):
            shared[factor, factor] = rest[column]
            shared[factor, layout.large] = shared[layout.large, factor] = across[:, i]
            for other, other_column in zip(layout.small[:i], layout.columns[:i], strict=True):
                cells = inverse[column * layout.width + other_column]
                shared[factor, other] = shared[other, factor] = cells
        return shared
