"""An empty frame for a whole chorale: key, metre, length and phrase ends, and not one note.

Rule
----
All bars are whole; with a pickup, the last one gives up what the pickup has. Phrases last two bars,
or four where a bar is shorter than a whole note, unless told otherwise; what is left over makes a
shorter last phrase. Each phrase begins with the pickup, so it ends as much before a bar line, and
a fermata stands over its close: from the last half of the bar that still has room (in metres
counted by an odd number, from the bar line) to the end of the phrase. This is where most fermatas
of the corpus stand: the half note on the third beat of 4/4, a quarter with a pickup of a quarter,
the whole bar of 3/4, a half with such a pickup.

A piece ends in its key: `with_close` gives the last note of the bass, the tonic, and nothing else.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, BoolArray, Chorale, bar_steps
from generator.music.grid.keys import tonic_class

WHOLE_NOTE = 16
MAX_STEPS = 2000
BASS = 3
LOWEST_CLOSE = 40  # E2: with the octave above it, where the corpus' basses end


def blank_chorale(
    key: str, metre: str = "4/4", bars: int = 8, *, pickup: int = 0, phrase: int | None = None
) -> Chorale:
    """All voices at rest, with fermatas where phrases are to end.

    Parameters
    ----------
    key : str
        Such as ``"D minor"``.
    metre : str
    bars : int
        Whole bars, the pickup and the short last bar counted as one.
    pickup : int
        Steps before the first bar line.
    phrase : int, optional
        Bars in a phrase.

    Raises
    ------
    ValueError
        With the offending value: no such key or metre, no bars, more than 2,000 steps, a pickup
        that is no part of a bar.

    Examples
    --------
    >>> frame = blank_chorale("D minor", "4/4", 4, pickup=4)
    >>> frame.steps, np.flatnonzero(frame.fermata).tolist()
    (64, [28, 29, 30, 31, 60, 61, 62, 63])
    """
    rests = np.full((4, 1), REST)
    Chorale(rests, np.zeros_like(rests), key=key, metre=((0, metre),))  # names a bad value
    bar = bar_steps(metre)
    if bars < 1 or bars * bar > MAX_STEPS:
        raise ValueError(f"{bars} bars of {metre}; use 1 to {MAX_STEPS // bar}")
    if not 0 <= pickup < bar:
        raise ValueError(f"a pickup of {pickup} sixteenths; a bar of {metre} has {bar}")
    if phrase is None:
        phrase = 2 if bar >= WHOLE_NOTE else 4
    if phrase < 1:
        raise ValueError(f"a phrase of {phrase} bars; use 1 or more")
    steps = bars * bar
    fermata = np.zeros(steps, dtype=np.bool_)
    for end in [*range(phrase * bar, steps, phrase * bar), steps]:
        fermata[end - _close(metre, pickup) : end] = True
    return Chorale(
        pitch=np.full((4, steps), REST),
        onset=np.zeros((4, steps), dtype=np.bool_),
        fermata=fermata,
        metre=((0, metre),),
        key=key,
        anacrusis=pickup,
    )


def with_close(frame: Chorale) -> tuple[Chorale, BoolArray]:
    """The frame with the tonic in the bass under the last fermata, and bool[4, T] of what is given.

    Nothing is given where no fermata stands at the end.
    """
    given = np.zeros(frame.pitch.shape, dtype=np.bool_)
    if not frame.fermata[-1]:
        return frame, given
    start = frame.steps - int(np.argmin(np.append(frame.fermata[::-1], False)))
    given[BASS, start:] = True
    pitch, onset = frame.pitch.copy(), frame.onset.copy()
    pitch[BASS, start:] = LOWEST_CLOSE + (tonic_class(frame.key) - LOWEST_CLOSE) % 12
    onset[BASS, start] = True
    return frame.with_voices(pitch, onset), given


def _close(metre: str, pickup: int) -> int:
    """Steps from the last strong beat before the end of a phrase to that end."""
    end = bar_steps(metre) - pickup
    half = bar_steps(metre) // 2 if int(metre.split("/")[0]) % 2 == 0 else 0
    return end - half if end > half else end
