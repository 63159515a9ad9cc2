"""Style rates: how often written voices do what Bach does rarely, or often.

Conventions
-----------
`written` is bool[4] or bool[4, T], as in `voice_leading`. A note is written where the cell of its
onset is. Two notes of a voice are *neighbours* if the second begins where the first ends and no
fermata note ends between them. Beats are those of `grid.beats`. Every rate is a `Count`, so that
works can be summed and resampled.

Metrics
-------
lone_sixteenths
    Notes of one step whose neighbours, before and after, are all longer; of all notes.
repeated_notes
    Notes with the same pitch as the neighbour before; of the notes that have one.
leaps
    Notes more than five semitones (a fourth) from the neighbour before; of the same notes.
crossings
    Steps at which a voice sounds above the next higher voice. The total counts, at every step, the
    neighbouring pairs of voices (SA, AT, TB) in which both sound and at least one cell is written.
wide_spacing
    Steps at which S and A, or A and T, are more than an octave apart; counted the same way.
dissonances_on, dissonances_off
    Sonorities with a second, a seventh or a tritone (interval class 1, 2 or 6) between two sounding
    voices, at least one of them written. On: at each beat. Off: at each step off the beat where
    a voice begins a note. Of the sonorities in which a written voice sounds with another.
root_position_ends
    Phrase ends (the last step of a fermata note) whose sonority is a major or minor triad in root
    position, or the root with the third or the fifth alone; of the phrase ends with a written cell.
final_in_key
    Whether the last sonority has the tonic in the bass and only notes of the tonic triad above it
    (in minor with either third); of 1, or of 0 where none of its cells is written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.notes import note_table
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count
from generator.music.measures.voice_leading import VOICE_PAIRS, written_cells

FOURTH = 5
OCTAVE = 12
DISSONANT = (1, 2, 6, 10, 11)  # intervals mod 12
TRIADS = ((0, 4, 7), (0, 3, 7))  # intervals above the root


def style_counts(chorale: Chorale, written: ArrayLike) -> dict[str, Count]:
    """Every metric of the module for one piece, by name.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Returns
    -------
    dict of str to Count
        The same names in the same order for every piece.

    Raises
    ------
    ValueError
        If `written` has neither shape.

    Examples
    --------
    >>> c = Chorale(pitch=[[72] * 2, [67] * 2, [64] * 2, [48] * 2], onset=[[1, 0]] * 4)
    >>> style_counts(c, [True] * 4)["final_in_key"]
    Count(count=1, of=1)
    """
    cells = written_cells(chorale, written)
    return {
        **_melodic(chorale, cells),
        **_spacing(chorale, cells),
        **_dissonances(chorale, cells),
        "root_position_ends": _root_position_ends(chorale, cells),
        "final_in_key": _final_in_key(chorale, cells),
    }


def dissonant_pairs(chorale: Chorale) -> BoolArray:
    """bool[6, T]: which of `VOICE_PAIRS` sound a second, a seventh or a tritone at each step.

    Examples
    --------
    >>> seventh = Chorale(pitch=[[70], [67], [64], [48]], onset=[[1]] * 4)  # C E G B flat
    >>> dissonant_pairs(seventh).ravel().tolist()  # S-T is a tritone, S-B a seventh
    [False, True, True, False, False, False]
    """
    one, two = chorale.pitch.astype(np.int32)[VOICE_PAIRS.T]
    sounding = (one != REST) & (two != REST)
    dissonant: BoolArray = np.isin(np.abs(one - two) % 12, DISSONANT) & sounding
    return dissonant


def _melodic(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
    breaks = fermata_ends(chorale)
    lone = repeated = leaps = Count()
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T
        is_written = written[voice, start]
        joined = (start[:-1] + length[:-1] == start[1:]) & ~breaks[start[1:]]
        short = length == 1
        beside_short = np.zeros(len(start), dtype=np.bool_)
        beside_short[1:] |= joined & short[:-1]
        beside_short[:-1] |= joined & short[1:]
        move = np.abs(np.diff(pitch))[joined & is_written[1:]]
        lone += _count(short & ~beside_short & is_written, is_written)
        repeated += Count(int((move == 0).sum()), len(move))
        leaps += Count(int((move > FOURTH).sum()), len(move))
    return {"lone_sixteenths": lone, "repeated_notes": repeated, "leaps": leaps}


def _spacing(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
    pitch = chorale.pitch
    upper, lower = pitch[:-1], pitch[1:]
    counted = (upper != REST) & (lower != REST) & (written[:-1] | written[1:])
    return {
        "crossings": _count((lower > upper) & counted, counted),
        "wide_spacing": _count((upper - lower > OCTAVE)[:2] & counted[:2], counted[:2]),
    }


def _dissonances(chorale: Chorale, written: BoolArray) -> dict[str, Count]:
    one, two = VOICE_PAIRS.T
    sounding = chorale.pitch != REST
    counted = sounding[one] & sounding[two] & (written[one] | written[two])  # [6, T]
    dissonant = np.asarray((dissonant_pairs(chorale) & counted).any(axis=0))
    sonority = np.asarray(counted.any(axis=0))
    on = on_beat(chorale)
    off = ~on & chorale.onset.any(axis=0)
    return {
        "dissonances_on": _count(dissonant & on, sonority & on),
        "dissonances_off": _count(dissonant & off, sonority & off),
    }


def _root_position_ends(chorale: Chorale, written: BoolArray) -> Count:
    last = np.append(fermata_ends(chorale)[1:], chorale.fermata[-1])  # last step of each fermata
    ends = np.flatnonzero(last & written.any(axis=0))
    return Count(sum(closes_on_triad(chorale, int(step)) for step in ends), len(ends))


def closes_on_triad(chorale: Chorale, step: int) -> bool:
    """Whether a major or minor triad over its root sounds at a step, or its root and one more note.

    Examples
    --------
    >>> closes_on_triad(Chorale(pitch=[[72], [67], [64], [48]], onset=[[1]] * 4), 0)
    True
    """
    above = _above_bass(chorale, step)
    return len(above) > 1 and any(above.issubset(triad) for triad in TRIADS)


def _final_in_key(chorale: Chorale, written: BoolArray) -> Count:
    if not written[:, -1].any():
        return Count(0, 0)
    bass = int(chorale.pitch[3, -1])
    if bass == REST or bass % 12 != tonic_class(chorale.key):
        return Count(0, 1)
    above = _above_bass(chorale, chorale.steps - 1)
    allowed = TRIADS[:1] if chorale.mode == "major" else TRIADS
    return Count(int(any(above.issubset(triad) for triad in allowed)), 1)


def _above_bass(chorale: Chorale, step: int) -> set[int]:
    """Intervals mod 12 above the bass at one step; empty where the bass rests."""
    column = chorale.pitch[:, step]
    if column[3] == REST:
        return set()
    return {int(p - column[3]) % 12 for p in column if p != REST}


def _count(cases: BoolArray, of: BoolArray) -> Count:
    return Count(int(cases.sum()), int(of.sum()))
