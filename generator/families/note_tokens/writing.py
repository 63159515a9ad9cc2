"""Writes integer notes from left to right around what is given.

The next note is drawn from the network's distribution, without those that nobody may write: notes
in the past, in given cells, out of a voice's range, and rests. A note that would come after the
next given one means that nothing is written until then: the given note is read and the network goes
on from it. So what is given later is not seen before it sounds.

A written voice must have a note: at the first step, and after a given rest or a given note outside
the voice's range, its note is drawn from those of the voice.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generator.families.fill_run import FillRun
from generator.families.likelihoods import TIME_ORDER
from generator.families.note_tokens.notes import (
    FIRST,
    START,
    NoteTable,
    NoteToken,
    common_key_shift,
    in_key,
    voices_of,
)
from generator.music.grid.chorale import (
    REST,
    VOICE_RANGES,
    BoolArray,
    Chorale,
    Scalar,
    repaired_onsets,
)

FloatArray = NDArray[np.float64]


class Reader(Protocol):
    """A network that reads one number after the other."""

    def read(self, number: int) -> NDArray[np.float32]:
        """float32[N]: logits of the symbol that follows, in the order of the table."""
        ...


class SymbolChoice:
    """Draws symbols at a temperature; with `argmax`, takes the likeliest after an opening."""

    def __init__(
        self, seed: int, temperature: float, *, argmax: bool = False, opening: int = 0
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.temperature = temperature
        self.argmax = argmax
        self.left = opening

    def of(self, logits: FloatArray, allowed: BoolArray) -> int:
        """The number of one of the allowed symbols, of which there is at least one."""
        if self.argmax and self.left <= 0:
            return int(np.where(allowed, logits, -np.inf).argmax())
        scaled = np.where(allowed, logits, -np.inf) / self.temperature
        sums = np.cumsum(np.exp(scaled - scaled.max()))
        drawn = int(np.searchsorted(sums, self.rng.random() * sums[-1], side="right"))
        return min(drawn, int(np.flatnonzero(allowed)[-1]))

    def written(self) -> None:
        """A note has been written."""
        self.left -= 1


class _Frame:
    """What is fixed before anything is written. Cells are counted in the order of writing."""

    def __init__(self, chorale: Chorale, given: BoolArray) -> None:
        order = list(TIME_ORDER)
        pitch = np.where(given, chorale.pitch, REST)
        before, known = _moved(pitch, REST), _moved(given, False)
        rests = given & (pitch == REST)
        rested = known & (before == REST)
        sounding = given & (pitch != REST)
        forced = (rests & ~rested) | (sounding & (chorale.onset | ~known))
        low, high = np.array(VOICE_RANGES)[:, :, None].transpose(1, 0, 2)
        due = ~given & known & ((before < low) | (before > high))  # a rest is below all ranges
        due[:, 0] = ~given[:, 0]
        self.cells = 4 * chorale.steps
        self.pitch = pitch[order].T.ravel()
        self.written = ~given[order].T.ravel()
        self.forced = forced[order].T.ravel()
        stops = np.flatnonzero(self.forced | due[order].T.ravel())
        self.stops: list[int] = [*stops.tolist(), self.cells]


class NoteWriter:
    """One piece under way: `step` is that of the next note, or the length if there is none."""

    def __init__(
        self,
        chorale: Chorale,
        given: BoolArray,
        table: NoteTable,
        reader: Reader,
        choice: SymbolChoice,
    ) -> None:
        self.frame = _Frame(chorale, given)
        self.table, self.reader, self.choice = table, reader, choice
        self.shift = common_key_shift(chorale.key)
        self.singable = table.singable[self.shift]
        self.notes: list[NoteToken] = []
        self._before = 0  # the step of the last note
        self._cell, self._stop = -1, 0
        self._decide(START)

    @property
    def step(self) -> int:
        return self._next_cell // 4

    def take(self) -> None:
        """Put the next note down, and decide on the one after it."""
        cell, pitch = self._next_cell, self._next_pitch
        note = NoteToken(TIME_ORDER[cell % 4], pitch, cell // 4 - self._before)
        self.notes.append(note)
        self._cell, self._before = cell, cell // 4
        if self.frame.written[cell]:
            self.choice.written()
        read = note._replace(pitch=in_key(pitch, self.shift))
        self._decide(FIRST + self.table.nearest(read))

    def _decide(self, last: int) -> None:
        """The cell and the pitch of the note that follows the one of this number."""
        logits = self.reader.read(last).astype(np.float64)
        frame, table = self.frame, self.table
        while frame.stops[self._stop] <= self._cell:
            self._stop += 1
        stop = frame.stops[self._stop]
        cells = 4 * self._before + table.offset
        later = cells >= stop
        within = (cells > self._cell) & ~later
        within[within] = frame.written[cells[within]]
        allowed = later | (within & self.singable)
        chosen = self.choice.of(logits, allowed) if allowed.any() else None
        if chosen is not None and not later[chosen]:
            self._next_cell = int(cells[chosen])
            self._next_pitch = int(table.pitch[chosen]) - self.shift
            return
        self._next_cell = stop
        if stop < frame.cells:
            forced = bool(frame.forced[stop])
            self._next_pitch = int(frame.pitch[stop]) if forced else self._due(logits, cells, stop)

    def _due(self, logits: FloatArray, cells: NDArray[np.intp], stop: int) -> int:
        """The pitch of a voice that must have a note in this cell."""
        of_voice = self.singable & (self.table.voice == TIME_ORDER[stop % 4])
        here = of_voice & (cells == stop)
        chosen = self.choice.of(logits, here if here.any() else of_voice)
        return int(self.table.pitch[chosen]) - self.shift


def write(
    chorale: Chorale,
    given: BoolArray,
    *,
    table: NoteTable,
    reader: Reader,
    choice: SymbolChoice,
    run: FillRun,
) -> Chorale:
    """The chorale with the cells written that are not given.

    Parameters
    ----------
    chorale : Chorale
    given : bool[4, T]
    table : the symbols of `reader`
    reader : a network that has read nothing yet
    choice : how the next symbol is chosen
    run : the budget; it is asked at each step
    """
    writer = NoteWriter(chorale, given, table, reader, choice)
    for step in run.needed(chorale.steps):
        while writer.step == step:
            writer.take()
    pitch, onset = voices_of(writer.notes, chorale.steps)
    pitch = np.where(given, chorale.pitch, pitch)
    onset = np.where(given, chorale.onset, repaired_onsets(pitch, onset))
    return chorale.with_voices(pitch, onset)


def _moved(values: NDArray[Scalar], first: Scalar | int) -> NDArray[Scalar]:
    """Each cell's value one step earlier."""
    moved: NDArray[Scalar] = np.roll(values, 1, axis=1)
    moved[:, 0] = first
    return moved
