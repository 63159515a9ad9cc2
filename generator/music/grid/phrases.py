"""Fermatas, and where phrases end: at fermatas and at cuts that no voice holds a note over."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from generator.music.grid.chorale import REST, BoolArray, Chorale


def fermata_steps(voices: Iterable[Iterable[tuple[int, int]]], steps: int) -> BoolArray:
    """bool[steps]: true under notes with a fermata.

    A lower voice's fermata counts only if no higher voice has one during that note.

    Parameters
    ----------
    voices : from the highest down, each voice's notes with a fermata as (start, end)
    steps : int

    Examples
    --------
    >>> fermata_steps([[(0, 2)], [(1, 3), (3, 4)]], 5).tolist()
    [True, True, False, True, False]
    """
    marks = np.zeros(steps, dtype=np.bool_)
    for notes in voices:
        for start, end in notes:
            if not marks[start:end].any():
                marks[start:end] = True
    return marks


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
