"""An empty frame for a whole chorale: key, metre, length and phrase ends, but no notes.

Rule
----
All bars are whole; with a pickup, the last bar is shorter by as much. Unless told otherwise, a
phrase lasts two bars, or four if a bar is shorter than a whole note. The last one may be shorter.
Each phrase begins with the pickup and so ends that much before a bar line. Its close is under a
fermata, which begins at the middle of the bar if that is still in the phrase, otherwise (and in
metres with an odd upper figure) at the bar line. Most fermatas of the corpus are there: on the half
note on the third beat of 4/4, a quarter with a pickup of a quarter, the whole bar of 3/4, a half
with such a pickup.

A piece ends in its key: `with_close` gives the last note of the bass, the tonic, and nothing else.
"""

from __future__ import annotations

import numpy as np

from generator.music.grid.chorale import REST, BoolArray, Chorale, bar_steps
from generator.music.grid.keys import tonic_class

WHOLE_NOTE = 16
MAX_FRAME_STEPS = 2000
BASS = 3
LOWEST_CLOSE = 40  # E2: the basses of the corpus end in the octave above it


def empty_chorale(
    key: str, metre: str = "4/4", bars: int = 8, *, pickup: int = 0, phrase: int | None = None
) -> Chorale:
    """Rests in all voices, with fermatas where the phrases will end.

    Parameters
    ----------
    key : str
        Such as ``"D minor"``.
    metre : str
    bars : int
        Whole bars; the pickup and the short last bar count as one.
    pickup : int
        Steps before the first bar line.
    phrase : int, optional
        Bars in a phrase.

    Raises
    ------
    ValueError
        Naming the value: an unknown key or metre, no bars, more than 2,000 steps, or a pickup as
        long as a bar.

    Examples
    --------
    >>> frame = empty_chorale("D minor", "4/4", 4, pickup=4)
    >>> frame.steps, np.flatnonzero(frame.fermata).tolist()
    (64, [28, 29, 30, 31, 60, 61, 62, 63])
    """
    rests = np.full((4, 1), REST)
    Chorale(rests, np.zeros_like(rests), key=key, metre=((0, metre),))  # names a bad value
    bar = bar_steps(metre)
    if bars < 1 or bars * bar > MAX_FRAME_STEPS:
        raise ValueError(f"{bars} bars of {metre}; use 1 to {MAX_FRAME_STEPS // bar}")
    if not 0 <= pickup < bar:
        raise ValueError(f"a pickup of {pickup} sixteenths; a bar of {metre} has {bar}")
    if phrase is None:
        phrase = 2 if bar >= WHOLE_NOTE else 4
    if phrase < 1:
        raise ValueError(f"a phrase of {phrase} bars; use 1 or more")
    steps = bars * bar
    fermata = np.zeros(steps, dtype=np.bool_)
    for end in [*range(phrase * bar, steps, phrase * bar), steps]:
        fermata[end - _close_steps(metre, pickup) : end] = True
    return Chorale(
        pitch=np.full((4, steps), REST),
        onset=np.zeros((4, steps), dtype=np.bool_),
        fermata=fermata,
        metre=((0, metre),),
        key=key,
        anacrusis=pickup,
    )


def with_close(frame: Chorale) -> tuple[Chorale, BoolArray]:
    """The frame with the tonic in the bass under the last fermata, and `given` as bool[4, T].

    Nothing is given if there is no fermata at the end.
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


def _close_steps(metre: str, pickup: int) -> int:
    """Steps from the last strong beat of a phrase to its end."""
    end = bar_steps(metre) - pickup
    half = bar_steps(metre) // 2 if int(metre.split("/")[0]) % 2 == 0 else 0
    return end - half if end > half else end
