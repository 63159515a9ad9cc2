"""ABC tunes read into parts on the grid.

The reader is our own: music21's loses fermatas and changes of metre, and reads voices that stand
line by line one after the other.
"""

from __future__ import annotations

import re
from dataclasses import replace

from generator.music.formats.abc_reader.tune_text import TuneText, VoiceText, first_tune
from generator.music.formats.abc_reader.voice_reader import VoiceReader
from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.assembly import assembled
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.written import WrittenPart
from generator.music.formats.score import Repeats, Score

MAX_CHARACTERS = 300_000


def looks_like_abc(text: str) -> bool:
    """Whether a text has the header of a tune.

    Examples
    --------
    >>> looks_like_abc("X:1\\nT:A\\nK:G\\nGAB|"), looks_like_abc("Keys: K:")
    (True, False)
    """
    begins = re.match(r"\s*(?:%|[A-Za-z]:)", text) is not None
    return begins and re.search(r"(?m)^K:", text) is not None


def abc_score(
    text: str, source: str, *, quantise: bool = False, repeats: Repeats | None = None
) -> Score:
    """The first tune of an ABC file; `quantise` and `repeats` are those of `musicxml_score`.

    Raises
    ------
    FormatError
        If it has no notes, or some off the grid.
    """
    if len(text) > MAX_CHARACTERS:
        raise FormatError(f"{source} has {len(text):,} characters; give a file with one tune")
    tune, count = first_tune(text)
    notices = Notices()
    if count > 1:
        others = "other is" if count == 2 else "others are"
        notices.say(
            "left out",
            f"of {count} tunes the first is read ({tune.title:.60}); the {others} left out: give "
            "one in a file of its own",
        )
    parts = [_part(tune, voice, notices) for voice in tune.voices.values()]
    score = assembled(parts, source, notices, quantise=quantise, repeats=repeats)
    return replace(score, title=tune.title)


def _part(tune: TuneText, voice: VoiceText, notices: Notices) -> WrittenPart:
    reader = VoiceReader(tune, voice, notices)
    # Without bar lines, a line of the text is a phrase.
    barred = any("|" in music for letter, music in voice.lines if not letter)
    for letter, music in voice.lines:
        if letter:
            reader.field(letter, music)
        else:
            reader.read(music if barred else f"{music}|")
    return reader.part()
