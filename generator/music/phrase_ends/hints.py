"""What a file says of its phrase ends besides fermatas: breath marks and the words that are sung.

Conventions
-----------
A hint belongs to the last note that begins at its step or before. Words have no figures behind
them, unlike the weights of `weights.py`: a breath mark or the end of a line always counts, a full
stop outweighs most that notes can say, a comma about as much as a note twice as long; within a word
no phrase ends.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

HintKind = Literal["breath", "line", "stop", "comma", "word"]

HINT_WEIGHTS: dict[HintKind, float] = {
    "breath": 25.0,
    "line": 25.0,
    "stop": 6.0,
    "comma": 1.5,
    "word": -25.0,
}

_CLOSING = "\"'’”»)]"
_LINE_MARKS = "/\\\r\n"


class EndHint(NamedTuple):
    """That a phrase may end (or, within a word, does not) with the note that sounds at a step."""

    step: int
    kind: HintKind


def syllable_hint(step: int, text: str, *, goes_on: bool = False) -> list[EndHint]:
    """What a sung syllable says of the note that begins at a step.

    Parameters
    ----------
    step : int
    text : str
        Line marks as in karaoke files, ``/`` and ``\\``, stand before the first syllable of a line.
    goes_on : bool
        Whether the word has further syllables; a hyphen at the end says so too.

    Examples
    --------
    >>> syllable_hint(8, "are!"), syllable_hint(8, "lit", goes_on=True)
    ([EndHint(step=8, kind='stop')], [EndHint(step=8, kind='word')])
    >>> syllable_hint(8, "/How ")
    [EndHint(step=7, kind='line')]
    """
    hints = []
    if text[:1] and text[0] in _LINE_MARKS:
        hints.append(EndHint(step - 1, "line"))
    if text[1:] and text[-1] in _LINE_MARKS:
        hints.append(EndHint(step, "line"))
    word = text.strip().strip(_LINE_MARKS).rstrip(_CLOSING)
    if goes_on or (len(word) > 1 and word.endswith("-")):
        hints.append(EndHint(step, "word"))
    elif word.endswith((".", ";", ":", "!", "?")):
        hints.append(EndHint(step, "stop"))
    elif word.endswith(","):
        hints.append(EndHint(step, "comma"))
    return hints
