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
from scipy.linalg import blas, lapack

from bachtest.stats.mixed.likelihood.conjugate_gradients import conjugate_gradients

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Rough nanoseconds: for a pair of entries, for a cell of a dense table, for a multiplication.
_PAIR_NS, _CELL_NS, _FLOP_NS = 12.0, 4.0, 0.03
# Rough nanoseconds of one conjugate-gradient step for an entry, and how many steps there are.
_STEP_NS, _STEPS = 10.0, 20


def floats(value: ArrayLike) -> FloatArray:
    """The value as an array that is typed as floats."""
    return np.asarray(value, dtype=np.float64)


def sums_by(index: NDArray[np.integer], value: FloatArray, size: int) -> FloatArray:
    """float[size]: `value` added up by `index`."""
    return floats(np.bincount(index, value, size))


@dataclass(frozen=True)
class Cells:
    """Cells of the lower triangle of the block, and which of them each of M numbers goes to.

    `place` is int[U], a cell's place in the block as Fortran stores it; `rank` is int[M], which of
    these places. Where most cells are used, `place` is None and `rank` is the place itself.
    """

    place: IntArray | None
    rank: NDArray[np.int32]
    width: int

    @classmethod
    def between(cls, one: IntArray, other: IntArray, width: int) -> Cells:
        """The cells of pairs of columns, in either order."""
        place = np.minimum(one, other) * width + np.maximum(one, other)
        if 4 * len(place) > width * width:
            return cls(None, place.astype(np.int32), width)
        used, rank = np.unique(place, return_inverse=True)
        return cls(used, rank.astype(np.int32), width)

    def add(self, block: FloatArray, value: FloatArray) -> None:
        """Add float[M] to a block in Fortran order; a cell off the diagonal stands for two."""
        flat = block.T.reshape(-1)
        if self.place is None:
            sums = sums_by(self.rank, value, self.width * self.width)
            sums[:: self.width + 1] *= 2
            flat += sums
            return
        sums = sums_by(self.rank, value, len(self.place))
        flat[self.place] += np.where(self.place % (self.width + 1) == 0, 2 * sums, sums)

    def read(self, block: FloatArray) -> FloatArray:
        """float[M]: the block's lower triangle at these cells."""
        flat = block.T.reshape(-1)
        values: FloatArray = (flat if self.place is None else flat[self.place])[self.rank]
        return values


@dataclass(frozen=True)
class Pairs:
    """All pairs of entries that share a level of the large factor, and their cells in the block."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    cells: Cells


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
            code + span.start if span.start else code
            for code, span in zip(self.small_codes, self.spans, strict=True)
        ]

    @cached_property
    def entry_column(self) -> IntArray:
        """int[S * N]: the small column of each entry, row by row."""
        return self.columns[0] if len(self.small) == 1 else np.stack(self.columns, axis=1).ravel()

    @cached_property
    def entry_level(self) -> IntArray:
        """int[S * N]: the large level of each entry."""
        if len(self.small) == 1:
            return self.large_code
        levels: IntArray = np.repeat(self.large_code, len(self.small))
        return levels

    @cached_property
    def pairs(self) -> Pairs | None:
        """None where the block between is quicker as a dense table."""
        entries = np.bincount(self.entry_level, minlength=self.levels)
        count = float(np.sum(entries * (entries - 1.0))) / 2
        dense = self.levels * self.width * (_CELL_NS + _FLOP_NS * self.width)
        return self._pairs(entries) if _PAIR_NS * count <= dense else None

    @cached_property
    def shared_cells(self) -> list[list[Cells]]:
        """For each small factor, the cells that its columns share with those of the ones before."""
        columns = self.columns
        return [
            [Cells.between(column, other, self.width) for other in columns[:i]]
            for i, column in enumerate(columns)
        ]

    @cached_property
    def is_wide(self) -> bool:
        """Whether conjugate gradients solve quicker than a factor of the small block."""
        iterations = _STEPS * _STEP_NS * len(self.sizes) * len(self.large_code)
        return _FLOP_NS * self.width**3 / 3 > iterations

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
        left, right = (
            order[np.concatenate([none, *side])].astype(np.int32) for side in (firsts, seconds)
        )
        column = self.entry_column
        return Pairs(left, right, Cells.between(column[left], column[right], self.width))

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
        self.layout, self.theta, self.w = layout, theta, w
        sd = theta[layout.large]
        self.d = 1 + sd * sd * sums_by(layout.large_code, w, layout.levels)
        self.small_sds = theta[list(layout.small)]

    @cached_property
    def b(self) -> FloatArray:
        """float[S * N]: the entries between the large factor and the small columns."""
        scaled = self.theta[self.layout.large] * self.w[:, None] * self.small_sds
        entries: FloatArray = scaled.ravel()
        return entries

    @cached_property
    def small_diagonal(self) -> FloatArray:
        """float[width]: the diagonal of H at the small columns."""
        layout = self.layout
        diagonal = np.ones(layout.width)
        for sd, span, code in zip(self.small_sds, layout.spans, layout.small_codes, strict=True):
            diagonal[span] += sums_by(code, sd * sd * self.w, span.stop - span.start)
        return diagonal

    @cached_property
    def root(self) -> FloatArray:
        """float[width, width]: the factor of the small block, in its lower triangle."""
        block = self._schur_complement()
        root, info = lapack.dpotrf(block, lower=1, clean=0, overwrite_a=1)
        if info:
            raise FloatingPointError(f"the precision of the effects is singular at {info}")
        return floats(root)

    @cached_property
    def log_det(self) -> float:
        """The logarithm of the determinant of H."""
        large = float(np.log(self.d).sum())
        if not self.layout.width:
            return large
        return large + 2 * float(np.log(np.diag(self.root)).sum())

    def _schur_complement(self) -> FloatArray:
        # Its lower triangle, in Fortran order so that LAPACK can work in place.
        layout, width, sds = self.layout, self.layout.width, self.small_sds
        block = np.zeros((width, width), order="F")
        block[np.diag_indices(width)] = self.small_diagonal
        for i, cells in enumerate(layout.shared_cells):
            for other, shared in enumerate(cells):
                shared.add(block, sds[i] * sds[other] * self.w)
        pairs = layout.pairs
        if pairs is None:
            scaled = self.between / np.sqrt(self.d)[:, None]
            # The transposed table is in Fortran order: BLAS takes it as it is.
            block = blas.dsyrk(-1.0, scaled.T, beta=1.0, c=block, lower=1, overwrite_c=1)
            return floats(block)
        scaled = self.b / np.sqrt(self.d)[layout.entry_level]
        pairs.cells.add(block, -scaled[pairs.left] * scaled[pairs.right])
        block[np.diag_indices(width)] -= sums_by(layout.entry_column, scaled * scaled, width)
        return block

    @property
    def between(self) -> FloatArray:
        """float[levels, width]: B, the part of H between the large factor and the small ones."""
        layout = self.layout
        cell = layout.entry_level * layout.width + layout.entry_column
        return sums_by(cell, self.b, layout.levels * layout.width).reshape(-1, layout.width)

    def solve(self, value: FloatArray) -> FloatArray:
        """``H^-1 value``, for one vector."""
        layout = self.layout
        large, rest = layout.split(value)
        if not layout.width:
            solution: FloatArray = large / self.d
            return solution
        down = self.b * (large / self.d)[layout.entry_level]
        rest = self._solve_small(rest - sums_by(layout.entry_column, down, layout.width))
        up = sums_by(layout.entry_level, self.b * rest[layout.entry_column], layout.levels)
        return np.concatenate([(large - up) / self.d, rest])

    def _solve_small(self, value: FloatArray) -> FloatArray:
        if "inverse" in self.__dict__:  # it has taken the factor's place
            return floats(blas.dsymv(1.0, self.inverse, value, lower=1))
        solution, _ = lapack.dpotrs(self.root, value, lower=1)
        return floats(solution)

    def step(self, value: FloatArray) -> FloatArray:
        """``H^-1 value`` without a factor where that is quicker, to a relative error of 1e-6."""
        factorised = not {"root", "inverse"}.isdisjoint(self.__dict__)
        if factorised or not self.layout.is_wide:
            return self.solve(value)
        layout, theta = self.layout, self.theta

        def times(v: FloatArray) -> FloatArray:
            return v + layout.to_levels(theta, self.w * layout.to_rows(theta, v))

        diagonal = np.concatenate([self.d, self.small_diagonal])
        solution = conjugate_gradients(times, diagonal, value)
        return self.solve(value) if solution is None else solution

    @cached_property
    def inverse(self) -> FloatArray:
        """float[width, width]: that of the small block, in its lower triangle."""
        _ = self.log_det  # the factor is overwritten
        inverse, _ = lapack.dpotri(self.root, lower=1, overwrite_c=1)
        del self.root
        return floats(inverse)

    @cached_property
    def _between_inverse(self) -> FloatArray:
        # float[S * N]: (B C^-1) at the level and the column of each entry.
        layout, inverse = self.layout, self.inverse
        pairs = layout.pairs
        if pairs is None:
            product = blas.dsymm(1.0, inverse, self.between.T, lower=1)
            return floats(product.T[layout.entry_level, layout.entry_column])
        cells = pairs.cells.read(inverse)
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
        return floats(np.concatenate([(1 + added / self.d) / self.d, np.diag(self.inverse)]))

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
        for i, (factor, column) in enumerate(zip(layout.small, layout.columns, strict=True)):
            shared[factor, factor] = rest[column]
            shared[factor, layout.large] = shared[layout.large, factor] = across[:, i]
            for other, cells in zip(layout.small[:i], layout.shared_cells[i], strict=True):
                shared[factor, other] = shared[other, factor] = cells.read(self.inverse)
        return shared
