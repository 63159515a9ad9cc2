"""What the music of an ABC voice is made of."""

from __future__ import annotations

import re
from fractions import Fraction

_LENGTH = r"\d{0,4}/{0,4}\d{0,4}"
NOTE = rf"(?:\^{{1,2}}|_{{1,2}}|=)?[A-Ga-g][,']{{0,6}}{_LENGTH}"
_BREATHS = "breath|caesura|shortphrase|mediumphrase|longphrase"
_PATTERNS = {
    "words": r'"[^"\n]{0,400}"',
    # Before a note it is that note's, as the standard says; otherwise it stands after one.
    "breath": rf"!(?:{_BREATHS})!(?!(?:\"[^\"\n]*\"|[(.~\[])*[\^_=A-Ga-g])",
    "decoration": r"![^!\n ]{1,40}!|\+[a-z]{3,20}\+",
    "grace": r"\{[^}\n]{0,200}\}",
    "inline": r"\[[A-Za-z]:[^\]\n]{0,200}\]",
    "ending": r"\[ *\d[\d,\-]{0,20}",
    "bar": r"(?:\[\||:{0,4}\|{1,4}\]?:{0,4}|::{1,3})(?:\d[\d,\-]{0,20})?",
    "chord": rf"\[[^\]\[|\n]{{1,100}}\]{_LENGTH}",
    "note": NOTE,
    "rest": rf"[zx]{_LENGTH}",
    "bars": r"[ZX]\d{0,4}",
    "tuplet": r"\(\d(?::\d?){0,2}",
    "broken": r">{1,3}|<{1,3}",
    "tie": r"-",
    "overlay": r"&",
    "mark": r"[HSO]",
    "nothing": r"y\d{0,3}|[\s().~LMPRTuv`$*\\]",
    "other": r".",
}
TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
PARTS_OF_NOTE = re.compile(rf"(\^{{1,2}}|_{{1,2}}|=)?([A-Ga-g])([,']{{0,6}})({_LENGTH})")
ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
DECORATIONS = {
    "fermata": "fermata",
    "invertedfermata": "fermata",
    "segno": "segno",
    "coda": "coda",
    "dacoda": "to_coda",
    "fine": "fine",
    **dict.fromkeys(_BREATHS.split("|"), "breath"),
    "D.C.": "da_capo",
    "D.S.": "dal_segno",
    "dacapo": "da_capo",
}
LETTERS = {"H": "fermata", "S": "segno", "O": "coda"}
TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


def times_of(text: str) -> Fraction:
    """How many units a length is.

    Examples
    --------
    >>> times_of("3/2"), times_of("//"), times_of("")
    (Fraction(3, 2), Fraction(1, 4), Fraction(1, 1))
    """
    over = text.partition("/")[0]
    under = text.lstrip("0123456789").lstrip("/")
    slashes = text.count("/")
    divisor = int(under) if under else 2**slashes
    return Fraction(int(over or 1), divisor or 1)
