"""What a licence allows, by its name: to play pieces in public, and to hand out the file."""

from __future__ import annotations

import re

from django.db.models import Q

PROJECT = "MIT"
"""Of the checkpoints that come with the code."""
# A licence that is one of these words, or has one of these phrases in it, allows nothing. They are
# in lower case and ASCII, so that the database can compare them too.
FORBIDDEN_WORDS = ("", "none", "no licence", "no license", "noassertion", "unlicensed", "n/a")
FORBIDDEN_PHRASES = ("all rights reserved", "proprietary")

_URL = re.compile(r"https?://(www\.)?|creativecommons\.org/(licenses|publicdomain)")
_SPELLINGS = (
    ("creative commons", "cc"),
    ("attribution", "by"),
    ("share alike", "sa"),
    ("sharealike", "sa"),
    ("cc zero", "cc 0"),
    ("gnu ", ""),
    ("lesser general public", "lgpl"),
    ("affero general public", "agpl"),
    ("general public", "gpl"),
    ("mozilla public", "mpl"),
)
_FILLERS = {"the", "license", "licence", "version", "v", "universal", "international", "unported"}
_NUMBER = r"( \d(\.\d)?)?"
_OPEN = re.compile(
    rf"cc (0|zero){_NUMBER}|cc by( sa)?{_NUMBER}( (?!nc|nd)[a-z]{{2}})?|public domain"
    rf"|mit|expat|isc|unlicense|(\d clause )?bsd( \d clause)?|(apache|mpl){_NUMBER}"
    rf"|[al]?gplv?{_NUMBER}( only| or later| \+)?|(odbl|odc by|pddl){_NUMBER}"
)


def may_play(licence: str) -> bool:
    """Whether pieces under this licence may be played in public: if it says so in any words.

    Examples
    --------
    >>> may_play("CC BY-NC 4.0"), may_play("by permission of the author")
    (True, True)
    >>> may_play(""), may_play("Proprietary"), may_play("(c) 2021. All rights reserved")
    (False, False, False)
    """
    text = licence.strip().lower()
    return text not in FORBIDDEN_WORDS and not any(each in text for each in FORBIDDEN_PHRASES)


def forbidden(field: str) -> Q:
    """The opposite of `may_play` for the database; the field is in lower case and trimmed."""
    condition = Q(**{f"{field}__in": FORBIDDEN_WORDS})
    for phrase in FORBIDDEN_PHRASES:
        condition |= Q(**{f"{field}__contains": phrase})
    return condition


def may_download(licence: str) -> bool:
    """Whether anybody may have the file: an open licence, by its SPDX or its usual name.

    Examples
    --------
    >>> may_download("CC-BY-4.0"), may_download("CC BY 4.0"), may_download("MIT License")
    (True, True, True)
    >>> may_download("CC BY-NC 4.0"), may_download("ask me"), may_download("")
    (False, False, False)
    """
    if not may_play(licence):
        return False
    text = _URL.sub(" cc " if "creativecommons" in licence.lower() else " ", licence.lower())
    text = re.sub(r"\((cc|http)[^)]*\)", " ", text)  # says the same again
    words = re.findall(r"\d+(?:\.\d+)?|[a-z]+|\+", text)
    text = " ".join(words)
    for spelling, short in _SPELLINGS:
        text = text.replace(spelling, short)
    kept = " ".join(word for word in text.split() if word not in _FILLERS)
    return _OPEN.fullmatch(re.sub(r"(cc )+", "cc ", kept)) is not None
