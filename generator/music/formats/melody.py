"""A melody from a person: one or more of the four voices, from a MIDI or a MusicXML file.

Silence before the first note of a MIDI file is cut off: whole bars are dropped, and silence within
the first note's bar makes a pickup. A score is taken as written. Fermatas in the file say where its
phrases end; if it has none, the ends are found in the notes (`generator.music.phrase_ends`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.music.formats.files import read_limited
from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import score_of
from generator.music.formats.played.midi_tracks import looks_like_midi
from generator.music.formats.score import (
    Part,
    Remark,
    Repeats,
    Score,
    bars_of,
    chorale_of,
    notes_of,
)
from generator.music.formats.voices.choice import chosen_voices
from generator.music.formats.voices.sorting import sung_span
from generator.music.grid.chorale import REST, VOICE_NAMES, VOICE_RANGES, VOICES, Chorale
from generator.music.grid.spelling import note_name, signature
from generator.music.phrase_ends.hints import EndHint
from generator.music.phrase_ends.melody_phrases import Phrases, phrases_of

MAX_MELODY_STEPS = 2000


@dataclass(frozen=True)
class MelodyReading:
    """What was understood of a file.

    Attributes
    ----------
    score : Score
        All parts, as they stand in the file.
    parts : dict of int to Part
        Those that were taken, by voice.
    chorale : Chorale
        Their voices, rests in the others, and the fermatas of the file.
    phrases : Phrases
        Of the highest voice taken.
    remarks : tuple of Remark
        What was decided and bent.
    """

    score: Score
    parts: dict[int, Part]
    chorale: Chorale
    phrases: Phrases
    remarks: tuple[Remark, ...]

    @property
    def voices(self) -> frozenset[str]:
        return frozenset(VOICES[index] for index in self.parts)

    @property
    def marked(self) -> Chorale:
        """The chorale for a composer, with fermatas where phrases end."""
        return replace(self.chorale, fermata=self.phrases.marks)


def read_melody(
    path: Path | str,
    voice: str | None = None,
    *,
    expected: str | None = None,
    key: str = "",
    quantise: bool = False,
    repeats: Repeats | None = None,
    remarks: list[Remark] | None = None,
) -> tuple[Chorale, frozenset[str]]:
    """What a composer is given of `melody_reading`: the marked chorale, and which voices it has.

    Remarks are added to the list.
    """
    reading = melody_reading(
        path, voice, expected=expected, key=key, quantise=quantise, repeats=repeats
    )
    if remarks is not None:
        remarks += reading.remarks
    return reading.marked, reading.voices


def melody_reading(
    path: Path | str,
    voice: str | None = None,
    *,
    expected: str | None = None,
    key: str = "",
    quantise: bool = False,
    repeats: Repeats | None = None,
    phrases: Sequence[int] | None = None,
) -> MelodyReading:
    """A chorale with the file's voices in it and rests in the others, and its phrases.

    Parameters
    ----------
    path : Path or str
        A MIDI file, or a MusicXML score, plain or compressed.
    voice : str, optional
        Letters of the voices to take, such as ``"T"`` or ``"SB"``: that many parts of the file from
        high to low, or, from a file with more parts, those with these names or places. From parts
        with several notes at once, S takes the top line and B the lowest; where four notes sound
        at once in all, they are the four voices. By default the names of the parts decide.
    expected : str, optional
        What to take without `voice`, unless the names say otherwise. By default a single part is
        the soprano, and four parts are the four voices.
    key : str, optional
        Counts before the file's.
    quantise : bool
        Move beginnings of notes that are off the grid to the nearest sixteenth.
    repeats : "play" or "once", optional
        What becomes of repeats, as `musicxml_score` says.
    phrases : sequence of int, optional
        Bars in which phrases end. By default they are where the file has fermatas, and are found
        where it has none.

    Raises
    ------
    FormatError
        If the file cannot be read, has notes off the grid or several at once, is empty or too long,
        lacks a voice that was asked for, exceeds a voice's range, or has no such bar.
    """
    source = Path(path)
    data = read_limited(source)
    is_midi = looks_like_midi(data)
    score = score_of(data, source.name, quantise=quantise, repeats=repeats)
    said = list(score.remarks)
    chosen = chosen_voices(score, voice, expected, source.name, said)
    first, end = sung_span(score, chosen) if is_midi else (0, score.steps)
    if end - first > MAX_MELODY_STEPS:
        raise FormatError(
            f"{source.name} lasts {end - first} sixteenths; "
            f"a melody may have {MAX_MELODY_STEPS}: cut it"
        )
    chorale = chorale_of(score, chosen, said, key=key)
    for index in sorted(chosen):
        _check_range(chorale, index)
    hints = score.hints
    if (first, end) != (0, score.steps):
        chorale = chorale.slice(first, end)
        said += _silence_remarks(first, chorale.anacrusis)
        hints = tuple(EndHint(hint.step - first, hint.kind) for hint in hints)
    try:
        ended = phrases_of(chorale, min(chosen), bars=phrases, hints=hints)
    except ValueError as error:
        raise FormatError(f"{source.name}: {error}") from error
    said.append(Remark("phrases", ended.sentence()))
    return MelodyReading(score, chosen, chorale, ended, tuple(said))


def _silence_remarks(silence: int, pickup: int) -> list[Remark]:
    if not silence:
        return []
    begins = f"with a pickup of {pickup}/16" if pickup else "on a bar line"
    text = f"silence of {silence}/16 before the first note is cut off; it begins {begins}"
    return [Remark("metre", text)]


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
