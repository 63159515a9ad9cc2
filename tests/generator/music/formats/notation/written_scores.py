"""MusicXML written by hand: bars of words such as ``"G4 A4:8 r R:16 B4:4+start+fermata"``.

A word is a note (r a rest, R one that fills the bar), its length in sixteenths, 4 if it is left
out, and marks after plus signs. Four divisions are a quarter.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from generator.music.formats.outside_files import score_of
from generator.music.formats.score import Part, Score

_MARKS = {
    "start": '<tie type="start"/>',
    "stop": '<tie type="stop"/>',
    "fermata": "<notations><fermata/></notations>",
    "tied": '<notations><tied type="start"/></notations>',
    "slash": "<notehead>slash</notehead>",
}


def words(text: str, voice: str = "1", staff: str = "") -> str:
    return "".join(_note(word, voice, staff) for word in text.split())


def _note(word: str, voice: str, staff: str) -> str:
    body, *marks = word.split("+")
    name, _, length = body.partition(":")
    inside = ""
    for first in ("grace", "cue", "chord"):
        inside += f"<{first}/>" if first in marks else ""
    if name in "rR":
        inside += '<rest measure="yes"/>' if name == "R" else "<rest/>"
    elif "unpitched" in marks:
        inside += "<unpitched/>"
    else:
        alter = {"#": 1, "b": -1}.get(name[1], 0)
        inside += f"<pitch><step>{name[0]}</step><alter>{alter}</alter>"
        inside += f"<octave>{name[-1]}</octave></pitch>"
    inside += "" if "grace" in marks else f"<duration>{length or 4}</duration>"
    inside += "".join(_MARKS[mark] for mark in marks if mark in ("start", "stop"))
    inside += f"<voice>{voice}</voice>" if voice else ""
    inside += "<type>whole</type>" if "whole" in marks else "<type>quarter</type>"
    inside += f"<staff>{staff}</staff>" if staff else ""
    inside += "".join(_MARKS[m] for m in marks if m in _MARKS and m not in ("start", "stop"))
    hidden = ' print-object="no"' if "hidden" in marks else ""
    return f"<note{hidden}>{inside}</note>"


def back(length: float) -> str:
    return f"<backup><duration>{length}</duration></backup>"


def attributes(
    fifths: int | None = 1, time: str = "4/4", mode: str = "", divisions: int = 4, more: str = ""
) -> str:
    """`time` may be whatever stands inside the element, or empty."""
    text = f"<divisions>{divisions}</divisions>"
    if fifths is not None:
        text += f"<key><fifths>{fifths}</fifths>{f'<mode>{mode}</mode>' if mode else ''}</key>"
    if time:
        beats, _, kind = time.partition("/")
        plain = f"<beats>{beats}</beats><beat-type>{kind}</beat-type>"
        text += f"<time>{time if time.startswith('<') else plain}</time>"
    return f"<attributes>{text}{more}</attributes>"


def part(*bars: str, head: str | None = None, implicit: bool = False) -> str:
    """Measures; the first has the attributes, and is a pickup if it is implicit."""
    head = attributes() if head is None else head
    pickup = ' implicit="yes"' if implicit else ""
    return "".join(
        f'<measure number="{number}"{pickup if number == 1 else ""}>'
        f"{head if number == 1 else ''}{bar}</measure>"
        for number, bar in enumerate(bars, start=1)
    )


def xml(*parts: str, names: Sequence[str] = (), lists: str = "", before: str = "") -> str:
    named = [*names, *("Part" for _ in parts)][: len(parts)]
    listed = "".join(
        f'<score-part id="P{number}"><part-name>{name}</part-name>{lists}</score-part>'
        for number, name in enumerate(named, start=1)
    )
    body = "".join(f'<part id="P{n}">{inside}</part>' for n, inside in enumerate(parts, start=1))
    return f"<score-partwise>{before}<part-list>{listed}</part-list>{body}</score-partwise>"


def read(*parts: str, quantise: bool = False, repeats=None, **how) -> Score:
    return score_of(xml(*parts, **how).encode(), "x.xml", quantise=quantise, repeats=repeats)


def packed(entries: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return file.getvalue()


def notes(part: Part) -> list[tuple[int, int, int]]:
    """Start, end and pitch."""
    return [(note.start, note.end, note.pitch) for note in part.notes]


def pitches(part: Part) -> list[int]:
    return [note.pitch for note in part.notes]


def said(score: Score) -> str:
    return "\n".join(remark.text for remark in score.remarks)
