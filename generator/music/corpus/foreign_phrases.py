"""Where the phrases of a foreign chorale end.

Rule
----
A file with fermatas ends its phrases at them, as Bach's works do. Most foreign files have none.
Then a phrase ends every two bars (every four, if a bar is shorter than a whole note), counted from
the first note and so with the pickup, if all four voices hold a chord there: it has sounded for a
quarter or longer without a new note, and no voice holds a note over. The last note ends a phrase
too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generator.music.corpus.excerpts import Span, spans_between
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, Chorale, bar_steps
from generator.music.grid.phrases import cuts, phrase_ends

WHOLE_NOTE = 4 * STEPS_PER_QUARTER
CLOSE_STEPS = STEPS_PER_QUARTER


def foreign_phrase_ends(chorale: Chorale) -> list[int]:
    """Steps at which a phrase of a foreign chorale has just ended.

    Examples
    --------
    >>> quarters = Chorale(pitch=[[60] * 64] * 4, onset=[[1, 0, 0, 0] * 16] * 4)
    >>> foreign_phrase_ends(quarters)
    [32, 64]
    """
    if marked := phrase_ends(chorale):
        return marked
    sounding = np.flatnonzero((chorale.pitch != REST).any(axis=0))
    if not sounding.size:
        return []
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    bar = bar_steps(chorale.metre[0][1])
    phrase = (2 if bar >= WHOLE_NOTE else 4) * bar
    regular = range(first + phrase, last, phrase)
    return [step for step in regular if _closes(chorale, step)] + [last] * bool(cuts(chorale)[last])


def foreign_spans(chorale: Chorale) -> list[Span]:
    """The spans of whole phrases that are as long as excerpts are."""
    return spans_between(chorale, foreign_phrase_ends(chorale))


def with_fermatas(chorale: Chorale) -> Chorale:
    """The chorale with a fermata on the last soprano note of each phrase, if it has none."""
    if chorale.fermata.any():
        return chorale
    marks = np.zeros(chorale.steps, dtype=np.bool_)
    for end in foreign_phrase_ends(chorale):
        starts = np.flatnonzero(chorale.onset[0, :end])
        marks[int(starts[-1]) if starts.size else 0 : end] = True
    return replace(chorale, fermata=marks)


def _closes(chorale: Chorale, step: int) -> bool:
    held = chorale.onset[:, step - CLOSE_STEPS + 1 : step]
    chord = chorale.pitch[:, step - CLOSE_STEPS : step]
    return bool(cuts(chorale)[step] and not held.any() and (chord != REST).all())
