"""MusicXML scores read into parts on the grid."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from generator.music.formats.files import MAX_BYTES
from generator.music.formats.format_errors import FormatError
from generator.music.formats.musicxml_writer import FIELD_FERMATA, FIELD_PICKUP
from generator.music.formats.score import MAX_FILE_STEPS, Note, Part, Score, on_grid
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray, Metre
from generator.music.grid.spelling import MODES, key_name, midi_number, note_name

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PARTS = 100
MAX_NAME = 60
"""Characters of the name of a part, a voice or a bar, of which messages speak."""
MAX_FERMATA = 100_000
"""Characters of our own list of steps under fermatas."""
_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?")


# Whole steps are plain integers, since fractions are ten times slower.
Time = Fraction | int


@dataclass
class _WrittenNote:
    """One written note; times in steps within its measure."""

    voice: str
    start: int
    end: int
    pitch: int
    tied: bool
    fermata: bool


@dataclass
class _Measure:
    number: str
    implicit: bool
    length: Time = 0
    metre: str = ""
    notes: list[_WrittenNote] = field(default_factory=list)


def musicxml_score(data: bytes, source: str) -> Score:
    """The parts of a score on the grid.

    Raises
    ------
    FormatError
        If it is not MusicXML or has notes off the grid.
    """
    root = _root(data, source)
    names = {
        part.get("id", ""): (part.findtext("part-name") or "").strip()[:MAX_NAME]
        for part in root.iterfind("part-list/score-part")
    }
    readers = []
    for number, part in enumerate(root.iterfind("part"), start=1):
        if number > MAX_PARTS:
            raise FormatError(f"{source} has more than {MAX_PARTS} parts; give a single chorale")
        reader = _PartReader(names.get(part.get("id", "")) or f"part {number}")
        reader.read(part)
        readers.append(reader)
    if not any(reader.measures for reader in readers):
        raise FormatError(f"{source} has no measures; give a score with a melody in it")
    metre, pickup, starts = _frame(readers)
    parts = [part for reader in readers for part in reader.parts(starts)]
    steps = starts[-1]
    keys = [reader.key for reader in readers if reader.key is not None]
    sharps, mode = keys[0] if keys else (None, "")
    fields = {
        entry.get("name", ""): entry.text or ""
        for entry in root.iterfind("identification/miscellaneous/miscellaneous-field")
    }
    exact = fields.get(FIELD_PICKUP, "")
    try:
        key = key_name(sharps, mode) if sharps is not None and mode in MODES else ""
    except ValueError as error:
        raise FormatError(f"{source}: {error}") from error
    return Score(
        parts=tuple(parts),
        steps=steps,
        metre=metre,
        key=key,
        sharps=sharps,
        anacrusis=int(exact) if exact.isdecimal() and len(exact) < 5 else pickup,
        fermata=_exact_fermata(fields.get(FIELD_FERMATA), steps),
        bwv=(root.findtext("work/work-number") or "").strip(),
        title=(root.findtext("work/work-title") or root.findtext("movement-title") or "").strip(),
    )


class _PartReader:
    """Reads one part; the cursor counts steps from the beginning of the measure."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.measures: list[_Measure] = []
        self.key: tuple[int, str] | None = None
        self._step: Time = STEPS_PER_QUARTER
        self._transposed = 0
        self._cursor: Time = 0
        self._chord_start: Time = 0
        self._handlers: dict[str, Callable[[Element, _Measure], None]] = {
            "attributes": self._attributes,
            "note": self._note,
            "backup": self._backup,
            "forward": self._forward,
        }

    def read(self, part: Element) -> None:
        for element in part.iterfind("measure"):
            number = element.get("number", "?")[:MAX_NAME]
            measure = _Measure(number, element.get("implicit") == "yes")
            if len(self.measures) == MAX_FILE_STEPS:
                raise FormatError(
                    f"{self.name} has more than {MAX_FILE_STEPS} bars; give a single chorale"
                )
            # A bar may begin with a further note of a chord, which has no first.
            self._cursor = self._chord_start = 0
            for child in element:
                handler = self._handlers.get(child.tag)
                if handler is not None:
                    handler(child, measure)
                    measure.length = max(measure.length, self._cursor)
            self.measures.append(measure)

    def parts(self, starts: list[int]) -> list[Part]:
        """The lines of this part, one per voice; `starts` are the first steps of the measures."""
        lines: dict[str, list[Note]] = {}
        for measure, start in zip(self.measures, starts, strict=False):
            for written in sorted(measure.notes, key=lambda note: note.start):
                self._lay(lines.setdefault(written.voice, []), written, measure, start)
        if len(lines) == 1:
            return [Part(self.name, tuple(line)) for line in lines.values()]
        return [
            Part(f"{self.name} voice {voice[:MAX_NAME]}", tuple(lines[voice]))
            for voice in sorted(lines)
        ] or [Part(self.name, ())]

    def _lay(self, line: list[Note], written: _WrittenNote, measure: _Measure, start: int) -> None:
        begin, end = start + written.start, start + written.end
        before = line[-1] if line else None
        if written.tied and before and before.pitch == written.pitch and before.end == begin:
            fermata = before.fermata or written.fermata
            line[-1] = Note(before.start, end, before.pitch, fermata)
        else:
            line.append(Note(begin, end, written.pitch, written.fermata))

    def _attributes(self, element: Element, measure: _Measure) -> None:
        divisions = element.findtext("divisions")
        if divisions is not None:
            per_quarter = self._number(divisions, "divisions", measure)
            if per_quarter <= 0:
                raise self._wrong(measure, "divisions", divisions)
            self._step = _plain(Fraction(STEPS_PER_QUARTER) / per_quarter)
        time = element.find("time")
        if time is not None and time.find("beats") is not None:
            beats = (time.findtext("beats") or "").replace(" ", "").split("+")
            over = sum(int(self._number(beat, "beats", measure)) for beat in beats)
            measure.metre = f"{over}/{(time.findtext('beat-type') or '').strip()}"
        key = element.find("key")
        if key is not None and self.key is None and (fifths := key.findtext("fifths")):
            sharps = int(self._number(fifths, "fifths", measure))
            self.key = sharps, (key.findtext("mode") or "").strip().lower()
        transpose = element.find("transpose")
        if transpose is not None:
            chromatic = self._number(transpose.findtext("chromatic", "0"), "chromatic", measure)
            octaves = self._number(transpose.findtext("octave-change", "0"), "octaves", measure)
            self._transposed = int(chromatic + 12 * octaves)

    def _note(self, element: Element, measure: _Measure) -> None:
        if element.find("grace") is not None or element.find("cue") is not None:
            return
        length = self._duration(element, measure)
        if element.find("chord") is None:
            self._chord_start = self._cursor
            self._cursor += length
        pitch = element.find("pitch")
        if pitch is None:
            return
        number = self._pitch(pitch, measure)
        label = f"{self.name}, bar {measure.number}: {note_name(number)}"
        ties = [tie.get("type") for tie in element.iterfind("tie")]
        ties += [tie.get("type") for tie in element.iterfind("notations/tied")]
        measure.notes.append(
            _WrittenNote(
                voice=(element.findtext("voice") or "1").strip(),
                start=on_grid(self._chord_start, 0, f"{label} begins"),
                end=on_grid(self._chord_start + length, 0, f"{label} ends"),
                pitch=number,
                tied="stop" in ties,
                fermata=element.find("notations/fermata") is not None,
            )
        )

    def _pitch(self, element: Element, measure: _Measure) -> int:
        letter = (element.findtext("step") or "").strip()
        if letter not in tuple("ABCDEFG"):
            raise self._wrong(measure, "step", letter)
        alteration = element.findtext("alter") or "0"
        alter = self._number(alteration, "alter", measure)
        octave = self._number(element.findtext("octave") or "", "octave", measure)
        number = midi_number(letter, int(alter), int(octave)) + self._transposed
        if alter != int(alter) or not 0 <= number <= 127:
            raise self._wrong(measure, "pitch", f"{letter} {alteration} {octave}")
        return number

    def _backup(self, element: Element, measure: _Measure) -> None:
        self._cursor = max(0, self._cursor - self._duration(element, measure))

    def _forward(self, element: Element, measure: _Measure) -> None:
        self._cursor += self._duration(element, measure)

    def _duration(self, element: Element, measure: _Measure) -> Time:
        duration = element.findtext("duration") or ""
        length = _plain(self._number(duration, "duration", measure) * self._step)
        if length <= 0:
            raise self._wrong(measure, "duration", duration)
        return length

    def _number(self, text: str, what: str, measure: _Measure) -> Time:
        text = text.strip()
        if text.isdecimal() and len(text) < 7:
            return int(text)
        if not _NUMBER.fullmatch(text):
            raise self._wrong(measure, what, text)
        return _plain(Fraction(text))

    def _wrong(self, measure: _Measure, what: str, value: str) -> FormatError:
        return FormatError(
            f"{self.name}, bar {measure.number}: {what} is {value!r:.40}; "
            "export the score again from the program that made it"
        )


def _plain(time: Time) -> Time:
    return time.numerator if time.denominator == 1 else time


def _frame(readers: list[_PartReader]) -> tuple[Metre, int, list[int]]:
    """The metre with its changes, the pickup, and the first step of each measure and of the end."""
    count = max(len(reader.measures) for reader in readers)
    columns = [
        [reader.measures[index] for reader in readers if index < len(reader.measures)]
        for index in range(count)
    ]
    metre: list[tuple[int, str]] = [(0, _first_metre(columns[0]))]
    bar = _bar(metre[0][1])
    starts, phase, pickup = [0], Fraction(0), 0
    for index, column in enumerate(columns):
        start = starts[-1]
        change = next((measure.metre for measure in column if measure.metre), "")
        if index and change:
            metre.append((start, change))
            bar, phase = _bar(change), Fraction(0)
        length = max(measure.length for measure in column) or bar - phase
        if index == 0 and length < bar and _is_pickup(columns):
            pickup, phase = int(length), bar - length
        if phase and phase + length > bar:
            # The bars before did not fill up, but there is a bar line here.
            metre.append((start, metre[-1][1]))
            phase = Fraction(0)
        phase = (phase + length) % bar
        starts.append(on_grid(start + length, 0, f"bar {column[0].number} ends"))
        if starts[-1] > MAX_FILE_STEPS:
            raise FormatError(
                f"the score is longer than {MAX_FILE_STEPS} sixteenths; give a single chorale"
            )
    return tuple(metre), pickup, starts


def _is_pickup(columns: list[list[_Measure]]) -> bool:
    first = columns[0][0]
    if first.implicit or first.number == "0":
        return True
    return len(columns) > 1 and not any(measure.metre for measure in columns[1])


def _first_metre(column: list[_Measure]) -> str:
    return next((measure.metre for measure in column if measure.metre), "4/4")


def _bar(metre: str) -> Fraction:
    over, _, under = metre.partition("/")
    if under not in ("1", "2", "4", "8", "16") or not 0 < int(over) < 100:
        raise FormatError(f"metre {metre!r} does not fit sixteenths; use one such as 4/4 or 6/8")
    return Fraction(int(over) * 16, int(under))


def _exact_fermata(text: str | None, steps: int) -> BoolArray | None:
    if text is None or len(text) > MAX_FERMATA or steps > MAX_FILE_STEPS:
        return None
    marks = np.zeros(steps, dtype=np.bool_)
    for start, stop in re.findall(r"(\d{1,5})-(\d{1,5})", text):
        marks[int(start) : int(stop)] = True
    return marks


def _root(data: bytes, source: str) -> Element:
    if data.startswith(b"PK"):
        data = _unpacked(data, source)
    try:
        root = _parsed(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError(f"{source} is not MusicXML that can be read: {error}") from error
    if root.tag != "score-partwise":
        raise FormatError(
            f"{source} is not a partwise MusicXML score: it begins with <{root.tag:.40}>; "
            "export it as MusicXML"
        )
    return root


def _parsed(data: bytes) -> Element:
    """The root. A file that declares types of its own is refused: defaults of attributes, which
    each element gets, would take gigabytes."""
    parser = DefusedXMLParser()

    def no_types(name: str, system: str | None, public: str | None, has_own: int) -> None:
        if has_own:
            raise ValueError("it declares types of its own; export it again")

    parser.parser.StartDoctypeDeclHandler = no_types
    parser.feed(data)
    root: Element = parser.close()
    return root


# Errors of an untrusted zip file; their only common ancestor is Exception.
UNREADABLE = (
    zipfile.BadZipFile,  # not an archive, or a wrong checksum
    zlib.error, EOFError, OSError,  # damaged or truncated data
    LookupError,  # the container names a missing entry, or an unknown encoding
    OverflowError,  # a place beyond all numbers
    RuntimeError,  # encrypted, or an unknown compression
    ParseError, DefusedXmlException, ValueError,  # a container that is not XML, or is an attack
)  # fmt: skip


def _unpacked(data: bytes, source: str) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [entry for entry in archive.namelist() if not entry.startswith("META-INF/")]
            if "META-INF/container.xml" in archive.namelist():
                container = _parsed(_limited(archive, "META-INF/container.xml"))
                rootfile = next(container.iter("rootfile"), None)
                names = [rootfile.get("full-path", "")] if rootfile is not None else names
            scores = [name for name in names if name.endswith((".xml", ".musicxml"))]
            if not scores:
                raise FormatError(f"{source} is a zip file without a MusicXML score in it")
            return _limited(archive, scores[0])
    except UNREADABLE as error:
        raise FormatError(
            f"{source} is not compressed MusicXML that can be read: {error}"
        ) from error


def _limited(archive: zipfile.ZipFile, name: str) -> bytes:
    # Others take as much memory as the file asks for.
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(
            f"{name} is not compressed MusicXML that can be read: its packing is rare; export the "
            "score again"
        )
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name} unpacks to more than {MAX_BYTES // 1_000_000} MB")
    return data
