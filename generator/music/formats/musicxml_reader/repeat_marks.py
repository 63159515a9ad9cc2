"""The marks of repeats, endings and jumps at bar lines and above the staff."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.music.formats.notation.play_order import MAX_TIMES, ending_numbers
from generator.music.formats.notation.written import RepeatMarks, WrittenMeasure

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WORDS = (
    ("da_capo", re.compile(r"(d\. ?c\.?|dc|da capo)( |$)")),
    ("dal_segno", re.compile(r"(d\. ?s\.?|ds|dal segno)( |$)")),
    ("to_coda", re.compile(r"to coda\b")),
    ("fine", re.compile(r"fine\.?$")),
)
_SOUNDS = {
    "dacapo": "da_capo",
    "dalsegno": "dal_segno",
    "tocoda": "to_coda",
    "fine": "fine",
    "segno": "segno",
    "coda": "coda",
}


def bar_line_marks(element: Element, measure: WrittenMeasure) -> None:
    """Repeats and endings of a bar line."""
    marks = measure.marks
    repeat = element.find("repeat")
    if repeat is not None:
        if repeat.get("direction") == "forward":
            marks.forward = True
        else:
            marks.backward = _times(repeat.get("times", ""))
    ending = element.find("ending")
    if ending is not None:
        if ending.get("type") == "start":
            marks.ending = ending_numbers(ending.get("number", ""))
        else:
            marks.ending_stops = True
    for name in ("segno", "coda"):
        if element.find(name) is not None:
            setattr(marks, name, True)


def direction_marks(element: Element, measure: WrittenMeasure) -> None:
    """Segno, coda, D.C., D.S. and Fine, as signs, as words, or as they sound."""
    sounds = [element] if element.tag == "sound" else element.findall("sound")
    for sound in sounds:
        for name, mark in _SOUNDS.items():
            if sound.get(name, "no") != "no":
                setattr(measure.marks, mark, True)
    _words(element, measure.marks)


def _words(element: Element, marks: RepeatMarks) -> None:
    for words in element.iterfind("direction-type/words"):
        text = " ".join((words.text or "").casefold().split())[:40]
        for mark, pattern in _WORDS:
            if pattern.match(text):
                setattr(marks, mark, True)
    for name in ("segno", "coda"):
        # The sign stands beside the words "to coda", too.
        if element.find(f"direction-type/{name}") is not None and not marks.to_coda:
            setattr(marks, name, True)


def _times(text: str) -> int:
    return min(max(int(text), 2), MAX_TIMES) if text.isdecimal() and len(text) < 5 else 2
