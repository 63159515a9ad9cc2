"""Where phrases end: at fermatas, and at cuts that no voice holds a note over."""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, BoolArray, Chorale


def cuts(chorale: Chorale) -> BoolArray:
    """bool[T + 1]: true where all voices begin a note or a rest, and at the end."""
    rest = chorale.pitch == REST
    begins = chorale.onset.copy()
    begins[:, 0] = True
    begins[:, 1:] |= rest[:, 1:] & ~rest[:, :-1]
    return np.append(begins.all(axis=0), True)


def phrase_ends(chorale: Chorale) -> list[int]:
    """Steps at which a soprano note with a fermata has just ended, and all voices with it."""
    marked = chorale.fermata & (chorale.pitch[0] != REST)
    return (np.flatnonzero(cuts(chorale)[1:] & marked) + 1).tolist()


def fermata_ends(chorale: Chorale) -> BoolArray:
    """bool[T]: true at the first step after a fermata note, whatever the other voices do."""
    fermata = chorale.fermata
    ends = np.zeros(chorale.steps, dtype=np.bool_)
    # The soprano carries the fermata; where it rests, any voice that sounds.
    carrier = np.where(chorale.pitch[0] != REST, chorale.onset[0], chorale.onset.any(axis=0))
    ends[1:] = fermata[:-1] & (~fermata[1:] | carrier[1:])
    return ends
