"""Part-writing that the style rates do not count: rates of a piece, by name.

Conventions
-----------
As in `music.measures.style`: `written` is bool[4, T], a note is written where the cell of its onset
is, and every rate is 0 where nothing could happen. A *step* is a move of one or two semitones, a
*leap* one of more than five.

Metrics
-------
hidden              soprano and bass move in the same direction into a fifth or octave, the soprano
                    by more than a step; of their moves together
overlaps            notes beyond the note that the next higher or lower voice has just left
unisons             steps at which neighbouring voices share a pitch
strange_moves       moves by a tritone, a seventh or more than an octave
leaps_turned        leaps after which the voice turns back
leading_tones       leading tones that rise by a semitone, of those with a note after them
doubled_leading     sonorities with two leading tones, of those with one
thirds_doubled      triads with two thirds, of all triads
bare                sonorities of fewer than three pitch classes
chromatic           notes outside the scale (in minor, with either sixth and seventh)
unprepared          notes that begin as a dissonance and are reached by more than a step
unresolved          notes that end as a dissonance and are left by more than a step
suspensions         dissonances on a beat in a voice that holds or repeats its note into it
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.measures.counts import share
from generator.music.measures.style import dissonant_pairs
from generator.music.measures.variety import SCALES
from generator.music.measures.voice_leading import PERFECT, VOICE_PAIRS

STEP = 2
LEAP = 5
OCTAVE = 12
_LEADING_TONE = 11

IntArray = NDArray[np.int64]


def part_writing_features(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    """Every metric of the module, the same names for every piece.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4, T]
    """
    return {
        **_between_voices(chorale, written),
        **_sonorities(chorale, written),
        **_within_voices(chorale, written),
    }


def _between_voices(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    pitch = chorale.pitch.astype(np.int64)
    sounding = pitch != REST
    outer = sounding[0] & sounding[3] & (written[0] | written[3])
    upper, lower = np.diff(pitch[0]), np.diff(pitch[3])
    moving = outer[1:] & outer[:-1] & (upper != 0) & (lower != 0)
    perfect = np.isin((pitch[0] - pitch[3]) % 12, PERFECT)[1:]
    hidden = perfect & (np.sign(upper) == np.sign(lower)) & (np.abs(upper) > STEP)
    neighbours = sounding[:-1] & sounding[1:] & (written[:-1] | written[1:])
    joined = neighbours[:, 1:] & neighbours[:, :-1]
    moved = joined & (np.diff(pitch[:-1]) != 0) & (np.diff(pitch[1:]) != 0)
    beyond = (pitch[1:, 1:] > pitch[:-1, :-1]) | (pitch[:-1, 1:] < pitch[1:, :-1])
    return {
        "hidden": share(hidden[moving]),
        "overlaps": share(beyond[moved]),
        "unisons": share((pitch[:-1] == pitch[1:])[neighbours]),
    }


def _sonorities(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    at = np.flatnonzero(chorale.onset.any(axis=0) & written.any(axis=0))
    column = chorale.pitch[:, at].astype(np.int64)
    sounding = column != REST
    above = np.where(sounding, (column - tonic_class(chorale.key)) % 12, -1)
    leading = (above == _LEADING_TONE).sum(axis=0)
    count = np.array([(above == degree).sum(axis=0) for degree in range(12)])  # [12, N]
    kinds = (count > 0).sum(axis=0)
    thirds = np.zeros(len(at), dtype=np.int64)
    triad = np.zeros(len(at), dtype=np.bool_)
    for root in range(12):
        for third in (3, 4):
            members = count[[root, (root + third) % 12, (root + 7) % 12]]
            complete = (members > 0).all(axis=0) & (kinds == 3)
            thirds[complete] = members[1, complete]
            triad |= complete
    return {
        "doubled_leading": share(leading[leading > 0] > 1),
        "thirds_doubled": share(thirds[triad] > 1),
        "bare": share(kinds < 3),
    }


def _within_voices(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    tonic, scale = tonic_class(chorale.key), SCALES[chorale.mode]
    dissonances = _dissonant_voices(chorale)
    on = on_beat(chorale)
    cases: dict[str, list[BoolArray]] = {name: [] for name in _WITHIN_VOICES}
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T.astype(np.int64)
        is_written = written[voice, start]
        move = np.diff(pitch)
        size, into, out = np.abs(move), is_written[1:], is_written[:-1]
        leap = (size[:-1] > LEAP) & is_written[1:-1]
        degree = (pitch - tonic) % 12
        dissonant = dissonances[voice]
        cases["strange_moves"].append((np.isin(size, (6, 10, 11)) | (size > OCTAVE))[into])
        cases["leaps_turned"].append((np.sign(move[1:]) != np.sign(move[:-1]))[leap])
        leading_tone = degree[:-1] == _LEADING_TONE
        cases["leading_tones"].append((move == 1)[out & leading_tone & (move != 0)])
        cases["chromatic"].append(~np.isin(degree, scale)[is_written])
        cases["unprepared"].append((dissonant[start[1:]] & (size > STEP))[into])
        last = (start + length - 1)[:-1]
        cases["unresolved"].append((dissonant[last] & (size > STEP))[out])
        on_dissonance = on & dissonant & written[voice]
        # At the beat the note is held from before, or repeats the one before.
        repeated = np.zeros(chorale.steps, dtype=np.bool_)
        repeated[start[1:]] = move == 0
        cases["suspensions"].append((~chorale.onset[voice] | repeated)[on_dissonance])
    return {name: share(np.concatenate(parts)) for name, parts in cases.items()}


_WITHIN_VOICES = (
    "strange_moves", "leaps_turned", "leading_tones", "chromatic", "unprepared", "unresolved",
    "suspensions",
)  # fmt: skip


def _dissonant_voices(chorale: Chorale) -> BoolArray:
    """bool[4, T]: where a voice is in a second, seventh or tritone with another."""
    pairs = dissonant_pairs(chorale)  # [6, T]
    voices = [pairs[np.any(voice == VOICE_PAIRS, axis=1)].any(axis=0) for voice in range(4)]
    return np.array(voices)
