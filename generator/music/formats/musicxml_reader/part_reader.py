"""One part of a MusicXML score, element by element."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from generator.music.formats.format_errors import FormatError
from generator.music.formats.musicxml_reader.end_hints import end_hints
from generator.music.formats.musicxml_reader.repeat_marks import bar_line_marks, direction_marks
from generator.music.formats.musicxml_reader.short_backups import mend_short_backups
from generator.music.formats.notation.assembly import MAX_NAME
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.stray_fermatas import mark_note_before
from generator.music.formats.notation.written import (
    SENZA_MISURA,
    Time,
    WrittenKey,
    WrittenMeasure,
    WrittenNote,
    WrittenPart,
    WrittenRest,
    plain,
)
from generator.music.formats.score import MAX_FILE_STEPS, bar_length
from generator.music.grid.chorale import STEPS_PER_QUARTER
from generator.music.grid.spelling import midi_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?")


class PartReader:
    """Reads one part; the cursor counts steps from the beginning of the measure."""

    def __init__(self, name: str, notices: Notices) -> None:
        self.part = WrittenPart(name)
        self._notices = notices
        self._step: Time = STEPS_PER_QUARTER
        self._bar: Time = 0
        self._transposed: dict[str, int] = {}
        self._fifths = 0
        self._cursor: Time = 0
        self._chord_start: Time = 0
        self._backups = 0
        self._rested = False
        self._handlers: dict[str, Callable[[Element, WrittenMeasure], None]] = {
            "attributes": self._attributes,
            "note": self._note,
            "backup": self._backup,
            "forward": self._forward,
            "barline": self._bar_line,
            "direction": direction_marks,
            "sound": direction_marks,
            "harmony": self._harmony,
        }

    def read(self, part: Element) -> WrittenPart:
        for element in part.iterfind("measure"):
            number = element.get("number", "?")[:MAX_NAME]
            measure = WrittenMeasure(number, element.get("implicit") == "yes")
            if len(self.part.measures) == MAX_FILE_STEPS:
                raise FormatError(
                    f"{self.part.name} has more than {MAX_FILE_STEPS} bars; give a single chorale"
                )
            # A bar may begin with a further note of a chord, which has no first.
            self._cursor = self._chord_start = self._backups = 0
            self._rested = False
            for child in element:
                handler = self._handlers.get(child.tag)
                if handler is not None:
                    handler(child, measure)
            for _ in range(mend_short_backups(measure, self._step, self._bar)):
                fate = "moved to the beginning of its bar"
                place = self.part.place(measure.number)
                self._notices.count("bent", "voice* after a short backup", fate, place)
            measure.close()
            self.part.measures.append(measure)
        return self.part

    def _count(self, measure: WrittenMeasure, thing: str) -> None:
        self._notices.count("left out", thing, "left out", self.part.place(measure.number))

    def _attributes(self, element: Element, measure: WrittenMeasure) -> None:
        divisions = element.findtext("divisions")
        if divisions is not None:
            per_quarter = self._number(divisions, "divisions", measure)
            if per_quarter <= 0:
                raise self._wrong(measure, "divisions", divisions)
            self._step = plain(Fraction(STEPS_PER_QUARTER) / per_quarter)
        self._metre(element, measure)
        for transpose in element.iterfind("transpose"):
            self._transpose(transpose, measure)
        self._key(element, measure)
        for clef in element.iterfind("clef"):
            sign = (clef.findtext("sign") or "").strip()
            self.part.clefs.setdefault(clef.get("number", "1"), set()).add(sign)
        for style in element.iterfind("measure-style"):
            self._measure_style(style, measure)

    def _metre(self, element: Element, measure: WrittenMeasure) -> None:
        time = element.find("time")
        if time is None:
            return
        if time.find("senza-misura") is not None:
            measure.metre = SENZA_MISURA
            return
        terms = [
            (int(self._number(beats, "beats", measure)), (kind.text or "").strip())
            for whole, kind in zip(time.findall("beats"), time.findall("beat-type"), strict=False)
            for beats in (whole.text or "").replace(" ", "").split("+")
        ]
        if not terms:
            return
        under = max((kind for _, kind in terms), key=lambda kind: (len(kind), kind))
        whole = [over for over, kind in terms if kind == under]
        if all(kind.isdecimal() and int(kind[:4]) > 0 for _, kind in terms):
            # 3/8 + 2/4 is 7/8.
            whole = [over * int(under[:4]) // int(kind[:4]) for over, kind in terms]
        measure.metre = f"{sum(whole)}/{under}"
        self._bar = bar_length(measure.metre) if under.isdecimal() else 0

    def _transpose(self, element: Element, measure: WrittenMeasure) -> None:
        chromatic = int(self._number(element.findtext("chromatic", "0"), "chromatic", measure))
        octaves = int(self._number(element.findtext("octave-change", "0"), "octaves", measure))
        diatonic = element.findtext("diatonic")
        # A fifth is seven semitones and four steps; an octave twelve and seven.
        self._fifths = (7 * chromatic + 5) % 12 - 5
        if diatonic is not None:
            steps = int(self._number(diatonic, "diatonic", measure))
            told = 7 * chromatic - 12 * steps
            self._fifths = told if abs(told) <= 7 else self._fifths
        self._transposed[element.get("number", "")] = chromatic + 12 * octaves

    def _key(self, element: Element, measure: WrittenMeasure) -> None:
        key = element.find("key")
        if key is None:
            return
        if not (self.part.measures or measure.notes or measure.rests):
            self.part.keys.clear()  # the last one before the first note counts
        fifths = key.findtext("fifths")
        if not fifths:
            self.part.keys.append(WrittenKey(measure.number, None, ""))
            return
        sharps = int(self._number(fifths, "fifths", measure)) + self._fifths
        # The signature that transposition gives may be the longer one of two that sound alike.
        if self._fifths and abs(sharps) > 6:
            sharps -= 12 if sharps > 0 else -12
        mode = (key.findtext("mode") or "").strip().lower()
        self.part.keys.append(WrittenKey(measure.number, sharps, mode))

    def _measure_style(self, element: Element, measure: WrittenMeasure) -> None:
        staff = element.get("number", "")
        repeat = element.find("measure-repeat")
        if repeat is not None:
            count = (repeat.text or "").strip()
            starts = repeat.get("type") != "stop"
            measure.repeats = (int(count) if count in ("1", "2", "4") else 1, staff)
            measure.repeats = measure.repeats if starts else (0, staff)
        for kind in ("slash", "beat-repeat"):
            style = element.find(kind)
            if style is not None and style.get("type") != "stop":
                self._count(measure, "passage* of slashes" if kind == "slash" else "repeated beat")

    def _harmony(self, element: Element, measure: WrittenMeasure) -> None:
        self._count(measure, "chord symbol")

    def _note(self, element: Element, measure: WrittenMeasure) -> None:
        if element.find("grace") is not None:
            self._count(measure, "grace note")
            return
        length = self._duration(element, measure)
        chord = element.find("chord") is not None
        if not chord:
            self._chord_start = self._cursor
            self._cursor = plain(self._cursor + length)
        start, end = self._chord_start, plain(self._chord_start + length)
        staff = (element.findtext("staff") or "1").strip()
        voice = (element.findtext("voice") or f"{staff}.{self._backups}").strip()
        voice = voice.removesuffix(".0")  # music21 has 1 and 1.0
        hidden = element.get("print-object") == "no"
        rest, pitch = element.find("rest"), element.find("pitch")
        if rest is not None:
            whole = rest.get("measure") == "yes" or element.findtext("type", "whole") == "whole"
            measure.rests.append(WrittenRest(start, end, voice, staff, whole, hidden))
            self._rested = start == 0 and whole
        else:
            measure.length = max(measure.length, end)
        if rest is not None and element.find("notations/fermata") is not None:
            mark_note_before(self.part, measure, self._notices, "rest", voice)
        if rest is not None or pitch is None or not self._is_sung(element, measure):
            return
        ties = {tie.get("type") for tie in element.iterfind("tie")}
        ties |= {tie.get("type") for tie in element.iterfind("notations/tied")}
        measure.notes.append(
            WrittenNote(
                start,
                end,
                self._pitch(pitch, staff, measure),
                voice,
                staff,
                tied_from=not ties.isdisjoint(("stop", "continue")),
                tied_on=not ties.isdisjoint(("start", "continue")),
                chord=chord,
                fermata=element.find("notations/fermata") is not None,
                hidden=hidden,
            )
        )
        measure.hints += end_hints(element, round(start))

    def _is_sung(self, element: Element, measure: WrittenMeasure) -> bool:
        if element.find("cue") is not None:
            self._count(measure, "cue note")
            return False
        if (element.findtext("notehead") or "").strip() == "slash":
            self._count(measure, "slash notehead")
            return False
        return True

    def _pitch(self, element: Element, staff: str, measure: WrittenMeasure) -> int:
        letter = (element.findtext("step") or "").strip()
        if letter not in tuple("ABCDEFG"):
            raise self._wrong(measure, "step", letter)
        alteration = element.findtext("alter") or "0"
        alter = self._number(alteration, "alter", measure)
        octave = self._number(element.findtext("octave") or "", "octave", measure)
        moved = self._transposed.get(staff, self._transposed.get("", 0))
        number = midi_number(letter, int(alter), int(octave)) + moved
        if alter != int(alter) or not 0 <= number <= 127:
            raise self._wrong(measure, "pitch", f"{letter} {alteration} {octave}")
        return number

    def _backup(self, element: Element, measure: WrittenMeasure) -> None:
        length = self._duration(element, measure, least=0)
        # After a rest that fills the bar, whatever it says, there is one place to go back to.
        self._cursor = 0 if self._rested else max(0, plain(self._cursor - length))
        self._backups += 1
        self._rested = False

    def _forward(self, element: Element, measure: WrittenMeasure) -> None:
        self._cursor = plain(self._cursor + self._duration(element, measure, least=0))
        measure.length = max(measure.length, self._cursor)

    def _bar_line(self, element: Element, measure: WrittenMeasure) -> None:
        bar_line_marks(element, measure)
        if element.find("fermata") is not None:
            mark_note_before(self.part, measure, self._notices, "bar line")

    def _duration(
        self, element: Element, measure: WrittenMeasure, least: Time = Fraction(1, 10**9)
    ) -> Time:
        duration = element.findtext("duration") or ""
        length = plain(self._number(duration, "duration", measure) * self._step)
        if length < least:
            raise self._wrong(measure, "duration", duration)
        return length

    def _number(self, text: str, what: str, measure: WrittenMeasure) -> Time:
        text = text.strip()
        if text.isdecimal() and len(text) < 7:
            return int(text)
        if not _NUMBER.fullmatch(text):
            raise self._wrong(measure, what, text)
        return plain(Fraction(text))

    def _wrong(self, measure: WrittenMeasure, what: str, value: str) -> FormatError:
        return FormatError(
            f"{self.part.place(measure.number)}: {what} is {value!r:.40}; "
            "export the score again from the program that made it"
        )
