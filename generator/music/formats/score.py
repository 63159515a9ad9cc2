"""What the readers of file formats share: named parts with notes, and how they become a grid.

A reader turns its file into a `Score`, with times in steps; `chorale_of` puts the chosen parts on
the grid. Nothing is bent to fit: what the grid cannot hold is a FormatError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.grid.chorale import (
    REST,
    VOICE_NAMES,
    VOICES,
    BoolArray,
    Chorale,
    Metre,
    bar_steps,
)
from generator.music.grid.keys import estimated_key
from generator.music.grid.phrases import fermata_steps
from generator.music.grid.spelling import key_name, note_name

MAX_FILE_STEPS = 10_000


@dataclass(frozen=True)
class Note:
    """A note from step `start` up to, but not including, step `end`."""

    start: int
    end: int
    pitch: int
    fermata: bool = False


@dataclass(frozen=True)
class Part:
    """One line of a file, its notes in the order of their starts."""

    name: str
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Score:
    """The contents of a file, before it is decided which part is which voice.

    `key` is empty if the file names none; `sharps` is then its signature, if it has one. `fermata`
    is set if the file carries the exact steps; otherwise the marks of the notes count.
    """

    parts: tuple[Part, ...]
    steps: int
    metre: Metre = ((0, "4/4"),)
    key: str = ""
    sharps: int | None = None
    anacrusis: int = 0
    fermata: BoolArray | None = None
    bwv: str = ""
    title: str = ""


@dataclass(frozen=True)
class ScoreBar:
    """One measure; `phase` is its first step within a full bar (above 0 for a pickup)."""

    start: int
    stop: int
    phase: int
    metre: str
    changes: bool


def voice_of_name(name: str) -> int | None:
    """The voice that a part is named after, as in "Alto", "alto 1" or "A"; None for other names.

    Examples
    --------
    >>> voice_of_name("Tenor"), voice_of_name("B."), voice_of_name("Organ")
    (2, 3, None)
    """
    words = name.strip().lower().replace(".", " ").split()
    if not words:
        return None
    for voice, full in enumerate(VOICE_NAMES):
        if words[0] == full or words == [full[0]]:
            return voice
    return None


def four_voices(score: Score) -> dict[int, Part]:
    """Parts by voice: by name if the names give all four, otherwise from high to low mean pitch.

    Raises
    ------
    FormatError
        If the score does not have exactly four parts with notes.
    """
    named = parts_by_name(score.parts)
    if len(named) == len(VOICES):
        return named
    parts = sounding_parts(score)
    if len(parts) != len(VOICES):
        names = ", ".join(part.name for part in parts)
        raise FormatError(
            f"a chorale has four voices; this file has {len(parts)} with notes ({names}): "
            "put each voice into its own part (or track), one note at a time"
        )
    return dict(enumerate(parts_by_pitch(parts)))


def sounding_parts(score: Score) -> list[Part]:
    """The parts that have notes."""
    return [part for part in score.parts if part.notes]


def parts_by_name(parts: Sequence[Part]) -> dict[int, Part]:
    """Parts that are named after a voice; empty if two are named after the same one."""
    voices = [(voice_of_name(part.name), part) for part in parts]
    named = {voice: part for voice, part in voices if voice is not None}
    return named if len(named) == sum(voice is not None for voice, _ in voices) else {}


def parts_by_pitch(parts: Sequence[Part]) -> list[Part]:
    """Highest mean pitch first; equal ones in the order of the file."""
    return sorted(parts, key=lambda part: -fmean(note.pitch for note in part.notes))


def chorale_of(score: Score, voices: Mapping[int, Part]) -> Chorale:
    """Put parts on the grid; voices without a part rest.

    Raises
    ------
    FormatError
        If a part has two notes at once, or the grid cannot hold the metre, the key or the length.
    """
    if score.steps < 1:
        raise FormatError("the file has no notes; give one with a melody in it")
    if score.steps > MAX_FILE_STEPS:
        raise FormatError(
            f"the file lasts {score.steps} sixteenths, more than {MAX_FILE_STEPS}; "
            "give a single chorale"
        )
    pitch = np.full((len(VOICES), score.steps), REST, dtype=np.int16)
    onset = np.zeros((len(VOICES), score.steps), dtype=np.bool_)
    for voice, part in voices.items():
        check_line(part)
        for note in part.notes:
            pitch[voice, note.start : note.end] = note.pitch
            onset[voice, note.start] = True
    marks = score.fermata
    if marks is None:
        marks = marked_steps((voices[voice].notes for voice in sorted(voices)), score.steps)
    try:
        return Chorale(
            pitch=pitch,
            onset=onset,
            fermata=marks,
            metre=tuple((step, name) for step, name in score.metre if step < score.steps),
            key=score.key or _key_of_notes(voices, score.sharps),
            anacrusis=score.anacrusis,
            bwv=score.bwv,
            title=score.title,
        )
    except ValueError as error:
        raise FormatError(f"the grid cannot hold this file: {error}") from error


def check_line(part: Part) -> None:
    """Raise FormatError where a part has two notes at once."""
    for before, after in pairwise(part.notes):
        if after.start < before.end:
            raise FormatError(
                f"{part.name} is not a single voice: {note_name(after.pitch)} begins at beat "
                f"{beat_name(after.start)} while {note_name(before.pitch)} still sounds; "
                "put each voice into its own part (or track)"
            )


def marked_steps(voices: Iterable[Iterable[Note]], steps: int) -> BoolArray:
    """bool[steps]: true under the fermatas of the voices' notes."""
    marked = (((note.start, note.end) for note in notes if note.fermata) for notes in voices)
    return fermata_steps(marked, steps)


def notes_of(chorale: Chorale, voice: int) -> list[Note]:
    """The notes and the rests (`pitch` is `REST`) of one voice, without gaps."""
    pitch = chorale.pitch[voice]
    begins = chorale.onset[voice].copy()
    begins[0] = True
    begins[1:] |= pitch[1:] != pitch[:-1]
    starts = [*np.flatnonzero(begins).tolist(), chorale.steps]
    return [Note(start, end, int(pitch[start])) for start, end in pairwise(starts)]


def bars_of(chorale: Chorale) -> list[ScoreBar]:
    """The measures of a chorale: a bar line at each change of metre, even within a bar."""
    bars = []
    limits = [step for step, _ in chorale.metre[1:]] + [chorale.steps]
    for index, (start, metre) in enumerate(chorale.metre):
        length = bar_steps(metre)
        phase = -chorale.anacrusis % length if index == 0 else 0
        at, changes = start, True
        while at < limits[index]:
            stop = min(at + length - phase, limits[index])
            bars.append(ScoreBar(at, stop, phase, metre, changes))
            at, phase, changes = stop, 0, False
    return bars


def on_grid(value: Fraction | int, tolerance: float, event: str) -> int:
    """A time in steps as a whole number.

    Raises
    ------
    FormatError
        If it is further than `tolerance` from one; the message begins with `event`.
    """
    if isinstance(value, int):
        return value
    nearest = round(value)
    if abs(value - nearest) > tolerance:
        raise FormatError(
            f"{event} at beat {beat_name(value)}, off the grid of sixteenths; "
            "quantise the file to sixteenths (no triplets, no shorter notes)"
        )
    return nearest


def beat_name(step: Fraction | int) -> str:
    """A place as people count it, in quarters from 1, such as "5.25"."""
    return f"{float(step) / 4 + 1:.4g}" if step < 4000 else f"{float(step) / 4 + 1:.2f}"


def _key_of_notes(voices: Mapping[int, Part], sharps: int | None) -> str:
    notes = [note for part in voices.values() for note in part.notes]
    if not notes:
        return "C major" if sharps is None else key_name(sharps, "major")
    lengths = [note.end - note.start for note in notes]
    # A bass ends on the tonic, and a soprano usually does; an inner voice does not.
    last = next(
        (voices[v].notes[-1].pitch for v in (3, 0) if v in voices and voices[v].notes), None
    )
    return estimated_key([note.pitch for note in notes], lengths, sharps=sharps, final=last)
