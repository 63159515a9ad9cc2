"""How often written voices do what Bach does seldom, or often: style rates.

Conventions
-----------
`written` is bool[4] or bool[4, T], as in `voice_leading`. A note is written where the cell of its
onset is. Two notes are *neighbours* where the second begins at the step after the first ends, in
the same voice, and no fermata note ends between them. The beat is the metre's lower figure (a half
in 3/2), a dotted quarter in compound metres such as 6/8; beats are counted from the bar line.
Every rate is a `Count`, so that works can be summed and drawn again.

Metrics
-------
lone_sixteenths
    Notes of one step whose neighbours, before and after, are all longer; of all notes.
repeated_notes
    Notes of the same pitch as their neighbour before; of the notes that have one.
leaps
    Notes more than five semitones (a fourth) from their neighbour before; of the same notes.
crossings
    Steps at which a voice sounds above the voice next above it; of the steps and neighbouring
    pairs of voices (SA, AT, TB) in which both sound and at least one cell is written.
wide_spacing
    Steps at which S and A, or A and T, stand more than an octave apart; counted alike.
dissonances_on, dissonances_off
    Sonorities with a second, a seventh or a tritone (interval class 1, 2 or 6) between two sounding
    voices of which at least one is written. On: at each beat; off: at each step off the beat where
    a voice begins a note. Of the sonorities in which a written voice sounds beside another.
root_position_ends
    Phrase ends (the last step of a fermata note) whose sonority is a major or minor triad, or a
    part of it with its third or fifth, above its root in the bass; of the phrase ends with a
    written cell.
final_in_key
    Whether the last sonority has the tonic in the bass and nothing but the tonic triad above it (in
    minor with either third); of 1, or of 0 where none of its cells is written.

References
----------
DESIGN.md, section 9.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.measures.counts import Count
from generator.music.measures.voice_leading import fermata_ends, written_cells

FOURTH = 5
OCTAVE = 12
DISSONANT = (1, 2, 6, 10, 11)  # intervals mod 12
_TRIADS = ({0, 4, 7}, {0, 3, 7})
_COMPOUND = (6, 9, 12)  # upper figures of metres whose beat is three eighths


def style_counts(chorale: Chorale, written: ArrayLike) -> dict[str, Count]:
    """Every metric of the module for one piece, by name.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]

    Returns
    -------
    dict of str to Count
        The same names in the same order, whatever the piece.

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


def beats(chorale: Chorale) -> BoolArray:
    """bool[T]: true at the steps where a beat begins."""
    length = np.empty(chorale.steps, dtype=np.int16)
    for start, metre in chorale.metre:
        over, under = (int(figure) for figure in metre.split("/"))
        compound = under >= 8 and over in _COMPOUND
        length[start:] = max(1, 16 // under) * (3 if compound else 1)
    begins: BoolArray = chorale.bar_phase() % length == 0
    return begins


def note_table(chorale: Chorale, voice: int) -> NDArray[np.int32]:
    """int32[notes, (start, length, pitch)] of one voice."""
    pitch, onset = chorale.pitch[voice], chorale.onset[voice]
    starts = np.flatnonzero(onset)
    # A note ends at the next onset or at a rest.
    edges = np.flatnonzero(onset | (pitch == REST))
    ends = np.append(edges, chorale.steps)[np.searchsorted(edges, starts, side="right")]
    return np.stack([starts, ends - starts, pitch[starts]], axis=1).astype(np.int32)


def _melodic(chorale: Chorale, cells: BoolArray) -> dict[str, Count]:
    breaks = fermata_ends(chorale)
    lone = repeated = leaps = Count()
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T
        ours = cells[voice, start]
        joined = (start[:-1] + length[:-1] == start[1:]) & ~breaks[start[1:]]
        short = length == 1
        beside = np.zeros(len(start), dtype=np.bool_)
        beside[1:] |= joined & short[:-1]
        beside[:-1] |= joined & short[1:]
        move = np.abs(np.diff(pitch))[joined & ours[1:]]
        lone += _count(short & ~beside & ours, ours)
        repeated += Count(int((move == 0).sum()), len(move))
        leaps += Count(int((move > FOURTH).sum()), len(move))
    return {"lone_sixteenths": lone, "repeated_notes": repeated, "leaps": leaps}


def _spacing(chorale: Chorale, cells: BoolArray) -> dict[str, Count]:
    pitch = chorale.pitch
    upper, lower = pitch[:-1], pitch[1:]
    counted = (upper != REST) & (lower != REST) & (cells[:-1] | cells[1:])
    return {
        "crossings": _count((lower > upper) & counted, counted),
        "wide_spacing": _count((upper - lower > OCTAVE)[:2] & counted[:2], counted[:2]),
    }


def _dissonances(chorale: Chorale, cells: BoolArray) -> dict[str, Count]:
    pitch = chorale.pitch.astype(np.int32)
    sounding = pitch != REST
    dissonant = np.zeros(chorale.steps, dtype=np.bool_)
    heard = np.zeros(chorale.steps, dtype=np.bool_)
    for one in range(4):
        for two in range(one + 1, 4):
            pair = sounding[one] & sounding[two] & (cells[one] | cells[two])
            heard |= pair
            dissonant |= pair & np.isin(np.abs(pitch[one] - pitch[two]) % 12, DISSONANT)
    on = beats(chorale)
    off = ~on & chorale.onset.any(axis=0)
    return {
        "dissonances_on": _count(dissonant & on, heard & on),
        "dissonances_off": _count(dissonant & off, heard & off),
    }


def _root_position_ends(chorale: Chorale, cells: BoolArray) -> Count:
    last = np.append(fermata_ends(chorale)[1:], chorale.fermata[-1])  # last step of each fermata
    ends = np.flatnonzero(last & cells.any(axis=0))
    return Count(sum(_root_position(chorale, int(step)) for step in ends), len(ends))


def _root_position(chorale: Chorale, step: int) -> bool:
    above = _above_bass(chorale, step)
    return len(above) > 1 and any(above <= triad for triad in _TRIADS)


def _final_in_key(chorale: Chorale, cells: BoolArray) -> Count:
    if not cells[:, -1].any():
        return Count(0, 0)
    bass = int(chorale.pitch[3, -1])
    if bass == REST or bass % 12 != tonic_class(chorale.key):
        return Count(0, 1)
    above = _above_bass(chorale, chorale.steps - 1)
    allowed = _TRIADS[:1] if chorale.mode == "major" else _TRIADS
    return Count(int(any(above <= triad for triad in allowed)), 1)


def _above_bass(chorale: Chorale, step: int) -> set[int]:
    """Intervals mod 12 above the bass at one step; empty where the bass rests."""
    column = chorale.pitch[:, step]
    if column[3] == REST:
        return set()
    return {int(p - column[3]) % 12 for p in column if p != REST}


def _count(cases: BoolArray, of: BoolArray) -> Count:
    return Count(int(cases.sum()), int(of.sum()))
