"""What is understood of a file with music, as data: for the command, and for pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.music.formats.melody import MelodyReading, melody_reading
from generator.music.formats.score import Part, Remark
from generator.music.grid.chorale import VOICE_NAMES, Chorale, Metre
from generator.music.grid.spelling import note_name, signature
from generator.music.phrase_ends.melody_phrases import Phrases
from generator.services.compose_order import Melody


@dataclass(frozen=True)
class PartReport:
    """A part of the file; `voice` is empty where it was not taken."""

    name: str
    notes: int
    lowest: str
    highest: str
    voice: str


@dataclass(frozen=True)
class ReadingReport:
    """A file as the composers would be given it.

    `chorale` has the voices that were taken and the fermatas of the file. `metres` has the bar in
    which each metre begins, `pickup` is in sixteenths, `bars` do not count it.
    """

    name: str
    title: str
    parts: tuple[PartReport, ...]
    key: str
    key_origin: str
    metres: Metre
    pickup: int
    bars: int
    phrases: Phrases
    remarks: tuple[Remark, ...]
    chorale: Chorale

    @property
    def voices(self) -> tuple[int, ...]:
        """Of the chorale: those that were taken, from high to low."""
        taken = {part.voice for part in self.parts}
        return tuple(index for index, name in enumerate(VOICE_NAMES) if name in taken)


def file_report(melody: Melody) -> ReadingReport:
    """Read a file as `compose` does.

    Raises
    ------
    GeneratorError
        If it cannot be read; the message says why, and what to do.
    """
    reading = melody_reading(
        melody.path,
        melody.voice,
        key=melody.key,
        quantise=melody.quantise,
        repeats=melody.repeats,
        phrases=melody.phrases,
    )
    chorale = reading.chorale
    number = np.cumsum(chorale.bar_phase() == 0)
    return ReadingReport(
        name=melody.path.name,
        title=reading.score.title,
        parts=tuple(_parts(reading)),
        key=chorale.key,
        key_origin=_key_origin(reading, melody.key),
        metres=tuple((max(1, int(number[step])), metre) for step, metre in chorale.metre),
        pickup=chorale.anacrusis,
        bars=int(number[-1]),
        phrases=reading.phrases,
        remarks=reading.remarks,
        chorale=chorale,
    )


def _parts(reading: MelodyReading) -> list[PartReport]:
    voices = {id(part): VOICE_NAMES[voice] for voice, part in reading.parts.items()}
    parts = [part for part in reading.score.parts if part.notes]
    # What was taken may have been split off a part of the file.
    parts += [part for part in reading.parts.values() if all(part is not each for each in parts)]
    sharps = signature(reading.chorale.key)
    return [_part(part, voices.get(id(part), ""), sharps) for part in parts]


def _part(part: Part, voice: str, sharps: int) -> PartReport:
    pitches = [note.pitch for note in part.notes]
    lowest, highest = (note_name(pitch, sharps) for pitch in (min(pitches), max(pitches)))
    return PartReport(part.name, len(part.notes), lowest, highest, voice)


def _key_origin(reading: MelodyReading, given: str) -> str:
    score = reading.score
    if given:
        return "given"
    if score.key == reading.chorale.key:
        return "named by the file"
    if score.key:
        return f"estimated from the notes; the file says {score.key}"
    if score.sharps is not None:
        return "the file has a signature; the mode is estimated from the notes"
    return "estimated from the notes"
