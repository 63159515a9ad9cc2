"""A melody of the user's: one or more of the four voices, from a MIDI or a MusicXML file.

Bars of silence before the first note of a MIDI file are cut off, and silence within its bar
makes a pickup; a score is taken as it is written. Fermatas are kept where the file has them; where
it has none, only the last note gets one: phrase ends are not guessed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from generator.music.formats.files import read_limited
from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.musicxml_reader import musicxml_score
from generator.music.formats.score import (
    Part,
    Score,
    bars_of,
    by_name,
    by_pitch,
    chorale_of,
    notes_of,
    sounding,
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
        high to low, or, from a file with more, the parts that have these names or places. Left out:
        the voices that the parts' names say.
    expected : str, optional
        What to take where `voice` is left out and the names do not say otherwise. Left out: the
        soprano of a single part, all voices of four.

    Raises
    ------
    FormatError
        If the file cannot be read, is off the grid, has chords, is empty or too long, does not have
        the voices asked for, or goes beyond a voice's range.
    """
    source = Path(path)
    data = read_limited(source)
    is_midi = data.startswith(b"MThd")
    if is_midi:
        score = midi_score(data, source.name)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"PK", b"\xff\xfe", b"\xfe\xff")):
        score = musicxml_score(data, source.name)
    else:
        raise FormatError(f"{source.name} is neither a MIDI nor a MusicXML file")
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
        first = min(part.notes[0].start for part in sounding(score))
        chorale = chorale.slice(first, chorale.steps) if first else chorale
    return _ended(chorale, min(chosen)), frozenset(VOICES[index] for index in chosen)


def _chosen(score: Score, voice: str | None, expected: str | None, source: str) -> dict[int, Part]:
    parts = sounding(score)
    if not parts:
        raise FormatError(f"{source} has no notes; give a file with a melody in it")
    named = by_name(parts)
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
            f"{source} has {len(parts)} parts with notes ({names}), which do not tell the voices "
            f"{letters}; give as many parts as voices, or name them Soprano, Alto, Tenor, Bass"
        )
    return {index: named[index] for index in wanted}


def _placed(parts: list[Part], wanted: list[int]) -> dict[int, Part]:
    """Nameless parts by their place in the score: all that are wanted, or all four voices."""
    places = wanted if len(parts) == len(wanted) else list(range(len(VOICES)))
    return dict(zip(places, by_pitch(parts), strict=True)) if len(parts) == len(places) else {}


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
        f"(step {outside.start}) is out of the range of the {VOICE_NAMES[voice]}, "
        f"{note_name(low, sharps)} to {note_name(high, sharps)}; "
        + _way_out(low - min(pitches), high - max(pitches))
    )


def _way_out(lowest_shift: int, highest_shift: int) -> str:
    """Shifts that fit lie between the two; an octave is kinder than an odd interval."""
    fitting = range(lowest_shift, highest_shift + 1)
    if not fitting:
        return "the melody spans more than this voice has: give it to another voice or shorten it"
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
