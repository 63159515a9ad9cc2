"""How probable notes are to a family. A family has one of these, both, or none.

Conventions
-----------
`given` is bool[4, T], True = given. Pitches and rests count; where a family knows onsets it gives
them apart, so that pitches compare with papers on the pitch-only grid. All values are natural
logarithms of probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from generator.errors import GeneratorError
from generator.families.door import blanked
from generator.music.grid.chorale import REST, BoolArray, Chorale

REST_COLUMN = 128
MAX_ERROR = 1e-3
"""How far from 1 the probabilities of a cell may sum: half precision and rounding."""
COLUMNS = 129
"""MIDI pitches 0..127, then a rest."""


LEAST = 1e-6
"""Keeps a logarithm finite where an onset is certain."""
TIME_ORDER = (3, 0, 1, 2)
"""The order of the cells of a step from left to right: bass, soprano, alto, tenor."""


class LikelihoodRefused(GeneratorError):
    """What a family gives is no probability."""

    def __init__(self, family: str, what: str) -> None:
        super().__init__(f"family {family!r} {what}; its likelihoods are refused")


@dataclass(frozen=True)
class Missing:
    """Why a family does not give a likelihood, as the end of a sentence about it."""

    reason: str


def pitch_columns(chorale: Chorale) -> NDArray[np.intp]:
    """intp[4, T]: the column of each cell's pitch."""
    return np.where(chorale.pitch == REST, REST_COLUMN, chorale.pitch).astype(np.intp)


@dataclass(frozen=True)
class CellNats:
    """Log-probabilities of the notes in all cells; those of given cells mean nothing.

    Attributes
    ----------
    pitch : float32[4, T]
    onset : float32[4, T] or None
        Of whether a note begins there, given its pitch; None if the family knows no onsets.
    """

    pitch: NDArray[np.float32]
    onset: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class CellDistributions:
    """A distribution for each cell; those of given cells are never looked at.

    Attributes
    ----------
    pitch : float32[4, T, 129]
        Log-probabilities, all of them finite.
    onset : float32[4, T, 129] or None
        Of a note that begins, if it has that pitch; None if the family knows no onsets.
    """

    pitch: NDArray[np.float32]
    onset: NDArray[np.float32] | None = None


@runtime_checkable
class JointLikelihood(Protocol):
    """Left to right: each cell is given the given cells of the whole piece and all cells before it.

    Cells come in the order of steps, and in `TIME_ORDER` within a step.
    """

    @property
    def name(self) -> str: ...

    def cell_predictions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """Of each written cell, before it is written."""
        ...


@runtime_checkable
class Conditionals(Protocol):
    """One shot: all open cells at once, each given the given cells alone."""

    @property
    def name(self) -> str: ...

    def cell_distributions(self, chorale: Chorale, given: BoolArray) -> CellDistributions:
        """Of each cell; the chorale holds the given cells alone."""
        ...


def distributions(family: Conditionals, chorale: Chorale, given: BoolArray) -> CellDistributions:
    """What a family says of open cells that it cannot see.

    It is asked about one mask at a time: several would show it each other's open cells.

    Raises
    ------
    LikelihoodRefused
        If what it gives are no distributions of the chorale's cells.
    """
    with _named(family.name):
        told = family.cell_distributions(blanked(chorale, given), given.copy())
    return _checked(family.name, told, chorale, ~given)


def predictions(family: JointLikelihood, chorale: Chorale, given: BoolArray) -> CellDistributions:
    """What a family says of each written cell from left to right.

    It sees the whole chorale; `trial.honest_predictions` holds that it uses nothing that is later.

    Raises
    ------
    LikelihoodRefused
        If what it gives are no distributions of the chorale's cells.
    """
    with _named(family.name):
        told = family.cell_predictions(replace(chorale, bwv="", title=""), given.copy())
    return _checked(family.name, told, chorale, ~given)


def nats_of(told: CellDistributions, chorale: Chorale) -> CellNats:
    """How probable the notes of a chorale are by these distributions."""
    column = pitch_columns(chorale)[..., None]

    def of_bach(table: NDArray[np.float32]) -> NDArray[np.float32]:
        entries: NDArray[np.float32] = np.take_along_axis(table, column, axis=-1)[..., 0]
        return entries

    if told.onset is None:
        return CellNats(of_bach(told.pitch))
    begins = of_bach(told.onset)
    onset = np.where(chorale.onset, begins, np.log(-np.expm1(np.minimum(begins, -LEAST))))
    # A rest has no choice.
    return CellNats(of_bach(told.pitch), np.where(chorale.pitch == REST, np.float32(0), onset))


@contextmanager
def _named(family: str) -> Iterator[None]:
    """Say which family raised; it is code of others, which may raise anything."""
    try:
        yield
    except GeneratorError:
        raise
    except Exception as error:
        raise LikelihoodRefused(family, f"failed ({type(error).__name__}: {error})") from error


def _checked(family: str, told: object, chorale: Chorale, written: BoolArray) -> CellDistributions:
    """Copies of the tables, as plain arrays: an array of a family's own could lie about itself."""
    if not isinstance(told, CellDistributions):
        raise LikelihoodRefused(family, f"gives {type(told).__name__}, not CellDistributions")
    shape = (*chorale.pitch.shape, COLUMNS)
    pitch = _plain(family, "pitch", told.pitch, shape)
    with np.errstate(over="ignore"):
        sums = np.exp(pitch[written].astype(np.float64)).sum(-1)
    if (wrong := sums[~(np.abs(sums - 1) < MAX_ERROR)]).size:
        raise LikelihoodRefused(
            family, f"gives probabilities of a cell's pitches that sum to {wrong[0]:.4g}, not 1"
        )
    if not np.isfinite(pitch[written]).all():
        raise LikelihoodRefused(
            family, "gives a pitch the probability 0, and so an infinite loss; give it a floor"
        )
    if told.onset is None:
        return CellDistributions(pitch)
    onset = _plain(family, "onset", told.onset, shape)
    if (wrong := onset[written][~(onset[written] <= MAX_ERROR)]).size:
        raise LikelihoodRefused(
            family, f"gives {wrong[0]:.4g} as the log-probability of an onset; 0 is the most"
        )
    if not np.isfinite(onset[written]).all():
        raise LikelihoodRefused(family, "gives an onset the probability 0; give it a floor")
    return CellDistributions(pitch, np.minimum(onset, 0))


def _plain(family: str, what: str, table: object, shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        plain = np.array(table, dtype=np.float32, subok=False)
    except (TypeError, ValueError) as error:
        raise LikelihoodRefused(family, f"gives no log-probabilities of {what}: {error}") from error
    if plain.shape != shape:
        raise LikelihoodRefused(
            family, f"gives log-probabilities of {what} of shape {plain.shape}, not {shape}"
        )
    return plain
