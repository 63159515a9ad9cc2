"""The search for snippets that fit a stretch of a piece: its given notes, its metre and its key."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.families.splice.snippets import QUARTER, Ints, Pitches, Snippets
from generator.families.splice.units import SpliceBeats, SpliceUnit, columns, span_of
from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray, Chorale
from generator.music.grid.spelling import signature

Costs = NDArray[np.float64]

# Given voices are matched in this order: the first that sounds says how a snippet is transposed.
ORDER = (0, 3, 1, 2)
WRONG_NOTE = (4.0, 1.5, 1.5, 3.0)
"""Of a step at which the given note is another one, by voice."""
WRONG_ONSET = 0.5
OTHER_STRENGTH, OTHER_FERMATA, OTHER_PHRASE = 0.7, 4.0, 1.0
"""Of a beat that is another one in its bar, or in its phrase."""
OTHER_KEY, OTHER_MODE = 0.6, 0.6
"""Of each fifth between the keys, and of another mode."""
OUT_OF_RANGE = 60.0
FAR, MAX_FAR = 0.1, 7
"""Of each semitone of transposition; further than `MAX_FAR` is as good as out of range."""
NOWHERE = -1000
"""The beat of what is from no work: nothing follows it there."""
LOW, HIGH = np.array(VOICE_RANGES, dtype=np.int64).T


class SnippetCandidates(NamedTuple):
    """Snippets for one unit, the notes already transposed, with given ones in their places."""

    beat: Ints
    """int64[k]: the first beat of each in the works"""
    pitch: Pitches
    """int16[k, 4, steps]"""
    onset: BoolArray
    """bool[k, 4, steps]"""
    goes: Pitches
    """int16[k, 4]: where the voices want to go next"""
    cost: Costs
    """float64[k]"""


def find(
    snippets: Snippets, seen: Chorale, given: BoolArray, beats: SpliceBeats, unit: SpliceUnit, *,
    most: int, noise: Costs, enough: int,
) -> SnippetCandidates | None:  # fmt: skip
    """The snippets that fit a unit best; None if fewer than `enough` hold all given notes.

    Parameters
    ----------
    seen : Chorale
        With rests in the cells that are not given.
    most : int
        The most candidates.
    noise : float64[beats of the works]
        Added to the costs, so that seeds differ.
    enough : int
        If it is 0, snippets with other notes than the given ones are taken too.
    """
    span, steps = span_of(beats, unit), columns(beats, unit)
    if given[:, span].all():
        return _as_given(seen, span)
    starts = np.flatnonzero(snippets.reach >= unit.beats)
    shift = _transpositions(snippets, seen, given, starts, steps, span)
    cost = _out_of_range(snippets, given[:, span], starts, unit.beats, shift)
    for voice in ORDER:
        if enough:  # the voices that are left need only be looked at where all others fit
            fits = cost == 0
            starts, shift, cost = starts[fits], shift[fits], cost[fits]
        cost += _mismatch(snippets, seen, given, starts, steps, span, shift, voice)
    if enough and np.count_nonzero(cost == 0) < enough:
        return None
    cost += _strangeness(snippets, seen, beats, unit, starts, shift) + noise[starts]
    best = np.argsort(cost, kind="stable")[:most]
    return _cut(snippets, seen, given, starts[best], steps, span, shift[best], cost[best])


def _as_given(seen: Chorale, span: slice) -> SnippetCandidates:
    """The only candidate where all is given."""
    pitch, onset = seen.pitch[None, :, span], seen.onset[None, :, span]
    return SnippetCandidates(np.array([NOWHERE]), pitch, onset, np.full((1, 4), REST), np.zeros(1))


def _transpositions(
    snippets: Snippets, seen: Chorale, given: BoolArray, starts: Ints, steps: Ints, span: slice
) -> Ints:
    """int64[starts]: semitones up, by the first given note of the most important voice.

    Where nothing is given, it is the shortest way from key to key.
    """
    sounds = given[:, span] & (seen.pitch[:, span] != REST)
    for voice in ORDER:
        if sounds[voice].any():
            at = int(sounds[voice].argmax())
            target = int(seen.pitch[voice, span.start + at])
            return target - _steps_of(snippets, voice, starts, steps[at : at + 1])[:, 0]
    return (7 * (signature(seen.key) - snippets.sharps[starts]) + 5) % 12 - 5


def _mismatch(
    snippets: Snippets, seen: Chorale, given: BoolArray, starts: Ints, steps: Ints, span: slice,
    shift: Ints, voice: int,
) -> Costs:  # fmt: skip
    """float64[starts]: given notes of a voice that a snippet has not."""
    known = given[voice, span] & (seen.pitch[voice, span] != REST)
    notes = _steps_of(snippets, voice, starts, steps[known]) + shift[:, None]
    rows = QUARTER * starts[:, None] + steps[known][None]
    onsets = snippets.onset[:, voice].reshape(-1)[rows]
    wrong = (notes != seen.pitch[voice, span][known]).sum(axis=1)
    struck = (onsets != seen.onset[voice, span][known]).sum(axis=1)
    cost: Costs = WRONG_NOTE[voice] * wrong + WRONG_ONSET * struck
    return cost


def _out_of_range(
    snippets: Snippets, given: BoolArray, starts: Ints, beats: int, shift: Ints
) -> Costs:
    lowest, highest = snippets.extremes
    low, high = lowest[starts], highest[starts]
    for later in range(1, beats):
        low = np.minimum(low, lowest[starts + later])
        high = np.maximum(high, highest[starts + later])
    written = ~given.all(axis=1)
    outside = (low + shift[:, None] < LOW) | (high + shift[:, None] > HIGH)
    cost: Costs = OUT_OF_RANGE * (outside & written).any(axis=1)
    cost += OUT_OF_RANGE * (np.abs(shift) > MAX_FAR)
    return cost


def _strangeness(
    snippets: Snippets,
    seen: Chorale,
    beats: SpliceBeats,
    unit: SpliceUnit,
    starts: Ints,
    shift: Ints,
) -> Costs:
    """How far a snippet is from its new place, in bar, phrase and key."""
    cost: Costs = FAR * np.abs(shift).astype(np.float64)
    own, wanted = snippets.frame, beats.frame
    for number in range(unit.beats):
        beat, place = starts + number, unit.first + number
        cost += OTHER_STRENGTH * (own.strength[beat] != wanted.strength[place])
        cost += OTHER_FERMATA * (own.fermata[beat] != wanted.fermata[place])
        cost += OTHER_PHRASE * (own.opens[beat] != wanted.opens[place])
    fifths = (snippets.sharps[starts] + 7 * shift - signature(seen.key) + 6) % 12 - 6
    cost += OTHER_KEY * np.abs(fifths)
    cost += OTHER_MODE * (snippets.minor[starts] != (seen.mode == "minor"))
    return cost


def _steps_of(snippets: Snippets, voice: int, starts: Ints, steps: Ints) -> Ints:
    """int64[starts, steps]: the notes of a voice, counted in steps from the first beat."""
    row = snippets.pitch[:, voice].reshape(-1)
    notes: Ints = row[QUARTER * starts[:, None] + steps[None]].astype(np.int64)
    return notes


def _cut(
    snippets: Snippets, seen: Chorale, given: BoolArray, starts: Ints, steps: Ints, span: slice,
    shift: Ints, cost: Costs,
) -> SnippetCandidates:  # fmt: skip
    number, place = np.divmod(steps, QUARTER)
    beat = starts[:, None] + number[None]
    pitch = snippets.pitch[beat, :, place[None]].transpose(0, 2, 1) + shift[:, None, None]
    onset = snippets.onset[beat, :, place[None]].transpose(0, 2, 1)
    pitch = _into_range(pitch)
    known = given[None, :, span]
    pitch = np.where(known, seen.pitch[None, :, span], pitch).astype(np.int16)
    onset = np.where(known, seen.onset[None, :, span], onset)
    goes = snippets.goes[starts + number[-1]]
    goes = np.where(goes == REST, REST, goes + shift[:, None]).astype(np.int16)
    return SnippetCandidates(starts, pitch, onset, goes, cost)


def _into_range(pitch: Ints) -> Ints:
    """Notes that no transposition brings into range, moved by octaves."""
    low, high = LOW[:, None], HIGH[:, None]
    pitch = pitch + 12 * np.ceil(np.maximum(low - pitch, 0) / 12).astype(np.int64)
    moved: Ints = pitch - 12 * np.ceil(np.maximum(pitch - high, 0) / 12).astype(np.int64)
    return moved
