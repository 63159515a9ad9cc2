"""The form of a chorale: what returns, where phrases lead, and how the end differs from the start.

Conventions
-----------
A phrase lasts from the end of one fermata note, or the first step, to the end of the next, or the
last step; what has no beat is no phrase. Beats are those of `grid.beats`. Repeats are not expanded:
the corpus has them once, so neither a machine's nor Bach's count here.

The *melody* of a phrase is the soprano's pitch at its beats, and its *harmony* the pitch class of
the bass and the pitch classes of all voices at its beats; in both, what is held or repeated counts
once, so that another upbeat or another length of the close changes nothing. A phrase *returns* if
an earlier phrase of the piece has the same melody, or the same harmony, of at least `MIN_RETURN`
notes or chords: at the same pitch, or *transposed* by any interval or none.

`written` is bool[4] or bool[4, T]; a phrase is written if any of its cells is. All metrics are
`Count`s, so that works can be summed and resampled; the first eight are shares.

Metrics
-------
melody_returns, melody_returns_transposed, harmony_returns, harmony_returns_transposed
    Written phrases that return, of the written phrases that have another before them.
last_cadence_authentic
    Whether the piece ends with an authentic cadence (`cadences`), if a cell of its end is written.
    Its end is the last step at which the bass sounds, with a fermata or without.
opens_in_key, closes_in_key
    Whether the key that is estimated from the notes of the first phrase, and of the last, is the
    key of the piece, by name or by sound; of those that are written.
closes_as_it_opens
    Whether the two estimates are the same key; of 1 if there are two phrases or more and the first
    or the last is written.
distinct_goals
    Pitch classes of the bass at the ends of all phrases, given ones too, each counted once; of 1
    piece.
onsets_in_last_quarter
    Notes that begin in the last quarter of the steps, of those in the first quarter.
bars
    Bar lines with something after them, of 1 piece; a pickup and the short last bar are one bar.

References
----------
Krumhansl 1990 for the estimate of the key (`grid.keys`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import ArrayLike

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.keys import estimated_key
from generator.music.grid.phrases import fermata_ends
from generator.music.grid.spelling import enharmonic_keys
from generator.music.measures.cadences import is_authentic
from generator.music.measures.counts import Count
from generator.music.measures.voice_leading import written_cells

MIN_RETURN = 4
BASS = 3
SHARES = (
    "melody_returns", "melody_returns_transposed", "harmony_returns", "harmony_returns_transposed",
    "last_cadence_authentic", "opens_in_key", "closes_in_key", "closes_as_it_opens",
)  # fmt: skip

Span = tuple[int, int]
# What a phrase has of notes (one number each) or of chords (the bass, then all pitch classes).
Sung = tuple[tuple[int, ...], ...]


def form_counts(chorale: Chorale, written: ArrayLike) -> dict[str, Count]:
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
    >>> c = Chorale(pitch=[[72] * 16, [67] * 16, [64] * 16, [48] * 16], onset=[[1] * 16] * 4)
    >>> form_counts(c, [True] * 4)["bars"]
    Count(count=1, of=1)
    """
    cells = written_cells(chorale, written)
    phrases = phrases_between_fermatas(chorale)
    own = np.array([cells[:, start:stop].any() for start, stop in phrases], dtype=np.bool_)
    quarter = chorale.steps // 4
    onsets = chorale.onset.sum(axis=0)
    ends = chorale.pitch[BASS, [stop - 1 for _, stop in phrases if own.any()]]
    lines = int((chorale.bar_phase() == 0).sum())
    return {
        **_returns(chorale, phrases, own),
        "last_cadence_authentic": _last_cadence(chorale, cells),
        **_keys(chorale, phrases, own),
        "distinct_goals": Count(len(np.unique(ends[ends != REST] % 12)), int(own.any())),
        "onsets_in_last_quarter": Count(
            int(onsets[chorale.steps - quarter :].sum()), int(onsets[:quarter].sum())
        ),
        "bars": Count(lines, 1),
    }


def phrases_between_fermatas(chorale: Chorale) -> list[Span]:
    """The phrases as spans of steps start..stop, in order.

    Examples
    --------
    >>> c = Chorale(pitch=[[72] * 8] * 4, onset=[[1] * 8] * 4, fermata=[0, 0, 0, 1, 0, 0, 0, 0])
    >>> phrases_between_fermatas(c)
    [(0, 4), (4, 8)]
    """
    on = on_beat(chorale)
    edges = [0, *np.flatnonzero(fermata_ends(chorale)).tolist(), chorale.steps]
    return [(start, stop) for start, stop in pairwise(edges) if on[start:stop].any()]


def melody_returns_at(chorale: Chorale, *, transposed: bool = False) -> BoolArray:
    """bool[T]: true at the steps of phrases whose melody returns.

    Parameters
    ----------
    chorale : Chorale
    transposed : bool
        Whether it may return at another pitch, too.
    """
    return _returns_at(chorale, partial(_melody, chorale, transposed=transposed))


def harmony_returns_at(chorale: Chorale, *, transposed: bool = False) -> BoolArray:
    """bool[T]: the same for harmony."""
    return _returns_at(chorale, partial(_harmony, chorale, transposed=transposed))


def _returns(chorale: Chorale, phrases: Sequence[Span], own: BoolArray) -> dict[str, Count]:
    later = own.copy()
    later[:1] = False
    starts = [start for start, _ in phrases]
    found = {
        "melody_returns": melody_returns_at(chorale),
        "melody_returns_transposed": melody_returns_at(chorale, transposed=True),
        "harmony_returns": harmony_returns_at(chorale),
        "harmony_returns_transposed": harmony_returns_at(chorale, transposed=True),
    }
    return {
        name: Count(int((at[starts] & later).sum()), int(later.sum())) for name, at in found.items()
    }


def _returns_at(chorale: Chorale, sung: Callable[[Span], Sung]) -> BoolArray:
    found = np.zeros(chorale.steps, dtype=np.bool_)
    before: set[Sung] = set()
    for span in phrases_between_fermatas(chorale):
        phrase = sung(span)
        found[slice(*span)] = len(phrase) >= MIN_RETURN and phrase in before
        before.add(phrase)
    return found


def _melody(chorale: Chorale, span: Span, *, transposed: bool) -> Sung:
    pitch = chorale.pitch[0, slice(*span)][on_beat(chorale)[slice(*span)]]
    notes = [note for note, _ in groupby(pitch[pitch != REST].tolist())]
    origin = notes[0] if transposed and notes else 0
    return tuple((note - origin,) for note in notes)


def _harmony(chorale: Chorale, span: Span, *, transposed: bool) -> Sung:
    columns = chorale.pitch[:, slice(*span)][:, on_beat(chorale)[slice(*span)]].T.tolist()
    sounding = [column for column in columns if column[BASS] != REST]
    origin = sounding[0][BASS] if transposed and sounding else 0
    chords = [
        ((column[BASS] - origin) % 12, *sorted({(p - origin) % 12 for p in column if p != REST}))
        for column in sounding
    ]
    return tuple(chord for chord, _ in groupby(chords))


def _last_cadence(chorale: Chorale, written: BoolArray) -> Count:
    sounding = np.flatnonzero(chorale.pitch[BASS] != REST)
    if not sounding.size or not written[:, sounding[-1]].any():
        return Count(0, 0)
    return Count(int(is_authentic(chorale, int(sounding[-1]))), 1)


def _keys(chorale: Chorale, phrases: Sequence[Span], own: BoolArray) -> dict[str, Count]:
    names = ("opens_in_key", "closes_in_key", "closes_as_it_opens")
    if not phrases:
        return dict.fromkeys(names, Count())
    first, last = (_key_of(chorale, phrases[index]) for index in (0, -1))
    known = enharmonic_keys(chorale.key)
    either = len(phrases) > 1 and bool(own[0] | own[-1])
    cases = [(first in known, own[0]), (last in known, own[-1]), (first == last, either)]
    return {
        name: Count(int(case and counted), int(counted))
        for name, (case, counted) in zip(names, cases, strict=True)
    }


def _key_of(chorale: Chorale, span: Span) -> str:
    """The key that is estimated from all notes of a phrase, by their durations."""
    pitch = chorale.pitch[:, slice(*span)]
    return estimated_key(pitch[pitch != REST])
