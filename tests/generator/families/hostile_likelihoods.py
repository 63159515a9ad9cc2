"""Families whose likelihoods are none, one trick each, and what is said of them."""

from __future__ import annotations

import numpy as np

from generator.families.likelihoods import COLUMNS, REST_COLUMN, CellDistributions, pitch_columns
from generator.music.grid.chorale import REST
from tests.generator.families.hostile import Harmless

EVEN = np.float32(-np.log(COLUMNS))
SURE = np.float32(np.log1p(-1e-6))


def even(cells: np.ndarray) -> np.ndarray:
    return np.full((*cells.shape, COLUMNS), EVEN)


def sure_of(columns: np.ndarray) -> np.ndarray:
    """float32[4, T, 129]: all but nothing on one column."""
    tables = np.full((*columns.shape, COLUMNS), np.log(1e-6 / REST_COLUMN), np.float32)
    np.put_along_axis(tables, columns[..., None], SURE, axis=-1)
    return tables


class Even(Harmless):
    """Finds all pitches equally probable: nothing is wrong with that."""

    name = "even"

    def cell_predictions(self, chorale, given):
        return CellDistributions(self.tell(pitch_columns(chorale)))

    def cell_distributions(self, chorale, given):
        return CellDistributions(self.tell(pitch_columns(chorale)))

    def tell(self, columns):
        return even(columns)


# No distributions at all.


class Certain(Even):
    name = "certain"

    def tell(self, columns):
        return even(columns) * 0


class TooSure(Even):
    """One part in a hundred too much for each pitch."""

    name = "too-sure"

    def tell(self, columns):
        return even(columns) + 0.01


class LessThanOne(Even):
    name = "less-than-one"

    def tell(self, columns):
        return even(columns) - 0.01


class NoNumber(Even):
    name = "no-number"

    def tell(self, columns):
        return even(columns) * np.nan


class Endless(Even):
    name = "endless"

    def tell(self, columns):
        return even(columns) * -1e6


class Impossible(Even):
    name = "impossible"

    def tell(self, columns):
        tables = np.full((*columns.shape, COLUMNS), -np.log(REST_COLUMN))
        tables[..., 0] = -np.inf
        return tables


class NoColumnForRests(Even):
    name = "no-rests"

    def tell(self, columns):
        return even(columns)[..., :REST_COLUMN]


class AnotherLength(Even):
    name = "another-length"

    def tell(self, columns):
        return even(columns)[:, 1:]


class Words(Even):
    name = "words"

    def tell(self, columns):
        return "likely"


class Liar(np.ndarray):
    """An array that says of itself what is asked for."""

    def astype(self, *args, **more):
        return even(np.zeros(self.shape[:-1]))


class LyingArray(Even):
    name = "lying-array"

    def tell(self, columns):
        return (even(columns) * 0).view(Liar)


class SureOfOnsets(Even):
    name = "sure-of-onsets"
    onset = 0.1

    def cell_predictions(self, chorale, given):
        tables = even(chorale.pitch)
        return CellDistributions(tables, np.full(tables.shape, self.onset))

    cell_distributions = cell_predictions


class UnsureOfOnsets(SureOfOnsets):
    name = "unsure-of-onsets"
    onset = np.nan


class NeverBegins(SureOfOnsets):
    name = "never-begins"
    onset = -np.inf


class Fails(Even):
    name = "fails"

    def tell(self, columns):
        raise IndexError("no such cell")


class NoTables(Even):
    name = "no-tables"

    def cell_predictions(self, chorale, given):
        return even(chorale.pitch)

    cell_distributions = cell_predictions


NO_DISTRIBUTIONS = {
    Fails: "failed (IndexError: no such cell)",
    NoTables: "gives ndarray, not CellDistributions",
    Certain: "gives probabilities of a cell's pitches that sum to 129, not 1",
    TooSure: "gives probabilities of a cell's pitches that sum to 1.01, not 1",
    LessThanOne: "gives probabilities of a cell's pitches that sum to 0.99, not 1",
    NoNumber: "gives probabilities of a cell's pitches that sum to nan, not 1",
    Endless: "gives probabilities of a cell's pitches that sum to inf, not 1",
    Impossible: "gives a pitch the probability 0, and so an infinite loss",
    NoColumnForRests: "gives log-probabilities of pitch of shape (4, 32, 128), not (4, 32, 129)",
    AnotherLength: "gives log-probabilities of pitch of shape (4, 31, 129), not (4, 32, 129)",
    Words: "gives no log-probabilities of pitch: could not convert string",
    LyingArray: "gives probabilities of a cell's pitches that sum to 129, not 1",
    SureOfOnsets: "gives 0.1 as the log-probability of an onset; 0 is the most",
    UnsureOfOnsets: "gives nan as the log-probability of an onset; 0 is the most",
    NeverBegins: "gives an onset the probability 0",
}


# Distributions from left to right that know what they should not.


class Knowing(Even):
    """Is sure of the very note that it is asked for."""

    name = "knowing"

    def tell(self, columns):
        return sure_of(columns)


class KnowingWhenLong(Knowing):
    """Is honest where it may be looked at closely."""

    name = "knowing-when-long"

    def tell(self, columns):
        return even(columns) if columns.shape[1] <= 8 else sure_of(columns)


class HonestAtTheEnd(Knowing):
    name = "honest-at-the-end"

    def tell(self, columns):
        tables = sure_of(columns)
        tables[2, -1] = EVEN
        return tables


class LooksAhead(Even):
    """Expects what comes next."""

    name = "looks-ahead"

    def tell(self, columns):
        return sure_of(np.roll(columns, -1, axis=1))


class LooksAside(Even):
    """The bass knows the soprano of its own step."""

    name = "looks-aside"

    def tell(self, columns):
        tables = even(columns)
        tables[3] = sure_of(columns)[0]
        return tables


class KnowsOnsets(Even):
    """Its pitches are even, but it is sure whether a note begins."""

    name = "knows-onsets"

    def cell_predictions(self, chorale, given):
        tables = even(chorale.pitch)
        onset = np.where(chorale.onset[..., None], -1e-6, -20.0)
        return CellDistributions(tables, np.broadcast_to(onset, tables.shape))


LOOKING = (Knowing, KnowingWhenLong, HonestAtTheEnd, LooksAhead, LooksAside, KnowsOnsets)
AHEAD = "looks ahead: notes change the likelihood of notes before them"


# Honest by what they are handed.


class Echo(Even):
    """Is sure of whatever stands in a cell that it is asked for, and of the work by its name."""

    name = "echo"

    def cell_distributions(self, chorale, given):
        assert chorale.bwv == chorale.title == ""
        return CellDistributions(sure_of(pitch_columns(chorale)))


class MaskChanger(Even):
    """Says that it was asked for rests alone, which it is sure of."""

    name = "mask-changer"

    def cell_distributions(self, chorale, given):
        given.setflags(write=True)
        given[:] = chorale.pitch != REST
        return super().cell_distributions(chorale, given)

    def cell_predictions(self, chorale, given):
        given.setflags(write=True)
        given[:] = True
        return super().cell_predictions(chorale, given)
