"""MusicXML scores read into parts on the grid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.formats.musicxml_reader.part_reader import PartReader
from generator.music.formats.musicxml_reader.xml_document import score_element
from generator.music.formats.musicxml_writer import FIELD_FERMATA, FIELD_PICKUP
from generator.music.formats.notation.assembly import MAX_NAME, MAX_PARTS, assembled
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.written import WrittenPart
from generator.music.formats.score import MAX_FILE_STEPS, Repeats, Score
from generator.music.grid.chorale import BoolArray

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_FERMATA = 100_000
"""Characters of our own list of steps under fermatas."""
DRUM_CHANNEL = "10"
_KNOWS_NO_MODE = re.compile(r"MuseScore [012]\b")
"""Programs that write "major" for all keys."""


def musicxml_score(
    data: bytes, source: str, *, quantise: bool = False, repeats: Repeats | None = None
) -> Score:
    """The parts of a score on the grid.

    Parameters
    ----------
    quantise : bool
        Move beginnings of notes that are off the grid to the nearest sixteenth.
    repeats : "play" or "once", optional
        Play repeats, endings, D.C. and D.S.; otherwise they are read once, with the last ending. A
        measure repeat is left a rest for "once" alone.

    Raises
    ------
    FormatError
        If it is not MusicXML or has notes off the grid.
    """
    root = score_element(data, source)
    notices = Notices()
    parts = _parts(root, source, notices)
    score = assembled(parts, source, notices, quantise=quantise, repeats=repeats)
    fields = {
        entry.get("name", ""): entry.text or ""
        for entry in root.iterfind("identification/miscellaneous/miscellaneous-field")
    }
    software = root.findtext("identification/encoding/software") or ""
    pickup = fields.get(FIELD_PICKUP, "")
    is_exact = pickup.isdecimal() and len(pickup) < 5
    return replace(
        score,
        key_is_doubtful=_KNOWS_NO_MODE.match(software) is not None,
        anacrusis=int(pickup) if is_exact else score.anacrusis,
        fermata=_exact_fermata(fields.get(FIELD_FERMATA), score.steps),
        bwv=(root.findtext("work/work-number") or "").strip(),
        title=(root.findtext("work/work-title") or root.findtext("movement-title") or "").strip(),
    )


def _parts(root: Element, source: str, notices: Notices) -> list[WrittenPart]:
    listed = {part.get("id", ""): part for part in root.iterfind("part-list/score-part")}
    by_place = list(listed.values())
    parts, drums = [], False
    for number, element in enumerate(root.iterfind("part"), start=1):
        if number > MAX_PARTS:
            raise FormatError(f"{source} has more than {MAX_PARTS} parts; give a single chorale")
        entry = listed.get(element.get("id", ""))
        if entry is None and len(by_place) >= number:
            entry = by_place[number - 1]
        part = PartReader(_name(entry) or f"part {number}", notices).read(element)
        if _is_percussion(entry, part):
            drums = True
            notices.say("left out", f"{part.name} is percussion and left out")
        else:
            parts.append(part)
    if drums and not parts:
        raise FormatError(f"{source} has nothing but percussion; give a file with a melody in it")
    return parts


def _name(entry: Element | None) -> str:
    if entry is None:
        return ""
    names = (entry.findtext(each) or "" for each in ("part-name", "part-abbreviation"))
    return next((" ".join(name.split()) for name in names if name.strip()), "")[:MAX_NAME]


def _is_percussion(entry: Element | None, part: WrittenPart) -> bool:
    channels: set[str] = set()
    if entry is not None:
        channels = {(c.text or "").strip() for c in entry.iterfind("midi-instrument/midi-channel")}
    signs = set().union(*part.clefs.values())
    return channels == {DRUM_CHANNEL} or signs == {"percussion"}


def _exact_fermata(text: str | None, steps: int) -> BoolArray | None:
    if text is None or len(text) > MAX_FERMATA or steps > MAX_FILE_STEPS:
        return None
    marks = np.zeros(steps, dtype=np.bool_)
    for start, stop in re.findall(r"(\d{1,5})-(\d{1,5})", text):
        marks[int(start) : int(stop)] = True
    return marks
