"""A chorale as a MusicXML score of four staves.

The notation itself carries everything on the grid. Where notation has no way to say it (a fermata
over part of a note, a pickup that is cut short), a `miscellaneous-field` has the exact steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np

from generator.music.formats.engraving import (
    NOTE_VALUES,
    NoteSymbol,
    accidentals,
    beams,
    symbols_of,
)
from generator.music.formats.score import Note, ScoreBar, bars_of, marked_steps, notes_of
from generator.music.grid.chorale import (
    REST,
    STEPS_PER_QUARTER,
    VOICE_NAMES,
    BoolArray,
    Chorale,
    bar_steps,
)
from generator.music.grid.spelling import signature, spelled

XML_HEADER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
FIELD_FERMATA = "fermata-steps"
FIELD_PICKUP = "pickup-steps"
# Clef sign, line, octaves above the written pitch.
_CLEFS = (("G", 2, 0), ("G", 2, 0), ("G", 2, -1), ("F", 4, 0))
_ACCIDENTALS = {
    -3: "triple-flat",
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
    3: "triple-sharp",
}


def musicxml_bytes(chorale: Chorale) -> bytes:
    """The MusicXML file of a chorale; the same chorale gives the same bytes."""
    bars = bars_of(chorale)
    voices = with_fermatas(chorale)
    root = ET.Element("score-partwise", version="4.0")
    _head(root, chorale, _fields(chorale, bars, voices))
    for index, notes in enumerate(voices):
        part = ET.SubElement(root, "part", id=f"P{index + 1}")
        _write_part(part, notes, bars, chorale, index)
    return XML_HEADER + ET.tostring(root, encoding="unicode").encode() + b"\n"


def with_fermatas(chorale: Chorale) -> list[list[Note]]:
    """The notes of each voice, marked so that `marked_steps` finds the same steps again.

    A soprano note that lies entirely under the marks gets a fermata, then the notes of lower voices
    under what is left. The notes that sound with them at their end are marked too, as in print.
    """
    voices = [notes_of(chorale, voice) for voice in range(len(VOICE_NAMES))]
    if not chorale.fermata.any():
        return voices
    left = chorale.fermata.copy()
    ends: list[int] = []
    marked: list[set[int]] = [set() for _ in voices]
    for voice, notes in enumerate(voices):
        for index, note in enumerate(notes):
            if note.pitch != REST and left[note.start : note.end].all():
                marked[voice].add(index)
        for index in marked[voice]:
            left[notes[index].start : notes[index].end] = False
            ends.append(notes[index].end - 1)
    for voice, notes in enumerate(voices):
        starts = [note.start for note in notes]
        for end in ends:
            index = int(np.searchsorted(starts, end, side="right")) - 1
            if notes[index].pitch != REST:
                marked[voice].add(index)
    return [
        [replace(note, fermata=index in marked[voice]) for index, note in enumerate(notes)]
        for voice, notes in enumerate(voices)
    ]


def _fields(chorale: Chorale, bars: Sequence[ScoreBar], voices: list[list[Note]]) -> dict[str, str]:
    fields = {}
    if chorale.anacrusis and bars[0].stop != chorale.anacrusis:
        fields[FIELD_PICKUP] = str(chorale.anacrusis)
    if not np.array_equal(marked_steps(voices, chorale.steps), chorale.fermata):
        fields[FIELD_FERMATA] = _spans(chorale.fermata)
    return fields


def _spans(marks: BoolArray) -> str:
    edges = np.flatnonzero(np.diff(marks, prepend=False, append=False)).reshape(-1, 2)
    return " ".join(f"{start}-{stop}" for start, stop in edges.tolist())


def _head(root: ET.Element, chorale: Chorale, fields: dict[str, str]) -> None:
    if chorale.bwv or chorale.title:
        work = ET.SubElement(root, "work")
        if chorale.bwv:
            _text(work, "work-number", _printable(chorale.bwv))
        if chorale.title:
            _text(work, "work-title", _printable(chorale.title))
    identification = ET.SubElement(root, "identification")
    encoding = ET.SubElement(identification, "encoding")
    _text(encoding, "software", "Bach or bot?")
    if fields:
        extra = ET.SubElement(identification, "miscellaneous")
        for name, value in fields.items():
            _text(extra, "miscellaneous-field", value).set("name", name)
    parts = ET.SubElement(root, "part-list")
    group = ET.SubElement(parts, "part-group", type="start", number="1")
    _text(group, "group-symbol", "bracket")
    _text(group, "group-barline", "yes")
    for index, name in enumerate(VOICE_NAMES):
        part = ET.SubElement(parts, "score-part", id=f"P{index + 1}")
        _text(part, "part-name", name.capitalize())
        _text(part, "part-abbreviation", name[0].upper())
    ET.SubElement(parts, "part-group", type="stop", number="1")


def _write_part(
    part: ET.Element, notes: Sequence[Note], bars: Sequence[ScoreBar], chorale: Chorale, voice: int
) -> None:
    sharps = signature(chorale.key)
    number = 0 if chorale.anacrusis else 1
    first = 0
    for bar in bars:
        measure = ET.SubElement(part, "measure", number=str(number))
        if number == 0:
            measure.set("implicit", "yes")
        number += 1
        if bar.changes:
            _attributes(measure, bar, chorale, voice)
        while notes[first].end <= bar.start:
            first += 1
        last = first
        while last < len(notes) and notes[last].start < bar.stop:
            last += 1
        _write_bar(measure, symbols_of(notes[first:last], bar), bar, sharps)
    barline = ET.SubElement(measure, "barline", location="right")
    _text(barline, "bar-style", "light-heavy")


def _attributes(measure: ET.Element, bar: ScoreBar, chorale: Chorale, voice: int) -> None:
    attributes = ET.SubElement(measure, "attributes")
    if bar.start == 0:
        _text(attributes, "divisions", str(STEPS_PER_QUARTER))
        key = ET.SubElement(attributes, "key")
        _text(key, "fifths", str(signature(chorale.key)))
        _text(key, "mode", chorale.mode)
    time = ET.SubElement(attributes, "time")
    over, under = bar.metre.split("/")
    _text(time, "beats", over)
    _text(time, "beat-type", under)
    if bar.start == 0:
        sign, line, octaves = _CLEFS[voice]
        clef = ET.SubElement(attributes, "clef")
        _text(clef, "sign", sign)
        _text(clef, "line", str(line))
        if octaves:
            _text(clef, "clef-octave-change", str(octaves))


def _write_bar(
    measure: ET.Element, symbols: Sequence[NoteSymbol], bar: ScoreBar, sharps: int
) -> None:
    length = bar.stop - bar.start
    note = symbols[0].note
    if note.pitch == REST and note.end >= bar.stop and length == bar_steps(bar.metre):
        element = ET.SubElement(measure, "note")
        ET.SubElement(element, "rest", measure="yes")
        _text(element, "duration", str(length))
        _text(element, "voice", "1")
        return
    printed = accidentals(symbols, sharps)
    beamed = beams(symbols, bar.metre)
    for index, symbol in enumerate(symbols):
        _write_symbol(measure, symbol, sharps, printed[index], beamed[index])


def _write_symbol(
    measure: ET.Element,
    symbol: NoteSymbol,
    sharps: int,
    accidental: int | None,
    beam: tuple[str, ...],
) -> None:
    element = ET.SubElement(measure, "note")
    if symbol.is_rest:
        ET.SubElement(element, "rest")
    else:
        letter, alter, octave = spelled(symbol.note.pitch, sharps)
        pitch = ET.SubElement(element, "pitch")
        _text(pitch, "step", letter)
        if alter:
            _text(pitch, "alter", str(alter))
        _text(pitch, "octave", str(octave))
    _text(element, "duration", str(symbol.length))
    ties = [kind for kind, tied in (("stop", symbol.tied_from), ("start", symbol.tied_to)) if tied]
    for kind in ties:
        ET.SubElement(element, "tie", type=kind)
    _text(element, "voice", "1")
    name, dots = NOTE_VALUES[symbol.length]
    _text(element, "type", name)
    for _ in range(dots):
        ET.SubElement(element, "dot")
    if accidental is not None:
        _text(element, "accidental", _ACCIDENTALS[accidental])
    for level, kind in enumerate(beam, start=1):
        _text(element, "beam", kind).set("number", str(level))
    # A tied note has its fermata over the last symbol.
    fermata = symbol.note.fermata and not symbol.tied_to
    if ties or fermata:
        notations = ET.SubElement(element, "notations")
        for kind in ties:
            ET.SubElement(notations, "tied", type=kind)
        if fermata:
            ET.SubElement(notations, "fermata", type="upright")


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element


def _printable(text: str) -> str:
    # XML has no way to write control characters.
    return "".join(character for character in text if character.isprintable())
