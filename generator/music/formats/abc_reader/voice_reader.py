"""The music of one ABC voice, token by token."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from generator.music.formats.abc_reader.fields import (
    key_of_field,
    metre_of_field,
    unit_of_field,
    usual_unit,
)
from generator.music.formats.abc_reader.lyrics import add_hints
from generator.music.formats.abc_reader.tokens import (
    ALTERS,
    DECORATIONS,
    LETTERS,
    NOTE,
    PARTS_OF_NOTE,
    TOKEN,
    TUPLET_TIME,
    times_of,
)
from generator.music.formats.abc_reader.tune_text import TuneText, VoiceText
from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.play_order import MAX_TIMES, ending_numbers
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
from generator.music.formats.score import MAX_FILE_STEPS
from generator.music.grid.chorale import bar_steps
from generator.music.grid.spelling import midi_number
from generator.music.phrase_ends.hints import EndHint

_ONLY_CLEF = re.compile(
    r"\w+ *=|(?:treble|soprano|mezzo\w*|alto|tenor|baritone|bass|perc)?\d?(?:[-+]8)?(?:\s|$)"
)


class VoiceReader:
    """Reads one voice; times are sixteenths from the beginning of the measure."""

    def __init__(self, tune: TuneText, voice: VoiceText, notices: Notices) -> None:
        self._part = WrittenPart(voice.name)
        self._notices = notices
        self._moved = tune.moved if voice.moved is None else voice.moved
        self._unit = unit_of_field(tune.unit) if tune.unit else usual_unit(tune.metre)
        self._signature: dict[str, int] = {}
        self._metre = self._next_metre = ""
        self._handlers: dict[str, Callable[[str], None]] = {
            "words": self._words,
            "breath": lambda _: self._breathe(),
            "decoration": lambda text: self._mark(DECORATIONS.get(text[1:-1], "")),
            "grace": lambda _: self._count("grace note"),
            "inline": lambda text: self.field(text[1], text[3:-1].strip()),
            "ending": lambda text: self._ending(text[1:]),
            "bar": self._bar,
            "chord": self._chord,
            "note": lambda text: self._notes([text], ""),
            "rest": self._rest,
            "bars": self._bars,
            "tuplet": self._tuplet,
            "broken": self._broken,
            "tie": self._tie,
            "overlay": self._overlay,
            "mark": lambda text: self._mark(LETTERS[text]),
            "other": lambda _: self._count("sign that is not read"),
        }
        self._open()
        self._names: dict[tuple[str, int], int] = {}
        """The pitches of the last notes; those that are tied to the next."""
        self._tied: dict[tuple[str, int], int] = {}
        self._sung: list[tuple[WrittenMeasure, Time]] = []
        """The notes of the line, for the words under it."""
        self._last: tuple[WrittenMeasure, Time] | None = None
        self._fermata = self._breath = False
        self._is_ending = False
        self._factor = Fraction(1)
        self._tuplet_factor, self._tuplet_left = Fraction(1), 0
        self.field("K", tune.key)
        if tune.metre is not None:
            self.field("M", tune.metre)

    def field(self, letter: str, value: str) -> None:
        """A key, a metre, or a unit of length, from here on."""
        match letter:
            case "K":
                self._key(value)
            case "M":
                self._metre = metre_of_field(value)
                if self._measure.notes or self._measure.rests:
                    self._next_metre = self._metre
                else:
                    self._measure.metre = self._metre
            case "L":
                self._unit = unit_of_field(value)
            case "w":
                add_hints(value, self._sung)
                self._sung = []  # of several verses, the first counts

    def read(self, music: str) -> None:
        self._sung = []
        for match in TOKEN.finditer(music):
            handler = self._handlers.get(match.lastgroup or "")
            if handler is not None:
                handler(match.group())

    def part(self) -> WrittenPart:
        """All that was read."""
        self._close()
        return self._part

    def _open(self) -> None:
        self._measure = WrittenMeasure(str(len(self._part.measures) + 1), metre=self._next_metre)
        self._next_metre = ""
        self._altered: dict[str, int] = {}
        self._cursor: Time = 0
        self._event: tuple[Time, int, int] = (0, 0, 0)
        """Where the last note or chord begins; how many notes and rests stood before it."""
        self._voice = 1

    def _close(self) -> None:
        if not (self._measure.notes or self._measure.rests):
            return
        if len(self._part.measures) == MAX_FILE_STEPS:
            raise FormatError(
                f"{self._part.name} has more than {MAX_FILE_STEPS} bars; give one tune"
            )
        self._measure.close()
        self._part.measures.append(self._measure)
        self._open()

    def _count(self, thing: str) -> None:
        place = self._part.place(self._measure.number)
        self._notices.count("left out", thing, "left out", place)

    def _words(self, text: str) -> None:
        if text[1] not in "^_<>@":
            self._count("chord symbol")

    def _mark(self, name: str) -> None:
        if name == "fermata":
            self._fermata = True
        elif name == "breath":
            self._breath = True
        elif name:
            setattr(self._measure.marks, name, True)

    def _breathe(self) -> None:
        """After the last note."""
        if self._last is not None:
            measure, start = self._last
            measure.hints.append(EndHint(round(start), "breath"))

    def _ending(self, text: str) -> None:
        self._measure.marks.ending = ending_numbers(text)
        self._is_ending = True

    def _bar(self, text: str) -> None:
        sign = text.rstrip("0123456789,-")
        before, bar, after = sign.partition("|")
        if self._fermata:
            mark_note_before(self._part, self._measure, self._notices, "bar line")
            self._fermata = False
        self._close()
        if not bar:
            before = after = ":"
        times = 1 + before.count(":")
        if self._part.measures:
            last = self._part.measures[-1].marks
            if times > 1:
                last.backward = min(times, MAX_TIMES)
            if self._is_ending and (times > 1 or len(bar + after.strip(":")) > 1):
                last.ending_stops = True
                self._is_ending = False
        self._measure.marks.forward = self._measure.marks.forward or ":" in after
        if number := text[len(sign) :]:
            self._ending(number)

    def _key(self, value: str) -> None:
        key = key_of_field(value)
        if key is None:
            if not _ONLY_CLEF.match(value):
                self._notices.say("key", f"K:{value:.40} is no key and is read as none")
            return
        sharps, mode, self._signature = key
        if sharps is not None and self._moved % 12:
            sharps += (7 * self._moved + 5) % 12 - 5
            sharps -= 12 * ((sharps > 6) - (sharps < -6))
        if not (self._part.measures or self._measure.notes or self._measure.rests):
            self._part.keys.clear()  # the last one before the first note counts
        self._part.keys.append(WrittenKey(self._measure.number, sharps, mode))

    def _tuplet(self, text: str) -> None:
        figures = [int(figure or 0) for figure in text[1:].split(":")]
        count, time, number = (*figures, 0, 0)[:3]
        if count < 2:
            return
        compound = self._metre.partition("/")[0] in ("6", "9", "12")
        time = time or TUPLET_TIME.get(count, 3 if compound else 2)
        self._tuplet_factor, self._tuplet_left = Fraction(time, count), number or count

    def _broken(self, text: str) -> None:
        short = Fraction(1, 2 ** len(text))
        first, second = (2 - short, short) if text[0] == ">" else (short, 2 - short)
        start, notes, rests = self._event
        if self._cursor == start:
            return
        self._cursor = plain(start + (self._cursor - start) * first)
        measure = self._measure
        measure.notes[notes:] = [replace(n, end=self._cursor) for n in measure.notes[notes:]]
        measure.rests[rests:] = [replace(r, end=self._cursor) for r in measure.rests[rests:]]
        self._factor = second

    def _overlay(self, text: str) -> None:
        self._cursor = 0
        self._event = (0, len(self._measure.notes), len(self._measure.rests))
        self._voice += 1

    def _chord(self, text: str) -> None:
        inside, _, length = text[1:].rpartition("]")
        notes = re.findall(rf"{NOTE}-?", inside)
        if notes:
            self._notes(notes, length)

    def _notes(self, texts: list[str], length: str) -> None:
        """A note, or the notes of a chord with its length."""
        found = [PARTS_OF_NOTE.match(text) for text in texts]
        parts = [match.groups() for match in found if match is not None]
        start, end = self._step(times_of(parts[0][3]) * times_of(length))
        tied, self._tied, self._names = self._tied, {}, {}
        for place, ((sign, letter, marks, _), text) in enumerate(zip(parts, texts, strict=True)):
            octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
            name = letter.upper(), octave
            pitch = self._names[name] = self._pitch(sign, *name, tied)
            self._measure.notes.append(
                WrittenNote(
                    start,
                    end,
                    pitch,
                    str(self._voice),
                    "1",
                    tied_from=tied.get(name) == pitch,
                    tied_on=text.endswith("-"),
                    chord=place > 0,
                    fermata=self._fermata,
                )
            )
            if text.endswith("-"):
                self._tied[name] = pitch
        self._last = self._measure, start
        if self._voice == 1:
            self._sung.append(self._last)
        if self._breath:
            self._breathe()
        self._fermata = self._breath = False

    def _pitch(
        self, sign: str | None, letter: str, octave: int, tied: dict[tuple[str, int], int]
    ) -> int:
        if sign is not None:
            self._altered[letter] = ALTERS[sign]
        elif (letter, octave) in tied and letter not in self._altered:
            return tied[letter, octave]
        alter = self._altered.get(letter, self._signature.get(letter, 0))
        pitch = midi_number(letter, alter, octave) + self._moved
        if not 0 <= pitch <= 127:
            place = self._part.place(self._measure.number)
            raise FormatError(f"{place}: {letter}{octave} is too high or too low to be a note")
        return pitch

    def _tie(self, text: str) -> None:
        """The notes before it go on."""
        _, first, _ = self._event
        notes = self._measure.notes
        notes[first:] = [replace(note, tied_on=True) for note in notes[first:]]
        self._tied.update(self._names)

    def _rest(self, text: str) -> None:
        start, end = self._step(times_of(text[1:]))
        self._silence(start, end, whole=False, hidden=text[0] == "x")
        self._tied = {}
        if self._fermata:
            voice = str(self._voice)
            mark_note_before(self._part, self._measure, self._notices, "rest", voice)
            self._fermata = False

    def _bars(self, text: str) -> None:
        """Whole bars of rest."""
        count = int(text[1:] or 1)
        known = self._metre not in ("", SENZA_MISURA)
        for number in range(min(count, MAX_FILE_STEPS)):
            if number:
                self._close()
            self._silence(0, bar_steps(self._metre) if known else 16, whole=True, hidden=False)

    def _silence(self, start: Time, end: Time, *, whole: bool, hidden: bool) -> None:
        rest = WrittenRest(start, end, str(self._voice), "1", whole, hidden)
        self._measure.rests.append(rest)

    def _step(self, times: Fraction) -> tuple[Time, Time]:
        """Where the next note or rest begins and ends."""
        length = self._unit * times * self._factor
        self._factor = Fraction(1)
        if self._tuplet_left:
            length *= self._tuplet_factor
            self._tuplet_left -= 1
        start = self._cursor
        self._event = (start, len(self._measure.notes), len(self._measure.rests))
        self._cursor = plain(start + length)
        return start, self._cursor
