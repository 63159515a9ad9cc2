"""Given notes that are held over from written cells.

A given cell that continues a note says what sounded before it: the written cell at its left must
hold the same pitch, whatever a machine would like, or the given cell could not come back as it was.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale


def tied(chorale: Chorale, given: BoolArray) -> tuple[Chorale, BoolArray]:
    """The chorale with such cells settled, and the mask that has them given.

    The note is led back to its beat, or to the last given cell, so that no flicker stands before a
    tie, and begins there. Nothing is read from the written cells.

    Parameters
    ----------
    chorale : Chorale
    given : bool[4, T]
    """
    held = given[:, 1:] & ~given[:, :-1] & ~chorale.onset[:, 1:] & (chorale.pitch[:, 1:] != REST)
    if not held.any():
        return chorale, given
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    pitch, onset, known = chorale.pitch.copy(), chorale.onset.copy(), given.copy()
    for voice, last in np.argwhere(held):
        first = int(last)
        while first > 0 and phase[first] and not given[voice, first - 1]:
            first -= 1
        span = slice(first, last + 1)
        pitch[voice, span] = pitch[voice, last + 1]
        onset[voice, span] = np.arange(first, last + 1) == first
        known[voice, span] = True
    return chorale.with_voices(pitch, onset), known
