"""The fields of ABC that give numbers: key, metre, and the length of a note."""

from __future__ import annotations

import re
from fractions import Fraction

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.written import SENZA_MISURA
from generator.music.grid.spelling import MODES

SHARP_ORDER = "FCGDAEB"
_MODES = {mode[:3]: mode for mode in MODES} | {"m": "minor", "": "major"}
_KEY = re.compile(r"([A-G])([#b]?) *([A-Za-z]*)(.*)", re.DOTALL)
_SMALL_KEY = re.compile(
    r"([a-g])([#b]?) *(m(?:aj|in)?|major|minor|(?:ion|dor|phr|lyd|mix|aeo|loc)[a-z]*)()",
    re.IGNORECASE,
)
_ACCIDENTAL = re.compile(r"(?<!\S)(\^{1,2}|_{1,2}|=)([a-gA-G])(?!\S)")
_ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


def key_of_field(value: str) -> tuple[int | None, str, dict[str, int]] | None:
    """Sharps, mode and the alterations of letters; None if the field sets only a clef.

    Examples
    --------
    >>> key_of_field("Ador")[:2], key_of_field("F#m clef=bass")[:2], key_of_field("clef=bass")
    ((1, 'dorian'), (3, 'minor'), None)
    """
    value = value.split(" clef=")[0].strip()
    if value.startswith(("HP", "Hp")):
        return 2, "major", _signature(2)
    if not value or value.lower().startswith("none"):
        return (None, "", {}) if value else (0, "", {})
    match = _KEY.fullmatch(value) or _SMALL_KEY.fullmatch(value)
    if match is None:
        return None
    letter, sign, word, rest = match.groups()
    letter = letter.upper()
    mode = _MODES.get(word.lower()[:3] if word not in ("m", "M") else "m")
    is_explicit = word.lower() == "exp"
    if mode is None:
        # "K:G treble": a clef.
        mode, rest = "major", f"{word} {rest}"
    fifths = SHARP_ORDER.index(letter) - 1 + {"": 0, "#": 7, "b": -7}[sign]
    sharps = fifths - MODES[mode][0]
    altered = {} if is_explicit else _signature(sharps)
    marked = {name.upper(): _ALTERS[mark] for mark, name in _ACCIDENTAL.findall(rest)}
    if is_explicit:
        return None if not marked else (None, "", marked)
    return sharps, mode, {**altered, **marked}


def _signature(sharps: int) -> dict[str, int]:
    order = SHARP_ORDER if sharps > 0 else SHARP_ORDER[::-1]
    sign = 1 if sharps > 0 else -1
    altered: dict[str, int] = {}
    for place in range(min(abs(sharps), 14)):
        letter = order[place % 7]
        altered[letter] = altered.get(letter, 0) + sign
    return altered


def metre_of_field(value: str) -> str:
    """
    >>> metre_of_field("C|"), metre_of_field("2+3/8"), metre_of_field("none")
    ('2/2', '5/8', 'senza misura')
    """
    value = value.split(" ")[0] if "=" in value else value.replace(" ", "")
    if value in ("C", "C|"):
        return {"C": "4/4", "C|": "2/2"}[value]
    if value.lower() in ("", "none"):
        return SENZA_MISURA
    match = re.match(r"\(?(\d{1,3}(?:\+\d{1,3}){0,20})\)?/(\d{1,3})(?!\d)", value)
    if match is None:
        raise FormatError(f"M:{value:.40} is no metre; use one such as M:4/4")
    return f"{sum(int(beats) for beats in match[1].split('+'))}/{match[2]}"


def unit_of_field(value: str) -> Fraction:
    """Sixteenths in a note without a number.

    Raises
    ------
    FormatError
    """
    match = re.fullmatch(r"(\d{1,3})(?:/(\d{1,3}))?", value.replace(" ", ""))
    if match is None or not int(match[1]) or (match[2] and not int(match[2])):
        raise FormatError(f"L:{value:.40} is no length; use one such as L:1/8")
    return Fraction(16 * int(match[1]), int(match[2] or 1))


def usual_unit(metre: str | None) -> Fraction:
    """The length of a note where the file has no L: field."""
    if metre is None or "/" not in (name := metre_of_field(metre)):
        return Fraction(2)
    over, under = (int(figure) for figure in name.split("/"))
    return Fraction(1) if 4 * over < 3 * under else Fraction(2)
