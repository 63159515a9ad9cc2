"""Which voice sings which key: a rule for music that says what sounds, but not who sings it.

A piano roll, or a text of keys, forgets the voices. This is the rule that finds them again. At each
step a set of keys sounds, and some of them are struck there. Then:

1. Every sounding key gets at least one voice inside its range (`VOICE_RANGES`), as far as the
   ranges allow it and as four voices are enough. Of more than four keys the highest and the lowest
   come first, and the voices descend.
2. As few voices rest as possible. So voices share a key where there are fewer keys than voices, and
   a voice rests only where no key lies in its range.
3. A voice moves only to a key that is struck: it holds what is not.
4. Among all ways that are left, the one with the least cost over the whole piece is taken. The cost
   is the motion of all voices in semitones, plus `CROSSING` for each pair of voices that is not in
   descending order, at each change. Dynamic programming over the changes finds it; a tie is broken
   towards higher keys in the higher voices.

A struck key begins a note in the voices that come to it; if none comes, in all that were on it.
Cells of voices that are given are fixed.

Conventions
-----------
Keys are MIDI numbers, so a set of keys is bool[T, 128]. Voices are S, A, T, B = 0..3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.chorale import (
    REST,
    VOICE_RANGES,
    BoolArray,
    Chorale,
    PitchArray,
    repaired_onsets,
)

KEYS = 128
VOICES = len(VOICE_RANGES)
CROSSING = 3.0
"""Cost of a pair of voices that cross, in semitones of motion, at each change."""
ILLEGAL = 1e4
"""Cost of a voice that moves to a key that nobody strikes: more than any piece moves in a step."""
MOST_KEYS = 12
"""Keys of one step that are looked at; a hand on a whole cluster says nothing about voices."""
FREE = REST - 1
"""In a row of fixed pitches: a voice that may choose."""

Ways = NDArray[np.int16]


def key_sets(chorale: Chorale) -> tuple[BoolArray, BoolArray]:
    """The keys that sound and those that are struck, voices forgotten: bool[T, 128] each.

    Examples
    --------
    >>> unison = Chorale(pitch=[[60], [60], [55], [48]], onset=[[1], [1], [1], [1]])
    >>> sounding, struck = key_sets(unison)
    >>> sounding[0].nonzero()[0].tolist()
    [48, 55, 60]
    """
    sounding = np.zeros((chorale.steps, KEYS), dtype=np.bool_)
    struck = np.zeros_like(sounding)
    for pitch, onset in zip(chorale.pitch, chorale.onset, strict=True):
        steps = np.flatnonzero(pitch != REST)
        sounding[steps, pitch[steps]] = True
        steps = np.flatnonzero(onset)
        struck[steps, pitch[steps]] = True
    return sounding, struck


def assigned_voices(
    sounding: ArrayLike,
    struck: ArrayLike,
    *,
    pitch: ArrayLike | None = None,
    onset: ArrayLike | None = None,
    given: ArrayLike | None = None,
) -> tuple[PitchArray, BoolArray]:
    """The four voices of a piece of which only the keys are known.

    Parameters
    ----------
    sounding : bool[T, 128]
        The keys that sound at each step.
    struck : bool[T, 128]
        Those of them that begin there. A key that did not sound before begins in any case.
    pitch, onset, given : int[4, T], bool[4, T], bool[4, T], optional
        Where `given` is true, the voice has this pitch and onset; its key sounds, listed or not.

    Returns
    -------
    pitch : int16[4, T]
    onset : bool[4, T]
        As a `Chorale` has them.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is `given` without `pitch` and `onset`.

    Examples
    --------
    >>> sounding = np.zeros((2, 128), dtype=bool)
    >>> sounding[0, [48, 55, 64, 72]] = sounding[1, [47, 55, 62, 71]] = True
    >>> pitch, onset = assigned_voices(sounding, sounding)
    >>> pitch.tolist()
    [[72, 71], [64, 62], [55, 55], [48, 47]]
    """
    keys = np.array(sounding, dtype=np.bool_)
    begins = np.array(struck, dtype=np.bool_)
    if keys.ndim != 2 or keys.shape[1] != KEYS or len(keys) < 1 or begins.shape != keys.shape:
        raise ValueError(
            f"keys of shapes {keys.shape} and {begins.shape}; use [T, {KEYS}] for both, T >= 1"
        )
    fixed, given_onset = _fixed(len(keys), pitch, onset, given)
    for row, starts in zip(fixed, given_onset, strict=True):
        steps = np.flatnonzero(row >= 0)
        keys[steps, row[steps]] = True
        steps = np.flatnonzero(starts)
        begins[steps, row[steps]] = True
    begins[1:] |= keys[1:] & ~keys[:-1]
    begins[0] = True
    begins &= keys
    voices = _least_motion(keys, begins, fixed)
    starts = _onsets(voices, begins)
    return voices, np.where(fixed == FREE, starts, given_onset)


def free_ranges(pitch: ArrayLike, given: ArrayLike) -> tuple[PitchArray, PitchArray]:
    """The lowest and highest pitch that each written voice should have, int16[4, T] each.

    It is the voice's range between the given voices of the step. Where given voices cross, or leave
    a written voice nothing, all voices of the step have their whole ranges.

    Parameters
    ----------
    pitch : int[4, T]
    given : bool[4, T]

    Examples
    --------
    >>> low, high = free_ranges([[72], [0], [0], [48]], [[True], [False], [False], [True]])
    >>> low.ravel().tolist(), high.ravel().tolist()
    ([57, 50, 48, 33], [81, 72, 72, 66])
    """
    mask = np.asarray(given, dtype=np.bool_)
    known = mask & (np.asarray(pitch) != REST)
    whole = np.array(VOICE_RANGES, dtype=np.int16)
    low = np.repeat(whole[:, :1], mask.shape[1], axis=1)
    high = np.repeat(whole[:, 1:], mask.shape[1], axis=1)
    ceiling = np.where(known, pitch, KEYS).astype(np.int16)
    floor = np.where(known, pitch, REST).astype(np.int16)
    crossed = np.zeros(mask.shape[1], dtype=np.bool_)
    for voice in range(VOICES):
        above = ceiling[:voice].min(axis=0, initial=KEYS)
        below = floor[voice + 1 :].max(axis=0, initial=REST)
        free = ~mask[voice]
        low[voice] = np.where(free, np.maximum(low[voice], below), low[voice])
        high[voice] = np.where(free, np.minimum(high[voice], above), high[voice])
        crossed |= known[voice] & (floor[voice] > above)
    crossed |= (low > high).any(axis=0)
    low[:, crossed], high[:, crossed] = whole[:, :1], whole[:, 1:]
    return low, high


@dataclass(frozen=True)
class AssignmentErrors:
    """How many cells of real chorales the rule gets wrong, once their voices are forgotten."""

    cells: int
    """Cells in which a voice sings."""
    other_pitch: int
    """Of them, those that the rule gives another pitch, or a rest."""
    other_onset: int
    """Of them, those with the right pitch that begin a note in only one of the two."""

    @property
    def rate(self) -> float:
        """Share of cells with another pitch, 0..1."""
        return self.other_pitch / self.cells if self.cells else 0.0


def assignment_errors(chorales: Iterable[Chorale]) -> AssignmentErrors:
    """Forget the voices of chorales, assign them again, and count what is not as it was."""
    cells = pitches = onsets = 0
    for chorale in chorales:
        pitch, onset = assigned_voices(*key_sets(chorale))
        sung = chorale.pitch != REST
        same = pitch == chorale.pitch
        cells += int(sung.sum())
        pitches += int((sung & ~same).sum())
        onsets += int((sung & same & (onset != chorale.onset)).sum())
    return AssignmentErrors(cells, pitches, onsets)


def _fixed(
    steps: int, pitch: ArrayLike | None, onset: ArrayLike | None, given: ArrayLike | None
) -> tuple[PitchArray, BoolArray]:
    """The pitches of given cells, FREE elsewhere, and the onsets of given cells."""
    if given is None:
        return np.full((VOICES, steps), FREE, np.int16), np.zeros((VOICES, steps), np.bool_)
    if pitch is None or onset is None:
        raise ValueError("there are given cells without pitch or onset; pass all three")
    mask = np.asarray(given, dtype=np.bool_)
    notes, starts = np.asarray(pitch), np.asarray(onset, dtype=np.bool_)
    for name, array in (("pitch", notes), ("onset", starts), ("given", mask)):
        if array.shape != (VOICES, steps):
            raise ValueError(f"{name} has shape {array.shape}; the keys need {(VOICES, steps)}")
    return np.where(mask, notes, FREE).astype(np.int16), starts & mask & (notes != REST)


def _least_motion(keys: BoolArray, begins: BoolArray, fixed: PitchArray) -> PitchArray:
    """int16[4, T]: the pitches of the voices, by dynamic programming over the changes."""
    changes = _changes(keys, begins, fixed)
    ways = [
        _ways(tuple(np.flatnonzero(keys[step])[::-1].tolist()), tuple(fixed[:, step].tolist()))
        for step in changes.tolist()
    ]
    cost = _own_cost(ways[0])
    best: list[NDArray[np.intp]] = []
    for step, before, after in zip(changes[1:].tolist(), ways, ways[1:], strict=False):
        total = cost[:, None] + _step_cost(before, after, begins[step])
        best.append(total.argmin(axis=0))
        cost = total.min(axis=0) + _own_cost(after)
    index = int(cost.argmin())
    chosen = [ways[-1][index]]
    for way, back in zip(reversed(ways[:-1]), reversed(best), strict=True):
        index = int(back[index])
        chosen.append(way[index])
    lengths = np.diff(np.append(changes, len(keys)))
    pitch: PitchArray = np.repeat(np.array(chosen[::-1], dtype=np.int16), lengths, axis=0).T
    return np.ascontiguousarray(pitch)


def _changes(keys: BoolArray, begins: BoolArray, fixed: PitchArray) -> NDArray[np.intp]:
    """The steps at which anything changes; between them every voice stays where it is."""
    other_keys = begins | np.diff(keys, axis=0, prepend=keys[:1])
    other_given = np.diff(fixed, axis=1, prepend=REST - 2)
    return np.flatnonzero(other_keys.any(axis=1) | other_given.any(axis=0))


@lru_cache(maxsize=4096)
def _ways(keys: tuple[int, ...], fixed: tuple[int, ...]) -> Ways:
    """int16[n, 4]: the best assignments of descending keys to the voices that are free.

    Only those stay that leave the fewest keys alone and, among these, have the fewest rests.
    """
    covered = {pitch for pitch in fixed if pitch >= 0}
    alone = [key for key in keys if key not in covered]
    free = fixed.count(FREE)
    few = len(alone) <= free
    options: list[tuple[int, ...]] = []
    for voice, pitch in enumerate(fixed):
        low, high = VOICE_RANGES[voice]
        inside = tuple(key for key in _nearest(keys) if low <= key <= high)
        options.append((*inside, REST) if pitch == FREE else (pitch,))
    rows = np.array([row for row in product(*options) if few or _descends(row)], dtype=np.int16)
    if not len(rows):  # given voices cross, and there are more keys than voices
        rows = np.array(list(product(*options)), dtype=np.int16)
    # The outermost keys weigh more than all inner ones together.
    weight = dict.fromkeys(alone, 1)
    if alone:
        weight[alone[0]] = weight[alone[-1]] = KEYS
    left = sum(
        (worth * ~(rows == key).any(axis=1) for key, worth in weight.items()),
        start=np.zeros(len(rows), dtype=np.int64),
    )
    faults = left * (VOICES + 1) + (rows == REST).sum(axis=1)
    best: Ways = rows[faults == faults.min()]
    best.setflags(write=False)
    return best


def _nearest(keys: tuple[int, ...]) -> tuple[int, ...]:
    """At most `MOST_KEYS` of the keys that voices have, from both ends."""
    lowest, highest = VOICE_RANGES[-1][0], VOICE_RANGES[0][1]
    inside = tuple(key for key in keys if lowest <= key <= highest)
    half = MOST_KEYS // 2
    return inside if len(inside) <= MOST_KEYS else inside[:half] + inside[-half:]


def _descends(row: tuple[int, ...]) -> bool:
    sung = [pitch for pitch in row if pitch != REST]
    return sung == sorted(sung, reverse=True)


def _own_cost(ways: Ways) -> NDArray[np.float64]:
    """float64[n]: what an assignment costs by itself."""
    crossed = np.zeros(len(ways))
    for high, low in combinations(range(VOICES), 2):
        crossed += (ways[:, high] < ways[:, low]) & (ways[:, high] != REST)
    return CROSSING * crossed


def _step_cost(before: Ways, after: Ways, begins: BoolArray) -> NDArray[np.float64]:
    """float64[n, m]: the motion between assignments, and moves to what nobody strikes."""
    old, new = before[:, None, :], after[None, :, :]
    sung = new != REST
    motion = (np.abs(new - old) * (sung & (old != REST))).sum(axis=2)
    stolen = sung & ~begins[np.maximum(after, 0)][None] & (old != new)
    cost: NDArray[np.float64] = motion + ILLEGAL * stolen.sum(axis=2)
    return cost


def _onsets(pitch: PitchArray, begins: BoolArray) -> BoolArray:
    """bool[4, T]: the voices that come to a struck key begin there; if none does, all on it do."""
    onset = repaired_onsets(pitch, np.zeros(pitch.shape))
    struck = begins[np.arange(pitch.shape[1]), np.maximum(pitch, 0)] & (pitch != REST)
    for voice in range(VOICES):
        together = pitch == pitch[voice]
        comes = (onset & together).any(axis=0)
        struck[voice] &= ~comes
    begun: BoolArray = onset | struck
    return begun
