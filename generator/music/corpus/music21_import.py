"""Chorales read from music21's encodings; no other module loads music21.

Conventions
-----------
Only the parts named Soprano, Alto, Tenor and Bass are read; instruments are ignored. Ties are
joined into one note. Grace notes have no length on the grid and are dropped, like other ornaments
and slurs. Anything else that the grid cannot hold is an `UnfitScore` with the reason, and the
whole work is excluded: nothing is bent to fit.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from generator.music.corpus.works import CorpusError
from generator.music.grid.bars import Bar, metre_of
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, VOICE_NAMES, Chorale
from generator.music.grid.keys import key_of
from generator.music.grid.phrases import fermata_steps

Spans = tuple[tuple[int, int], ...]

MAX_TEXT = 60

_PART = re.compile(r"(Soprano|Alto|Tenor|Bass)\b")
_VERSE = re.compile(r"^\d+\.\s*")


class UnfitScore(ValueError):
    """The grid cannot hold this score; the message says why."""


@dataclass(frozen=True)
class ImportedWork:
    """The contents of one file."""

    chorale: Chorale
    repeats: Spans
    text: str
    instrumental: bool


@dataclass(frozen=True)
class _ImportedNote:
    start: int
    stop: int
    pitch: int
    tied: bool
    fermata: bool


def chorale_files() -> list[Path]:
    """Bach's MusicXML files in music21's own corpus, in the order of their names.

    The three Humdrum files repeat BWV 277, 281 and 366; the RomanText files hold analyses.

    Raises
    ------
    CorpusError
        If music21 or its corpus is missing.
    """
    try:
        from music21 import corpus
    except ImportError as error:
        raise CorpusError(
            "music21, which carries the chorales, is not installed; run: make setup"
        ) from error
    # music21 looks for the name in whole paths: all its files if this project lies below a "bach".
    files = [Path(path) for path in corpus.getComposer("bach")]
    scores = sorted(
        (path for path in files if path.parent.name == "bach" and path.suffix in (".mxl", ".xml")),
        key=_order,
    )
    if not scores:
        raise CorpusError(
            "music21 is installed without its corpus of Bach chorales; "
            "run: .venv/bin/pip install --force-reinstall --no-deps music21"
        )
    return scores


def bwv_of(path: Path) -> str:
    """The name of the work: ``bwv66.6.mxl`` is BWV66.6."""
    return "BWV" + path.stem.removeprefix("bwv")


def known_titles() -> dict[str, str]:
    """Titles by BWV from music21's list of the published collections (BWV 250 to 438)."""
    from music21.corpus import chorales

    published: Any = chorales.ChoraleList()  # type: ignore[no-untyped-call]
    entries = published.byRiemenschneider.values()
    return {f"BWV{entry['bwv']}": str(entry["title"]) for entry in entries}


def read_work(path: Path) -> ImportedWork:
    """One work from one file.

    Raises
    ------
    UnfitScore
        If the grid cannot hold it.
    """
    from music21 import converter

    score: Any = converter.parse(path, forceSource=True, storePickle=False)
    voices = _voices(score)
    bars, repeats = _bars(voices[0])
    steps = bars[-1].start + bars[-1].steps
    notes = [list(_notes(part, voice)) for voice, part in zip(_VOICES, voices, strict=True)]
    pitch = np.full((4, steps), REST, dtype=np.int16)
    onset = np.zeros((4, steps), dtype=np.bool_)
    for voice, voice_notes in enumerate(notes):
        _fill(pitch[voice], onset[voice], voice_notes, _VOICES[voice])
    try:
        metre, anacrusis = metre_of(bars)
    except ValueError as error:
        raise UnfitScore(str(error)) from error
    chorale = Chorale(
        pitch=pitch,
        onset=onset,
        fermata=fermata_steps(map(_fermata_notes, notes), steps),
        metre=metre,
        key=key_of(pitch, _sharps(voices[0])),
        anacrusis=anacrusis,
        bwv=bwv_of(path),
    )
    text = next((text for part in voices if (text := _text(part))), "")
    return ImportedWork(chorale, repeats, text, instrumental=len(score.parts) > 4)


_VOICES = tuple(name.capitalize() for name in VOICE_NAMES)


def _order(path: Path) -> list[tuple[int, str]]:
    """Numbers by value: BWV 2.6 before BWV 10.7."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece)
            for piece in re.split(r"(\d+)", path.stem)]  # fmt: skip


def _voices(score: Any) -> list[Any]:
    parts: dict[str, list[Any]] = {name: [] for name in _VOICES}
    for part in score.parts:
        if match := _PART.match((part.partName or "").strip()):
            parts[match[1]].append(part)
    if missing := [name for name in _VOICES if not parts[name]]:
        raise UnfitScore(f"has no part for {', '.join(missing)}")
    if several := [name for name in _VOICES if len(parts[name]) > 1]:
        count = sum(map(len, parts.values()))
        raise UnfitScore(f"has {count} voices: {len(parts[several[0]])} parts for {several[0]}")
    return [parts[name][0] for name in _VOICES]


def _measures(part: Any) -> list[Any]:
    return list(part.getElementsByClass("Measure"))


def _on_grid(quarters: Any, what: str) -> int:
    steps = Fraction(quarters) * STEPS_PER_QUARTER
    if steps.denominator != 1:
        raise UnfitScore(f"{what} is off the grid of sixteenths")
    return int(steps)


def _bars(part: Any) -> tuple[list[Bar], Spans]:
    measures = _measures(part)
    starts = [_on_grid(m.offset, f"bar {m.number}") for m in measures]
    end = starts[-1] + _on_grid(measures[-1].highestTime, f"bar {measures[-1].number}")
    bars: list[Bar] = []
    repeats: list[tuple[int, int]] = []
    signature, opened = "4/4", 0
    for measure, start, stop in zip(measures, starts, [*starts[1:], end], strict=True):
        for time in measure.getElementsByClass("TimeSignature"):
            signature = time.ratioString
        bars.append(Bar(start, stop - start, signature))
        left = getattr(measure.leftBarline, "direction", "")
        right = getattr(measure.rightBarline, "direction", "")
        if left == "start":
            opened = start
        if right == "end":
            repeats.append((opened, stop))
        if right:
            opened = stop
    return bars, tuple(repeats)


def _notes(part: Any, voice: str) -> Iterator[_ImportedNote]:
    for measure in _measures(part):
        where = f"{voice}, bar {measure.number}"
        for element in measure.recurse().notesAndRests:
            if element.isRest or element.duration.isGrace:
                continue
            if len(element.pitches) > 1:
                raise UnfitScore(f"{where}: {len(element.pitches)} notes at once in one voice")
            offset = measure.offset + element.getOffsetInHierarchy(measure)
            start = _on_grid(offset, f"{where}: a note")
            length = _on_grid(element.quarterLength, f"{where}: a note")
            yield _ImportedNote(
                start,
                start + length,
                element.pitches[0].midi,
                tied=element.tie is not None and element.tie.type in ("stop", "continue"),
                fermata=any("Fermata" in mark.classes for mark in element.expressions),
            )


def _fill(pitch: Any, onset: Any, notes: list[_ImportedNote], voice: str) -> None:
    end, last = -1, REST
    for note in sorted(notes, key=lambda note: note.start):
        if note.start < end:
            raise UnfitScore(f"{voice}: two notes at once at step {note.start}")
        if note.stop > len(pitch):
            raise UnfitScore(f"{voice}: a note goes on after the last bar of the soprano")
        pitch[note.start : note.stop] = note.pitch
        onset[note.start] = not (note.tied and note.start == end and note.pitch == last)
        end, last = note.stop, note.pitch


def _fermata_notes(notes: list[_ImportedNote]) -> Iterator[tuple[int, int]]:
    """Start and stop of the whole notes that have a fermata, with ties joined."""
    start, stop, pitch, fermata = 0, 0, REST, False
    for note in notes:
        if note.tied and note.start == stop and note.pitch == pitch:
            stop, fermata = note.stop, fermata or note.fermata
            continue
        if fermata and stop > start:
            yield start, stop
        start, stop, pitch, fermata = note.start, note.stop, note.pitch, note.fermata
    if fermata and stop > start:
        yield start, stop


def _sharps(part: Any) -> int:
    signatures = part.recurse().getElementsByClass("KeySignature")
    return int(signatures[0].sharps) if signatures else 0


def _text(part: Any) -> str:
    """The first line of the first verse, up to the first fermata."""
    words = ""
    for note in part.recurse().notes:
        if note.lyrics and (text := note.lyrics[0].text):
            words += text + ("" if note.lyrics[0].syllabic in ("begin", "middle") else " ")
        if words and any("Fermata" in mark.classes for mark in note.expressions):
            break
    line = _VERSE.sub("", words).strip(" ,;:.!?")
    return textwrap.shorten(line, MAX_TEXT, placeholder=" …")
