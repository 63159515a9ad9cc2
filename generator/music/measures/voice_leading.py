"""Parallel fifths and octaves.

Conventions
-----------
A *chord change* is a step at which any voice's pitch differs from the step before (a rest counts as
a pitch here). A *parallel* is a pair of voices that both move at a chord change, in the same
direction, with the same interval mod 12 before and after: 0 (unison, octave) or 7 (fifth). The
interval is the distance between the two notes, whichever voice is above. Both voices must sound
on both sides of the change.

Fermata ends are excepted: when a fermata note ends (the step before carries a fermata, and this
step does not, or begins a new note in the voice that carries it), a new phrase begins, and Bach
treats it as a fresh start. Such a change still counts as a chord change. The move into the fermata
note is not excepted.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count

PER = 1000  # parallels are quoted per 1,000 chord changes
PERFECT = (0, 7)  # intervals mod 12
VOICE_PAIRS = np.array(list(combinations(range(4), 2)))  # [6, 2]: SA, ST, SB, AT, AB, TB


def written_cells(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """`written` as bool[4, T], from bool[4] (whole voices) or bool[4, T].

    Raises
    ------
    ValueError
        If it has neither shape.
    """
    mask = np.asarray(written, dtype=np.bool_)
    if mask.shape == (4,):
        mask = np.repeat(mask[:, None], chorale.steps, axis=1)
    if mask.shape != chorale.pitch.shape:
        raise ValueError(
            f"written has shape {mask.shape}; use (4,) or the chorale's {chorale.pitch.shape}"
        )
    return mask


def chord_changes(chorale: Chorale) -> NDArray[np.intp]:
    """Steps at which any voice's pitch differs from the step before."""
    pitch = chorale.pitch
    changed: NDArray[np.intp] = 1 + np.flatnonzero((pitch[:, 1:] != pitch[:, :-1]).any(axis=0))
    return changed


def parallels_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: which of `VOICE_PAIRS` move in parallel into each step.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        A pair counts if at least one of its four cells (two voices, two steps) is written.
    """
    touched = written_cells(chorale, written)[VOICE_PAIRS].any(axis=1)  # [6, T]
    parallel = parallel_motion(chorale.pitch, chorale.pitch != REST)
    parallel[:, 1:] &= touched[:, 1:] | touched[:, :-1]
    return parallel & ~fermata_ends(chorale)


def parallel_motion(pitch: NDArray[np.integer], sounding: BoolArray) -> BoolArray:
    """bool[..., 6, T]: which of `VOICE_PAIRS` move in parallel into each step, fermatas or not.

    Parameters
    ----------
    pitch : int[..., 4, T], in semitones
    sounding : bool[..., 4, T], false in rests
    """
    one, two = (pitch[..., voices, :].astype(np.int32) for voices in VOICE_PAIRS.T)
    interval = np.abs(one - two) % 12
    direction = np.sign(np.diff(one))
    parallel: BoolArray = np.asarray(sounding[..., VOICE_PAIRS, :].all(axis=-2))  # [..., 6, T]
    parallel[..., 1:] &= (
        parallel[..., :-1]
        & (direction == np.sign(np.diff(two)))
        & (direction != 0)
        & (interval[..., 1:] == interval[..., :-1])
        & np.isin(interval[..., 1:], PERFECT)
    )
    parallel[..., 0] = False
    return parallel


def parallels(chorale: Chorale, written: ArrayLike) -> Count:
    """Parallel fifths and octaves, of chord changes; times `PER` it is the published figure.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        What the machine wrote. For Bach's own figure on the same pairs of voices, pass Bach's
        chorale with the same mask.

    Returns
    -------
    Count
        Pairs of voices in parallel, of chord changes. Two pairs at one step count twice.

    Raises
    ------
    ValueError
        If `written` has neither shape.

    Examples
    --------
    >>> c = Chorale(pitch=[[74, 76], [67, 67], [67, 69], [55, 53]], onset=[[1] * 2] * 4)
    >>> parallels(c, [True] * 4)
    Count(count=1, of=1)
    """
    return Count(int(parallels_at(chorale, written).sum()), len(chord_changes(chorale)))
