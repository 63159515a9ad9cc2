"""Music as text: one character for each key of a piano, and a space for time.

Format
------
- The 88 keys A0..C8 are the characters ``!`` (33) to ``x`` (120). A step, which is a sixteenth, is
  the characters of all keys that sound in it, in ascending order, and a space that ends it. A step
  in which nothing sounds is a space alone.
- A character means that the key sounds. It begins a note if the key was silent in the step before.
  A key that goes on from step to step is held, unless ``~`` stands before it: then it is struck
  again. So repeated notes stay apart, and no note needs an empty step after it.
- A new line ends the piece. It may be left out at the end of a text.
- ``{...}`` is a tag: it says something about the music, such as ``{BACH|4/4|major|G}``, and nothing
  sounds in it. A tag stands between two steps.

Keys are MIDI numbers, so a set of keys is bool[T, 128], as in
`generator.music.grid.voice_assignment`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from generator.music.formats.format_errors import FormatError
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.spelling import MODES, key_name
from generator.music.grid.voice_assignment import KEYS

LOWEST_KEY = 21
PIANO_KEYS = 88
FIRST = "!"
AGAIN, STEP, END = "~", " ", "\n"
TAG_OPENS, TAG_DIVIDES, TAG_CLOSES = "{", "|", "}"
KEY_CHARACTERS = "".join(chr(ord(FIRST) + key) for key in range(PIANO_KEYS))
CHARACTERS = KEY_CHARACTERS + STEP + AGAIN + END + TAG_OPENS + TAG_DIVIDES + TAG_CLOSES
"""All characters that a text may have; the first 88 are the keys."""
COMPOSER = "BACH"
TONICS = "CcDdEFfGgAaB"
"""A letter for each pitch class in a tag: a small one is a semitone above the capital."""
MAX_TEXT_STEPS = 100_000

_KEY_NAMES = {
    (tonic_class(name), mode): name
    for mode in ("major", "minor")
    for place in range(-5, 7)
    for name in (key_name(place, mode),)
}


def keys_to_text(sounding: ArrayLike, struck: ArrayLike) -> str:
    """The text of one piece.

    Parameters
    ----------
    sounding, struck : bool[T, 128]
        The keys that sound at each step, and those that begin there.

    Raises
    ------
    FormatError
        If a key is not on the piano.

    Examples
    --------
    >>> keys = np.zeros((3, 128), dtype=bool)
    >>> keys[0, [60, 64]] = keys[1, [60, 64]] = keys[2, 60] = True
    >>> again = np.zeros_like(keys)
    >>> again[1, 64] = True
    >>> keys_to_text(keys, again)
    'HL H~L H \\n'
    """
    keys = np.asarray(sounding, dtype=np.bool_)
    begins = np.asarray(struck, dtype=np.bool_)
    for step, key in np.argwhere(keys):
        if not LOWEST_KEY <= key < LOWEST_KEY + PIANO_KEYS:
            raise FormatError(
                f"key {key} in step {step} is not on the piano; use keys {LOWEST_KEY} (A0) to "
                f"{LOWEST_KEY + PIANO_KEYS - 1} (C8), or transpose the piece"
            )
    before = np.zeros_like(keys)
    before[1:] = keys[:-1]
    again = keys & before & begins
    steps = []
    for row, repeated in zip(keys, again, strict=True):
        steps.append(
            "".join(
                (AGAIN if repeated[key] else "") + key_character(key)
                for key in np.flatnonzero(row).tolist()
            )
        )
    return "".join(step + STEP for step in steps) + END


def text_to_keys(text: str) -> tuple[BoolArray, BoolArray]:
    """The keys of a text of one piece, tags left out: sounding and struck, bool[T, 128] each.

    Raises
    ------
    FormatError
        The message names the line and the place in it, and what is wrong there.

    Examples
    --------
    >>> sounding, struck = text_to_keys("{BACH|4/4|major|C}HL H~L H ")
    >>> sounding.sum(axis=1).tolist(), struck[1].nonzero()[0].tolist()
    ([2, 2, 1], [64])
    """
    body = text.removesuffix("\n").removesuffix("\r")
    reader = _TextReader(body)
    steps = reader.steps()
    if not steps:
        raise FormatError("the text has no step; a space ends each, even a silent one")
    sounding = np.zeros((len(steps), KEYS), dtype=np.bool_)
    again = np.zeros_like(sounding)
    for step, row in enumerate(steps):
        for key, repeated in row:
            sounding[step, key] = True
            again[step, key] = repeated
    struck = again.copy()
    struck[0] |= sounding[0]
    struck[1:] |= sounding[1:] & ~sounding[:-1]
    return sounding, struck


def key_character(key: int) -> str:
    """The character of a MIDI number.

    Examples
    --------
    >>> key_character(21), key_character(60), key_character(108)
    ('!', 'H', 'x')
    """
    return KEY_CHARACTERS[key - LOWEST_KEY]


def tag_of(chorale: Chorale, step: int = 0, semitones: int = 0) -> str:
    """The tag of a chorale at a step: composer, metre, mode and tonic.

    Parameters
    ----------
    chorale : Chorale
    step : int
        The metre is the one that holds there.
    semitones : int
        By how much the piece is transposed.

    Examples
    --------
    >>> tag_of(Chorale(pitch=[[72]] * 4, onset=[[1]] * 4, key="D minor"), semitones=-2)
    '{BACH|4/4|minor|C}'
    """
    metre = [name for at, name in chorale.metre if at <= step][-1]
    tonic = TONICS[(tonic_class(chorale.key) + semitones) % 12]
    return f"{TAG_OPENS}{TAG_DIVIDES.join((COMPOSER, metre, chorale.mode, tonic))}{TAG_CLOSES}"


def sounding_key(key: str, semitones: int = 0) -> str:
    """A key, transposed, in one of twelve spellings for each mode.

    Examples
    --------
    >>> sounding_key("G# major"), sounding_key("A minor", 1)
    ('Ab major', 'Bb minor')
    """
    return _KEY_NAMES[(tonic_class(key) + semitones) % 12, MODES[key.split()[1]][1]]


class _TextReader:
    """Reads a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def steps(self) -> list[list[tuple[int, bool]]]:
        """The keys of each step, ascending, and whether each is struck again."""
        steps: list[list[tuple[int, bool]]] = []
        row: list[tuple[int, bool]] = []
        before: set[int] = set()
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == STEP:
                steps.append(row)
                if len(steps) > MAX_TEXT_STEPS:
                    raise self._error(f"more than {MAX_TEXT_STEPS:,} steps; give a shorter piece")
                before, row = {key for key, _ in row}, []
                self.at += 1
            elif sign == TAG_OPENS:
                self._skip_tag(row)
            else:
                row.append(self._key(row, before))
        if row:
            raise self._error("the last step has no end; put a space after its keys")
        return steps

    def _skip_tag(self, row: list[tuple[int, bool]]) -> None:
        close = self.text.find(TAG_CLOSES, self.at)
        if close < 0:
            raise self._error(f"a tag that never ends; close it with {TAG_CLOSES!r}")
        if row:
            raise self._error("a tag inside a step; put it after a space")
        self.at = close + 1

    def _key(self, row: list[tuple[int, bool]], before: set[int]) -> tuple[int, bool]:
        repeated = self.text[self.at] == AGAIN
        self.at += repeated
        sign = self.text[self.at : self.at + 1]
        place = KEY_CHARACTERS.find(sign) if sign else -1
        if place < 0:
            raise self._error(
                f"{repr(sign) if sign else 'the end'} where a key should be; keys are the "
                f"characters {KEY_CHARACTERS[0]!r} to {KEY_CHARACTERS[-1]!r}, a space ends a step"
            )
        key = LOWEST_KEY + place
        if row and key <= row[-1][0]:
            raise self._error(f"{sign!r} is not above the key before it; sort the keys of a step")
        if repeated and key not in before:
            raise self._error(
                f"{sign!r} is struck again, but did not sound in the step before; leave out the "
                f"{AGAIN!r}"
            )
        self.at += 1
        return key, repeated

    def _error(self, what: str) -> FormatError:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        return FormatError(f"line {line}, character {column}: {what}")
