"""A melody from a person: one or more of the four voices, from a MIDI or a MusicXML file.

Silence before the first note of a MIDI file is cut off: whole bars are dropped, and silence within
the first note's bar makes a pickup. A score is taken as written. Fermatas in the file are kept. If
it has none, only the last note gets one, since phrase ends are not guessed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from generator.music.formats.files import read_limited
from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import looks_like_midi, score_of
from generator.music.formats.score import (
    Part,
    Score,
    bars_of,
    chorale_of,
    notes_of,
    parts_by_name,
    parts_by_pitch,
    sounding_parts,
)
from generator.music.grid.chorale import REST, VOICE_NAMES, VOICE_RANGES, VOICES, Chorale
from generator.music.grid.spelling import note_name, signature

MAX_MELODY_STEPS = 2000


def read_melody(
    path: Path | str, voice: str | None = None, *, expected: str | None = None
) -> tuple[Chorale, frozenset[str]]:
    """A chorale with the file's voices in it and rests in the others, and which voices these are.

    Parameters
    ----------
    path : Path or str
        A MIDI file, or a MusicXML score, plain or compressed.
    voice : str, optional
        Letters of the voices to take, such as ``"T"`` or ``"SB"``: that many parts of the file from
        high to low, or, from a file with more parts, those with these names or places. By default
        the names of the parts decide.
    expected : str, optional
        What to take without `voice`, unless the names say otherwise. By default a single part is
        the soprano, and four parts are the four voices.

    Raises
    ------
    FormatError
        If the file cannot be read, is off the grid, has chords, is empty or too long, lacks a voice
        that was asked for, or exceeds a voice's range.
    """
    source = Path(path)
    data = read_limited(source)
    is_midi = looks_like_midi(data)
    score = score_of(data, source.name)
    chosen = _chosen(score, voice, expected, source.name)
    if score.steps > MAX_MELODY_STEPS:
        raise FormatError(
            f"{source.name} lasts {score.steps} sixteenths; "
            f"a melody may have {MAX_MELODY_STEPS}: cut it"
        )
    chorale = chorale_of(score, chosen)
    for index in sorted(chosen):
        _check_range(chorale, index)
    if is_midi:
        first = min(part.notes[0].start for part in sounding_parts(score))
        chorale = chorale.slice(first, chorale.steps) if first else chorale
    return _ended(chorale, min(chosen)), frozenset(VOICES[index] for index in chosen)


def _chosen(score: Score, voice: str | None, expected: str | None, source: str) -> dict[int, Part]:
    parts = sounding_parts(score)
    if not parts:
        raise FormatError(f"{source} has no notes; give a file with a melody in it")
    named = parts_by_name(parts)
    all_named = len(named) == len(parts)
    letters = voice or expected or ("SATB" if len(parts) == len(VOICES) else "S")
    wanted = _voices(letters)
    if not voice and all_named and not (expected and set(wanted) <= set(named)):
        return named
    if not set(wanted) <= set(named) or (voice and len(parts) == len(wanted)):
        named = _placed(parts, wanted)
    if not named:
        names = ", ".join(part.name for part in parts)
        raise FormatError(
            f"{source} has {len(parts)} parts with notes ({names}); it is unclear which of them "
            f"are {letters}: give as many parts as voices, or name them Soprano, Alto, Tenor, Bass"
        )
    return {index: named[index] for index in wanted}


def _placed(parts: list[Part], wanted: list[int]) -> dict[int, Part]:
    """Unnamed parts by their order in pitch: only the wanted voices, or all four."""
    places = wanted if len(parts) == len(wanted) else list(range(len(VOICES)))
    return (
        dict(zip(places, parts_by_pitch(parts), strict=True)) if len(parts) == len(places) else {}
    )


def _voices(letters: str) -> list[int]:
    wanted = [VOICES.find(letter) for letter in letters.upper()]
    if not wanted or -1 in wanted or len(set(wanted)) != len(wanted):
        raise FormatError(f"voice {letters!r} is unknown; use letters of SATB, such as T or SB")
    return sorted(wanted)


def _check_range(chorale: Chorale, voice: int) -> None:
    low, high = VOICE_RANGES[voice]
    notes = [note for note in notes_of(chorale, voice) if note.pitch != REST]
    pitches = [note.pitch for note in notes]
    outside = next((note for note in notes if not low <= note.pitch <= high), None)
    if outside is None:
        return
    sharps = signature(chorale.key)
    bars = bars_of(chorale)
    number = next(index for index, bar in enumerate(bars) if outside.start < bar.stop)
    raise FormatError(
        f"{note_name(outside.pitch, sharps)} in bar {number + (not chorale.anacrusis)} "
        f"(step {outside.start}) is outside the range of the {VOICE_NAMES[voice]}, "
        f"{note_name(low, sharps)} to {note_name(high, sharps)}; "
        + _way_out(low - min(pitches), high - max(pitches))
    )


def _way_out(lowest_shift: int, highest_shift: int) -> str:
    """What to do, from the smallest and the largest shift that fit; an octave is preferred."""
    fitting = range(lowest_shift, highest_shift + 1)
    if not fitting:
        return "the melody spans more than the voice: give it to another voice or shorten it"
    shift = min(fitting, key=lambda semitones: (semitones % 12 != 0, abs(semitones)))
    way = "up" if shift > 0 else "down"
    return f"transpose the melody {way} by {abs(shift)} semitones, or give it to another voice"


def _ended(chorale: Chorale, voice: int) -> Chorale:
    if chorale.fermata.any():
        return chorale
    last = [note for note in notes_of(chorale, voice) if note.pitch != REST][-1]
    marks = np.zeros(chorale.steps, dtype=np.bool_)
    marks[last.start : last.end] = True
    return replace(chorale, fermata=marks)
