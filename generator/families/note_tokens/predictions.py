"""What a network of integer notes says of each cell before it is written, exactly.

Between two notes, each cell might have been the place of the next. The network's distribution over
the next symbol is one over cells and pitches, so the probability that a note begins in a cell,
given that none began in the cells before it, is its share of what is left. Otherwise the voice
holds what it has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.families.likelihoods import COLUMNS, REST_COLUMN, TIME_ORDER, CellDistributions
from generator.families.note_tokens.notes import NoteTable, common_key_shift, notes_of
from generator.music.grid.chorale import REST, Chorale

FloatArray = NDArray[np.float64]
FLOOR = 1e-5
"""Of the probability of a cell, spread over all pitches: no note is impossible."""
NOTHING_LEFT = 1e-12


def cell_predictions(chorale: Chorale, table: NoteTable, logits: FloatArray) -> CellDistributions:
    """The distributions of all cells, given or not.

    Parameters
    ----------
    chorale : Chorale
        T steps and n notes.
    table : NoteTable
        N symbols.
    logits : float64[n + 1, N]
        Of what follows the start and each of the notes of the chorale.
    """
    shape = (*chorale.pitch.shape, COLUMNS)
    pitch = np.zeros(shape, np.float32)
    onset = np.zeros(shape, np.float32)
    waits = _Waits(table, common_key_shift(chorale.key))
    notes = [*notes_of(chorale), None]
    sounding: list[int | None] = [None] * 4
    first_cell = before = step = 0
    for note, row in zip(notes, logits, strict=True):
        if note is not None:
            step += note.wait
        stop = 4 * chorale.steps if note is None else 4 * step + TIME_ORDER.index(note.voice) + 1
        begun = waits.begun(row, first_cell - 4 * before, stop - first_cell)
        for cell, begin in zip(range(first_cell, stop), begun, strict=True):
            voice = TIME_ORDER[cell % 4]
            at = voice, cell // 4
            pitch[at], onset[at] = _of_cell(begin, sounding[voice])
        if note is not None:
            sounding[note.voice] = _column(note.pitch)
        first_cell, before = stop, step
    return CellDistributions(pitch, onset)


class _Waits:
    """Symbols sorted by the cell that they stand in, counted from the step of the note before."""

    def __init__(self, table: NoteTable, shift: int) -> None:
        self.offset = table.offset
        own = np.where(table.pitch == REST, REST_COLUMN, table.pitch - shift)
        self.column = np.where((own >= 0) & (own < COLUMNS), own, REST_COLUMN)

    def begun(self, logits: FloatArray, first: int, count: int) -> FloatArray:
        """float64[count, 129]: that a note of each pitch begins in a cell, if none has before."""
        # Symbols in cells that are over, such as the note's own, are impossible.
        possible = self.offset >= first
        begun = np.zeros((count, COLUMNS))
        if not count or not possible.any():
            return begun
        share = np.exp(np.where(possible, logits - logits[possible].max(), -np.inf))
        near = possible & (self.offset < first + count)
        np.add.at(begun, (self.offset[near] - first, self.column[near]), share[near])
        left = share.sum() - np.append(0, np.cumsum(begun.sum(axis=1))[:-1])
        enough = left > NOTHING_LEFT * share.sum()
        begun /= np.where(enough, left, 1)[:, None]
        begun[~enough] = 0
        return np.minimum(begun, 1)


def _of_cell(begin: FloatArray, sounding: int | None) -> tuple[FloatArray, FloatArray]:
    """Log-probabilities of the pitches of a cell, and of an onset given the pitch."""
    begin = begin + FLOOR / COLUMNS
    total = begin.copy()
    if sounding is not None:
        total[sounding] += max(0.0, 1 - begin.sum()) + FLOOR
    return np.log(total / total.sum()), np.log(begin / total)


def _column(pitch: int) -> int:
    return REST_COLUMN if pitch == REST else pitch
