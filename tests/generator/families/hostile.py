"""Families that cheat or break, one trick each; `CAUGHT` has what the door says of them."""

from __future__ import annotations

import time

import numpy as np

from generator.families.markov.markov import Markov
from generator.music.grid.chorale import REST, Chorale, repaired_onsets

SOPRANO, ALTO, BASS = 0, 1, 3


class Harmless(Markov):
    """Writes one note, by the seed, wherever it may: the door lets it pass."""

    name = "harmless"

    def _fill(self, chorale, given, *, seed, settings, run):
        pitch = np.where(given, chorale.pitch, 55 + seed % 12)
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & given))


class Peeker(Markov):
    """Gives back what it was handed: Bach's piece, if it holds that."""

    name = "peeker"

    def _fill(self, chorale, given, *, seed, settings, run):
        return chorale


class Breaker(Markov):
    """Writes one note over all voices, the given ones too."""

    name = "breaker"

    def _fill(self, chorale, given, *, seed, settings, run):
        return chorale.with_voices(np.full_like(chorale.pitch, 60), repaired_onsets(
            np.full_like(chorale.pitch, 60), chorale.onset & False))  # fmt: skip


class Changed(Harmless):
    """A harmless piece, changed by `change` before it is returned."""

    def _fill(self, chorale, given, *, seed, settings, run):
        piece = super()._fill(chorale, given, seed=seed, settings=settings, run=run)
        return self.change(piece, given)

    def change(self, piece: Chorale, given: np.ndarray) -> object:
        raise NotImplementedError


class OneNote(Changed):
    name = "one-note"

    def change(self, piece, given):
        pitch = piece.pitch.copy()
        pitch[SOPRANO, 5] = 61 if pitch[SOPRANO, 5] != 61 else 62
        return piece.with_voices(pitch, repaired_onsets(pitch, piece.onset & (pitch != REST)))


class Restriker(Changed):
    """Repeats a given note that is held; all pitches stay."""

    name = "restriker"

    def change(self, piece, given):
        onset = piece.onset.copy()
        held = given & ~piece.onset & (piece.pitch != REST)
        onset[tuple(np.argwhere(held)[0])] = True
        return piece.with_voices(piece.pitch, onset)


class Longer(Changed):
    name = "longer"

    def change(self, piece, given):
        return Chorale(np.tile(piece.pitch, 2), np.tile(piece.onset, 2))


class Shorter(Changed):
    name = "shorter"

    def change(self, piece, given):
        return piece.slice(0, piece.steps - 1)


class Silent(Changed):
    name = "silent"

    def change(self, piece, given):
        return piece.with_voices(np.where(given, piece.pitch, REST), piece.onset & given)


class Empty(Changed):
    """A chorale that was never made."""

    name = "empty"

    def change(self, piece, given):
        return object.__new__(Chorale)


class Tuple(Changed):
    name = "tuple"

    def change(self, piece, given):
        return piece.pitch, piece.onset


class LooseChorale(Chorale):
    """Could answer each check with other notes."""


class Subclass(Changed):
    name = "subclass"

    def change(self, piece, given):
        return LooseChorale(piece.pitch, piece.onset)


class MaskFlipper(Peeker):
    """Says that all was given, so that nothing was left to write."""

    name = "mask-flipper"

    def _fill(self, chorale, given, *, seed, settings, run):
        given.setflags(write=True)
        given[:] = True
        return chorale


class MaskEraser(Breaker):
    """Says that nothing was given, so that all may be written over."""

    name = "mask-eraser"

    def _fill(self, chorale, given, *, seed, settings, run):
        given.setflags(write=True)
        given[:] = False
        return super()._fill(chorale, given, seed=seed, settings=settings, run=run)


class ArrayWriter(Markov):
    """Writes into the arrays of its input, and returns that."""

    name = "array-writer"

    def _fill(self, chorale, given, *, seed, settings, run):
        for array in (chorale.pitch, chorale.onset):
            array.setflags(write=True)
        chorale.pitch[:] = 60
        chorale.onset[:] = True
        return chorale


class TooFew(Harmless):
    name = "too-few"

    def _fill_many(self, tasks, seeds, *, settings, run):
        return super()._fill_many(tasks, seeds, settings=settings, run=run)[1:]


class TooMany(Harmless):
    name = "too-many"

    def _fill_many(self, tasks, seeds, *, settings, run):
        return super()._fill_many(tasks, seeds, settings=settings, run=run) * 2


class Unwritten(Harmless):
    name = "unwritten"

    def _fill_many(self, tasks, seeds, *, settings, run):
        return None


class Lazy(Harmless):
    """Would write after the door has looked at the clock."""

    name = "lazy"

    def _fill_many(self, tasks, seeds, *, settings, run):
        pieces = super()._fill_many(tasks, seeds, settings=settings, run=run)
        return (piece for piece in pieces)


class Raiser(Markov):
    name = "raiser"

    def _fill(self, chorale, given, *, seed, settings, run):
        raise ValueError("no chord fits here")


class Divider(Markov):
    name = "divider"

    def _fill(self, chorale, given, *, seed, settings, run):
        return 1 // (seed - seed)


class SameForAll(Harmless):
    """The same notes for every seed."""

    name = "same-for-all"

    def _fill(self, chorale, given, *, seed, settings, run):
        return super()._fill(chorale, given, seed=0, settings=settings, run=run)


class Fickle(Harmless):
    """Other notes at every fill."""

    name = "fickle"

    def _fill(self, chorale, given, *, seed, settings, run):
        self.fills = getattr(self, "fills", 0) + 1
        return super()._fill(chorale, given, seed=self.fills, settings=settings, run=run)


class Clockwork(Harmless):
    """Notes by the clock, many of them: two fills agree on none by chance."""

    name = "clockwork"

    def _fill(self, chorale, given, *, seed, settings, run):
        rng = np.random.default_rng(time.perf_counter_ns())
        pitch = np.where(given, chorale.pitch, rng.integers(55, 67, chorale.steps))
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & given))


CHANGES_ALL = "changed given cells: voice S, step 0, pitch"
CAUGHT = {
    Peeker: "wrote nothing in 96 cells",
    Silent: "wrote nothing in 96 cells",
    MaskFlipper: "wrote nothing in 96 cells",
    Breaker: CHANGES_ALL,
    MaskEraser: CHANGES_ALL,
    ArrayWriter: CHANGES_ALL,
    OneNote: "changed given cells: voice S, step 5, ",
    Restriker: "changed given cells: voice S, step 1, pitch 67 to pitch 67 that begins",
    Longer: "returned 64 steps for 32",
    Shorter: "returned 31 steps for 32",
    Empty: "returned no chorale: ",
    Tuple: "returned tuple, not a chorale",
    Subclass: "returned LooseChorale, not a chorale",
    TooFew: "returned 0 pieces for 1",
    TooMany: "returned 2 pieces for 1",
    Unwritten: "returned NoneType, not a list of pieces",
    Lazy: "returned generator, not a list of pieces",
    Raiser: "failed (ValueError: no chord fits here)",
    Divider: "failed (ZeroDivisionError: integer division or modulo by zero)",
}
