"""What the readers of file formats share: named parts with notes, and how they become a grid.

A reader turns its file into a `Score`, with times in steps; `chorale_of` puts the chosen parts on
the grid. `voices/choice.py` says which part is which voice. What the grid cannot hold is a
FormatError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Literal, NamedTuple

import numpy as np

from generator.music.formats.format_errors import FormatError
from generator.music.formats.key_choice import Heard, decided_key
from generator.music.grid.chorale import (
    REST,
    VOICES,
    BoolArray,
    Chorale,
    Metre,
    bar_steps,
)
from generator.music.grid.phrases import fermata_steps
from generator.music.grid.spelling import key_name, note_name
from generator.music.phrase_ends.hints import EndHint

MAX_FILE_STEPS = 10_000

Repeats = Literal["play", "once"]
RemarkKind = Literal["voices", "key", "metre", "phrases", "repeats", "bent", "left out"]


@dataclass(frozen=True)
class Note:
    """A note from step `start` up to, but not including, step `end`.

    `line` numbers the lines of a staff that the file itself tells apart; 0 where it does not.
    """

    start: int
    end: int
    pitch: int
    fermata: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Part:
    """One part of a file, its notes in the order of their starts.

    `key` is set if the part has a key signature of its own. A part that does not fit the grid is
    moved to it, since it may be one that is left out; `refusal` says why it cannot be a voice.
    """

    name: str
    notes: tuple[Note, ...]
    key: str = ""
    refusal: str = ""


class Remark(NamedTuple):
    """What a reader decided in a case of doubt, or bent to the grid: one sentence."""

    kind: RemarkKind
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Score:
    """The contents of a file, before it is decided which part is which voice.

    `key` is empty if the file names none; `sharps` is then its signature, if it has one. A key that
    is doubtful, as in most MIDI files, is held against the notes. `fermata` is set if the file
    carries the exact steps; otherwise the marks of the notes count. `remarks` say what was decided
    and bent, in the order of the file. `hints` are breath marks and sung words, which say where
    phrases may end.
    """

    parts: tuple[Part, ...]
    steps: int
    metre: Metre = ((0, "4/4"),)
    key: str = ""
    sharps: int | None = None
    key_is_doubtful: bool = False
    anacrusis: int = 0
    fermata: BoolArray | None = None
    bwv: str = ""
    title: str = ""
    remarks: tuple[Remark, ...] = ()
    hints: tuple[EndHint, ...] = ()


@dataclass(frozen=True)
class ScoreBar:
    """One measure; `phase` is its first step within a full bar (above 0 for a pickup)."""

    start: int
    stop: int
    phase: int
    metre: str
    changes: bool


def chorale_of(
    score: Score, voices: Mapping[int, Part], remarks: list[Remark] | None = None, *, key: str = ""
) -> Chorale:
    """Put parts on the grid; voices without a part rest.

    A `key` that is given counts before the file's. What is decided is added to `remarks`.

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
        if part.refusal:
            raise FormatError(part.refusal)
        check_line(part, score)
        for note in part.notes:
            pitch[voice, note.start : note.end] = note.pitch
            onset[voice, note.start] = True
    marks = score.fermata
    if marks is None:
        marks = marked_steps((voices[voice].notes for voice in sorted(voices)), score.steps)
    said: list[Remark] = [] if remarks is None else remarks
    if key:
        said.append(Remark("key", f"{key}, as asked for"))
    try:
        return Chorale(
            pitch=pitch,
            onset=onset,
            fermata=marks,
            metre=tuple((step, name) for step, name in score.metre if step < score.steps),
            key=key or _key(score, voices, said),
            anacrusis=score.anacrusis,
            bwv=score.bwv,
            title=score.title,
        )
    except ValueError as error:
        raise FormatError(f"the grid cannot hold this file: {error}") from error


def check_some_part_fits(parts: Iterable[Part]) -> None:
    """Raise FormatError where no part with notes fits the grid."""
    sounding = [part for part in parts if part.notes]
    if sounding and all(part.refusal for part in sounding):
        raise FormatError(sounding[0].refusal)


def check_line(part: Part, score: Score, way_out: str = "") -> None:
    """Raise FormatError where a part has two notes at once."""
    for before, after in pairwise(part.notes):
        if after.start < before.end:
            ends = [note.end for note in part.notes if note.start <= after.start]
            count = sum(end > after.start for end in ends)
            raise FormatError(
                f"{part.name} is not a single voice: {note_name(after.pitch)} begins at beat "
                f"{beat_name(after.start)} while {note_name(before.pitch)} still sounds ("
                f"{count} notes at once in {bar_name(score, after.start)}); "
                f"{way_out}put each voice into its own part (or track)"
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


def bar_name(score: Score, step: int) -> str:
    """The bar of a step as people count it: "bar 1" is the first full one, a pickup is bar 0."""
    number, first = 1, score.anacrusis
    for (start, metre), (stop, _) in pairwise((*score.metre, (step + 1, ""))):
        bars = (min(stop, step) - start - first) / bar_length(metre)
        if step < stop:
            return f"bar {number + floor(bars)}"
        number += ceil(bars)
        first = 0
    return f"bar {number}"


def bar_length(metre: str) -> int:
    """Steps in a bar of any metre that a file may have, also of one that the grid cannot hold."""
    over, _, under = metre.partition("/")
    return max(int(over) * 16 // max(int(under), 1), 1)


def on_grid(value: Fraction | int, tolerance: Fraction | int, event: str) -> int:
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
            f"{event} at beat {beat_name(value)}, off the grid of sixteenths; quantise the file "
            "to sixteenths, or read it with --quantise (no triplets, no shorter notes)"
        )
    return nearest


def beat_name(step: Fraction | int) -> str:
    """A place as people count it, in quarters from 1, such as "5.25"."""
    return f"{float(step) / 4 + 1:.3f}".rstrip("0").rstrip(".")


def _key(score: Score, voices: Mapping[int, Part], remarks: list[Remark]) -> str:
    """The key of the highest voice's own signature, of the file, or of the notes."""
    written = [voices[voice].key for voice in sorted(voices) if voices[voice].key]
    signed = written[0] if written else score.key
    if signed and not score.key_is_doubtful:
        return signed
    notes = [note for part in voices.values() for note in part.notes]
    if not notes:
        return signed or key_name(score.sharps or 0, "major")
    # A bass ends on the tonic, and a soprano usually does; an inner voice does not.
    final = next(
        (voices[v].notes[-1].pitch for v in (3, 0) if v in voices and voices[v].notes), None
    )
    heard = Heard([n.pitch for n in notes], [n.end - n.start for n in notes], final)
    key, reason = decided_key(signed, score.sharps, heard)
    remarks.append(Remark("key", f"{key}: {reason}"))
    return key
