"""The words under a line of ABC, and what they say of phrase ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from generator.music.formats.notation.written import Time, WrittenMeasure
from generator.music.phrase_ends.hints import EndHint, syllable_hint

_TOKEN = re.compile(r"[^\s\-_*|]+-?|[-_*|]")
_PLAIN_HYPHEN = "\N{NON-BREAKING HYPHEN}"


class Syllable(NamedTuple):
    """A syllable, whether its word goes on, and for how many notes it is held."""

    text: str
    goes_on: bool = False
    notes: int = 1


def add_hints(words: str, sung: Sequence[tuple[WrittenMeasure, Time]]) -> None:
    """Lay a line of words under the notes of a line, each its measure and its start there."""
    at = 0
    for syllable in syllables(words):
        if syllable is None:
            while 0 < at < len(sung) and sung[at][0] is sung[at - 1][0]:
                at += 1
            continue
        held = sung[at : at + syllable.notes]
        at += syllable.notes
        for place, (measure, start) in enumerate(held, 1):
            is_last = place == len(held)
            measure.hints += (
                syllable_hint(round(start), syllable.text, goes_on=syllable.goes_on)
                if is_last or syllable.goes_on
                else [EndHint(round(start), "word")]
            )


def syllables(words: str) -> Iterator[Syllable | None]:
    """The syllables of a line, and None for a bar line.

    Examples
    --------
    >>> list(syllables("|a- O~Lord!__"))[1:]
    [Syllable(text='a', goes_on=True, notes=1), Syllable(text='O Lord!', goes_on=False, notes=3)]
    """
    last: Syllable | None = None
    for token in _TOKEN.findall(words.replace("\\-", _PLAIN_HYPHEN)):
        if token in ("-", "_") and last is not None:
            last = last._replace(notes=last.notes + 1, goes_on=last.goes_on or token == "-")
            continue
        if last is not None:
            yield last
        last = None
        if token == "|":
            yield None
        elif token in ("-", "_", "*"):
            last = Syllable("")
        else:
            last = Syllable(token.rstrip("-").replace("~", " "), token.endswith("-"))
    if last is not None:
        yield last
