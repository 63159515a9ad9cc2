"""How phrases end: open, or with an authentic cadence.

Conventions
-----------
A phrase ends with the last step of a fermata note. The end is *open* if its sonority is no triad in
root position as `style.closes_on_triad` has it: a major or minor triad over its root, or the root
with the third or the fifth alone.

An end that is not open is an *authentic cadence* if the bass comes into its root, in whatever
octave, from the fifth above the root, from the leading tone or from the second degree (V, V6 or
vii6, vii or V4/3), and if a voice has the leading tone, the semitone below the root, in the beat
before; under a bass on the leading tone the second degree and the fourth or fifth sound as well,
or E to F in A minor would be one. The key of the piece plays no part: cadences in all keys count. A
half, a plagal or a deceptive cadence is neither open nor authentic.

An end is *moving* if a written lower voice begins a note while the soprano's last one sounds.

Of every end that counts at least one cell of the last step is written.

References
----------
Kostka, Payne and Almén, "Tonal Harmony", 7th edition 2013, chapter 10: authentic cadences are V or
vii to I, perfect and imperfect ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count
from generator.music.measures.style import closes_on_triad
from generator.music.measures.voice_leading import written_cells

DOMINANT_BASSES = (7, 11, 2)  # above the root that follows
LEADING_TONE = 11
OF_THE_DOMINANT = (5, 7)
"""Above the root that follows: one of them is in V6 and in vii."""


def phrase_ends_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[T]: the last steps of fermata notes at which a cell is written.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    last = np.append(fermata_ends(chorale)[1:], chorale.fermata[-1])
    ends: BoolArray = last & written_cells(chorale, written).any(axis=0)
    return ends


def open_ends_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[T]: the phrase ends that are open; all voices take part.

    The arguments and errors are those of `phrase_ends_at`.
    """
    ends = phrase_ends_at(chorale, written)
    for step in np.flatnonzero(ends):
        ends[step] = not closes_on_triad(chorale, int(step))
    return ends


def authentic_ends_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[T]: the phrase ends that are authentic cadences; all voices take part.

    The arguments and errors are those of `phrase_ends_at`.
    """
    ends = phrase_ends_at(chorale, written)
    for step in np.flatnonzero(ends):
        ends[step] = is_authentic(chorale, int(step))
    return ends


def authentic_ends(chorale: Chorale, written: ArrayLike) -> Count:
    """Authentic cadences, of phrase ends.

    The arguments and errors are those of `phrase_ends_at`.

    Examples
    --------
    >>> c = Chorale(pitch=[[71, 72], [67, 67], [62, 64], [55, 48]], onset=[[1] * 2] * 4,
    ...             fermata=[0, 1])
    >>> authentic_ends(c, [True] * 4)
    Count(count=1, of=1)
    """
    ends = phrase_ends_at(chorale, written)
    return Count(int(authentic_ends_at(chorale, written).sum()), int(ends.sum()))


def moving_ends(chorale: Chorale, written: ArrayLike) -> Count:
    """Phrase ends under whose last soprano note a written lower voice begins another, of all.

    The arguments and errors are those of `phrase_ends_at`.

    Examples
    --------
    >>> c = Chorale(pitch=[[72] * 4, [65, 65, 64, 64], [60] * 4, [48] * 4],
    ...             onset=[[1, 0, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]],
    ...             fermata=[1] * 4)
    >>> moving_ends(c, [True] * 4)
    Count(count=1, of=1)
    """
    ends = np.flatnonzero(phrase_ends_at(chorale, written))
    cells = chorale.onset & written_cells(chorale, written)
    begun = np.logical_or.reduce(cells[1:])
    begins = chorale.onset[0] | ~np.append(False, chorale.fermata[:-1])
    starts = np.maximum.accumulate(np.where(begins, np.arange(chorale.steps), 0))
    moving = [begun[starts[end] + 1 : end + 1].any() for end in ends]
    return Count(int(np.sum(moving)), len(ends))


def is_authentic(chorale: Chorale, step: int) -> bool:
    """Whether an authentic cadence leads to the sonority of a step."""
    bass = chorale.pitch[3, : step + 1].astype(np.int64)
    root = int(bass[-1])
    others = np.flatnonzero((bass - root) % 12 != 0)
    if not others.size or not closes_on_triad(chorale, step):
        return False
    before = int(others[-1])
    if bass[before] == REST or (bass[before] - root) % 12 not in DOMINANT_BASSES:
        return False
    if fermata_ends(chorale)[before + 1 : step + 1].any():
        return False
    beats = np.flatnonzero(on_beat(chorale)[: before + 1])
    beat = int(beats[-1]) if beats.size else 0
    penult = chorale.pitch[:, beat : before + 1].astype(np.int64)
    degrees = set(((penult - root) % 12)[penult != REST].tolist())
    if (bass[before] - root) % 12 == LEADING_TONE:
        return 2 in degrees and not degrees.isdisjoint(OF_THE_DOMINANT)
    return LEADING_TONE in degrees
