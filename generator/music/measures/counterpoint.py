"""Rules of counterpoint that written voices break, and one habit of running eighths.

Conventions
-----------
`written` is bool[4] or bool[4, T], as in `voice_leading`. Beats are those of `grid.beats`, and a
figure per 100 beats counts the beats at which a cell is written. Something counts if at least one
of the cells concerned is written. Two notes of a voice are *neighbours* if the second begins where
the first ends and no fermata note ends between them. A *step* is a move of one or two semitones.
Names of notes are those of `grid.spelling` under the signature of the piece: an augmented second is
told from a minor third, as far as a signature can tell.

Each measure has a function that says where: bool[4, T] for voices, bool[6, T] for the `VOICE_PAIRS`
of `voice_leading`, bool[T] where all voices take part. A move is found at the first step of its
second note.

Metrics, per 100 beats
----------------------
dissonances_left_by_leap
    A note that begins off the beat, is reached by step, is a second or a seventh (interval class 1
    or 2) from a voice that holds its note, and goes to its neighbour by more than a step. Passing
    and neighbour tones go on by step; this is an escape tone or a slip [1, 2].
cross_relations
    Two voices that sound the same letter with different signs at once, as G and G sharp, where one
    of them begins [1].
augmented_seconds, augmented_fourths
    Neighbours a second of three semitones or a fourth of six apart [1, 2].
leaps_beyond_octave, leaps_of_a_seventh
    Neighbours more than twelve semitones apart, or ten or eleven [1, 2].
doubled_leading_tones
    Pairs of voices on the leading tone at a beat, in a sonority of notes of the dominant seventh
    chord alone, if the tonic sounds at the next beat: a chord with other notes, or one that leads
    elsewhere, has no leading tone [1, 2].
ornamented_fifths, ornamented_octaves
    As in `parallels_between_beats`.
open_ends
    As in `cadences`.

Metrics, of their own cases
---------------------------
second_eighths_on
    Second eighths (of two in a voice, the first on a beat) that are reached by step and go on by
    step in the same direction; of those that are reached by step and have a neighbour after them.
    Bach's eighths mostly fill thirds on their way; an eighth that turns back is an ornament.

References
----------
[1] Aldwell, Schachter and Cadwallader, "Harmony and Voice Leading", 4th edition 2011.
[2] Kostka, Payne and Almén, "Tonal Harmony", 7th edition 2013, chapters 5, 11 and 12.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.grid.phrases import fermata_ends
from generator.music.grid.spelling import signature, spelled
from generator.music.measures.cadences import open_ends_at
from generator.music.measures.counts import Count
from generator.music.measures.parallels_between_beats import (
    ornamented_fifths_at,
    ornamented_octaves_at,
)
from generator.music.measures.voice_leading import VOICE_PAIRS, written_cells

PER_BEATS = 100
STEP = 2
OCTAVE = 12
SECOND_OR_SEVENTH = np.isin(np.arange(12), (1, 2, 10, 11))  # by interval mod 12
EIGHTH = 2  # steps of the grid
LEADING_TONE = 11  # above the tonic
DOMINANT_SEVENTH = np.isin(np.arange(12), (2, 5, 7, 11))  # by interval above the tonic
_LETTERS = "CDEFGAB"

IntArray = NDArray[np.int64]


def counterpoint_counts(chorale: Chorale, written: ArrayLike) -> dict[str, Count]:
    """Every metric of the module for one piece, by name.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Returns
    -------
    dict of str to Count
        The same names in the same order for every piece; those of `PER_BEAT` are of beats.

    Raises
    ------
    ValueError
        If `written` has neither shape.

    Examples
    --------
    >>> c = Chorale(pitch=[[72] * 4, [67] * 4, [64] * 4, [48] * 4], onset=[[1, 0, 0, 0]] * 4)
    >>> counterpoint_counts(c, [True] * 4)["open_ends"]
    Count(count=0, of=1)
    """
    cells = written_cells(chorale, written)
    beats = int((on_beat(chorale) & cells.any(axis=0)).sum())
    counts = {name: Count(int(at(chorale, cells).sum()), beats) for name, at in PER_BEAT.items()}
    going_on = int(second_eighths_on_at(chorale, cells).sum())
    second = int(second_eighths_at(chorale, cells).sum())
    return counts | {"second_eighths_on": Count(going_on, second)}


def dissonances_left_by_leap_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: where a voice has left a passing dissonance by leap.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        A move counts if the dissonant note or the note after it is written.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells, on = written_cells(chorale, written), on_beat(chorale)
    found = np.zeros_like(cells)
    for voice, start, after, _, move in _moves(chorale):
        note, goal, come, go = start[1:], after[1:], np.abs(move[:-1]), np.abs(move[1:])
        counted = (after[:-1] == note) & (come > 0) & (come <= STEP)  # reached by step
        counted &= ~on[note] & (go > STEP) & (cells[voice, note] | cells[voice, goal])
        for left, to in zip(note[counted], goal[counted], strict=True):
            found[voice, to] = bool(held_against(chorale, voice, int(left)))
    return found


def held_against(chorale: Chorale, voice: int, step: int) -> list[int]:
    """The other voices that hold a note at a step, a second or a seventh from this voice's note.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 70]] + [[60, 60]] * 3, onset=[[1, 1]] + [[1, 0]] * 3)
    >>> held_against(c, 0, 1)
    [1, 2, 3]
    """
    pitch = chorale.pitch[:, step].astype(np.int64)
    holds = (pitch != REST) & ~chorale.onset[:, step]
    dissonant = SECOND_OR_SEVENTH[np.abs(pitch - pitch[voice]) % 12]
    return np.flatnonzero(holds & dissonant).tolist()


def cross_relations_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: where two of `VOICE_PAIRS` begin to sound a letter with different signs.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        A pair counts if one of its two cells is written.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    letter = _places(chorale.key)[chorale.pitch] % len(_LETTERS)
    sounding = chorale.pitch != REST
    one, two = VOICE_PAIRS.T
    other_sign = (chorale.pitch[one] - chorale.pitch[two]) % 12 != 0
    begins = chorale.onset[one] | chorale.onset[two]
    found: BoolArray = (letter[one] == letter[two]) & other_sign & begins
    found &= sounding[one] & sounding[two] & (cells[one] | cells[two])
    return found


def augmented_seconds_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: where a voice has moved by an augmented second.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        A move counts if one of its two notes is written.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    return _moves_at(chorale, written, lambda places, size: (places == 1) & (size == 3))


def augmented_fourths_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: where a voice has moved by an augmented fourth; as `augmented_seconds_at`."""
    return _moves_at(chorale, written, lambda places, size: (places == 3) & (size == 6))


def leaps_beyond_octave_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: where a voice has leapt by more than an octave; as `augmented_seconds_at`."""
    return _moves_at(chorale, written, lambda places, size: size > OCTAVE)


def leaps_of_a_seventh_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: where a voice has leapt by a seventh; as `augmented_seconds_at`."""
    return _moves_at(chorale, written, lambda places, size: (size == 10) | (size == 11))


def doubled_leading_tones_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[6, T]: beats at which two of `VOICE_PAIRS` have the leading tone of a dominant.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        A pair counts if one of its two cells is written.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    rest = chorale.pitch == REST
    degree = (chorale.pitch.astype(np.int64) - tonic_class(chorale.key)) % 12
    dominant = (DOMINANT_SEVENTH[degree] | rest).all(axis=0)
    tonic = ((degree == 0) & ~rest).any(axis=0)
    resolved = np.zeros(chorale.steps, dtype=np.bool_)
    beats = np.flatnonzero(on_beat(chorale))
    resolved[beats[:-1]] = dominant[beats[:-1]] & tonic[beats[1:]]
    leading = (degree == LEADING_TONE) & ~rest
    one, two = VOICE_PAIRS.T
    found: BoolArray = leading[one] & leading[two] & resolved & (cells[one] | cells[two])
    return found


def second_eighths_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: the notes after second eighths that are reached by step.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
        Second eighths count if one of the two or the note after them is written.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    return _second_eighths(chorale, written)[0]


def second_eighths_on_at(chorale: Chorale, written: ArrayLike) -> BoolArray:
    """bool[4, T]: those of `second_eighths_at` by step in the same direction."""
    return _second_eighths(chorale, written)[1]


# Per 100 beats, in the order of the report.
PER_BEAT: dict[str, Callable[[Chorale, ArrayLike], BoolArray]] = {
    "dissonances_left_by_leap": dissonances_left_by_leap_at,
    "cross_relations": cross_relations_at,
    "augmented_seconds": augmented_seconds_at,
    "augmented_fourths": augmented_fourths_at,
    "leaps_beyond_octave": leaps_beyond_octave_at,
    "leaps_of_a_seventh": leaps_of_a_seventh_at,
    "doubled_leading_tones": doubled_leading_tones_at,
    "ornamented_fifths": ornamented_fifths_at,
    "ornamented_octaves": ornamented_octaves_at,
    "open_ends": open_ends_at,
}


def _second_eighths(chorale: Chorale, written: ArrayLike) -> tuple[BoolArray, BoolArray]:
    cells, on = written_cells(chorale, written), on_beat(chorale)
    all_of, going_on = np.zeros_like(cells), np.zeros_like(cells)
    for voice, start, after, _, move in _moves(chorale):
        beat, eighth, goal = start[:-1], start[1:], after[1:]
        come, go = move[:-1], move[1:]
        counted = (after[:-1] == eighth) & (eighth == beat + EIGHTH) & (goal == eighth + EIGHTH)
        counted &= on[beat] & (np.abs(come) > 0) & (np.abs(come) <= STEP)
        counted &= cells[voice, beat] | cells[voice, eighth] | cells[voice, goal]
        same_way = (np.sign(come) == np.sign(go)) & (np.abs(go) <= STEP)
        all_of[voice, goal[counted]] = True
        going_on[voice, goal[counted & same_way]] = True
    return all_of, going_on


def _moves_at(
    chorale: Chorale, written: ArrayLike, is_found: Callable[[IntArray, IntArray], BoolArray]
) -> BoolArray:
    """bool[4, T]: moves by so many places of the staff and so many semitones."""
    cells, place = written_cells(chorale, written), _places(chorale.key)
    found = np.zeros_like(cells)
    for voice, start, after, pitch, move in _moves(chorale):
        places = np.abs(place[pitch + move] - place[pitch])
        touched = cells[voice, start] | cells[voice, after]
        found[voice, after[is_found(places, np.abs(move)) & touched]] = True
    return found


@lru_cache(maxsize=4)
def _moves(chorale: Chorale) -> list[tuple[int, IntArray, IntArray, IntArray, IntArray]]:
    """Of each voice, its notes with a neighbour: start, the neighbour's start, pitch and move.

    Kept, since several measures of a piece ask for them in turn.
    """
    ends, moves = fermata_ends(chorale), []
    for voice in range(len(chorale.pitch)):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        joined = (start[:-1] + length[:-1] == start[1:]) & ~ends[start[1:]]
        move = np.diff(pitch)[joined]
        moves.append((voice, start[:-1][joined], start[1:][joined], pitch[:-1][joined], move))
    return moves


@lru_cache(maxsize=64)
def _places(key: str) -> IntArray:
    """int[128]: the place of each MIDI number on the staff, seven to the octave."""
    names = [spelled(pitch, signature(key)) for pitch in range(128)]
    return np.array([_LETTERS.index(letter) + 7 * octave for letter, _, octave in names])
