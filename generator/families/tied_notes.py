"""Given notes that are held over from written cells.

A given cell that continues a note says what sounded just before it. The written cell to its left
must hold the same pitch, whatever a machine would prefer, or the given cell could not come back as
it was.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale


def clamp_tied_notes(chorale: Chorale, given: BoolArray) -> tuple[Chorale, BoolArray]:
    """The chorale with such cells filled, and the mask with them given.

    The note is extended back to its beat, or to the last given cell, and begins there, so that
    nothing flickers before a tie. Nothing is read from the written cells.

    Parameters
    ----------
    chorale : Chorale
    given : bool[4, T]
    """
    tied = given[:, 1:] & ~given[:, :-1] & ~chorale.onset[:, 1:] & (chorale.pitch[:, 1:] != REST)
    if not tied.any():
        return chorale, given
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    pitch, onset, clamped = chorale.pitch.copy(), chorale.onset.copy(), given.copy()
    for voice, last in np.argwhere(tied):
        first = int(last)
        while first > 0 and phase[first] and not given[voice, first - 1]:
            first -= 1
        span = slice(first, last + 1)
        pitch[voice, span] = pitch[voice, last + 1]
        onset[voice, span] = np.arange(first, last + 1) == first
        clamped[voice, span] = True
    return chorale.with_voices(pitch, onset), clamped
