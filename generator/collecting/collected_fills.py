"""A fill of a collection: a work by Bach in which an outside system wrote some of the voices.

Its name says work and condition: `BWV269-ATB.mid`, in any folder. It is as long as the work, and
the given voices are Bach's note for note. The frame (metre, key, fermatas) is taken from the work.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from generator.music.corpus.works import Corpus, CorpusError
from generator.music.formats.format_errors import FormatError
from generator.music.formats.score import bars_of
from generator.music.grid.chorale import VOICE_NAMES, Chorale
from generator.music.grid.conditions import VOICE_CONDITIONS, given_voices

_NAME = re.compile(r"(BWV[0-9][\w.\-]*)-([A-Z]+)", re.IGNORECASE)


def fill_name(name: str) -> tuple[str, str] | None:
    """Work and condition of a file that is named as a fill; None for other names.

    Examples
    --------
    >>> fill_name("run1/BWV248.35-3c-ATB.mid"), fill_name("0.mid")
    (('BWV248.35-3c', 'ATB'), None)
    """
    match = _NAME.fullmatch(PurePosixPath(name).stem)
    return (match[1], match[2].upper()) if match else None


def checked_fill(chorale: Chorale, work: str, condition: str, corpus: Corpus) -> Chorale:
    """The fill in the frame of its work.

    Raises
    ------
    FormatError
        If there is no such work, the condition is no set of voices, the length is not the work's,
        or a given voice isn't Bach's.
    """
    try:
        bach = corpus.work(work).chorale
    except CorpusError as error:
        raise FormatError(str(error)) from error
    if condition not in VOICE_CONDITIONS:
        raise FormatError(
            f"{condition!r} is no set of written voices; use one of {', '.join(VOICE_CONDITIONS)}"
        )
    if chorale.steps != bach.steps:
        raise FormatError(
            f"it lasts {chorale.steps} sixteenths and {bach.bwv} {bach.steps}; a fill is as long "
            "as its work"
        )
    given = given_voices(condition, bach.steps)
    differs = (chorale.pitch != bach.pitch) | (chorale.onset != bach.onset)
    if (changed := np.argwhere((given & differs).T)).size:
        step, voice = changed[0].tolist()
        raise FormatError(
            f"the {VOICE_NAMES[voice]} is given and differs from Bach's in bar "
            f"{bar_number(bach, step)} (step {step}); given voices are kept note for note"
        )
    return bach.with_voices(chorale.pitch, chorale.onset)


def bar_number(chorale: Chorale, step: int) -> int:
    """As people count bars: a pickup is bar 0."""
    bars = bars_of(chorale)
    index = next(index for index, bar in enumerate(bars) if step < bar.stop)
    return index + (not chorale.anacrusis)
