"""MIDI files read into parts on the grid; `midi.py` says what our own files carry.

`played/` reads the bytes, pairs beginnings with ends, and puts what was played on the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from generator.music.formats.format_errors import FormatError
from generator.music.formats.played.contents import Line, MidiContents
from generator.music.formats.played.fitting import GridFit, Ticks
from generator.music.formats.played.frame import foreign_frame, last_key
from generator.music.formats.played.midi_tracks import read_tracks
from generator.music.formats.played.own_marks import OwnMarks, with_silent_voices
from generator.music.formats.played.percussion import is_percussion
from generator.music.formats.score import (
    MAX_FILE_STEPS,
    Note,
    Part,
    Score,
    check_some_part_fits,
)
from generator.music.formats.voices.sorting import leave_out
from generator.music.grid.chorale import STEPS_PER_QUARTER
from generator.music.phrase_ends.hints import EndHint, syllable_hint

MOST_VOICES = 4
"""Channels of one track that may be a voice each, even where they take turns."""
MAX_NAME = 60
"""Characters of a track's name, of which messages speak."""


def midi_score(data: bytes, source: str, *, quantise: bool = False) -> Score:
    """The parts of a MIDI file on the grid; `quantise` moves notes that begin off it.

    Raises
    ------
    FormatError
        If it is not a MIDI file or has notes that begin off the grid.
    """
    ticks_per_quarter, tracks = read_tracks(data, source)
    contents = MidiContents(Fraction(ticks_per_quarter, STEPS_PER_QUARTER))
    for number, records in enumerate(tracks):
        contents.read_track(number, records)
    return contents_score(contents, quantise=quantise)


def contents_score(contents: MidiContents, *, quantise: bool = False) -> Score:
    """The score of what was read.

    Raises
    ------
    FormatError
        If notes begin off the grid, or the piece is too long.
    """
    own = OwnMarks(contents) if contents.is_own else None
    frame = own.frame() if own else foreign_frame(contents)
    fit = GridFit(contents.step_ticks, frame, quantise=quantise)
    parts = _own_parts(contents, fit) if own else _foreign_parts(contents, fit)
    steps = max((note.end for part in parts for note in part.notes), default=0)
    steps = max(steps, own.end()) if own else steps
    if steps > MAX_FILE_STEPS:
        raise FormatError(
            f"the file lasts {steps} sixteenths, more than {MAX_FILE_STEPS}; give a single chorale"
        )
    remarks = (*contents.remarks, *fit.bent.remarks())
    if own is None:
        first = min((note[0] for line in contents.lines.values() for note in line), default=0)
        key = last_key(((tick, key) for tick, _, key in contents.keys), first)
        return replace(
            frame,
            parts=parts,
            steps=steps,
            key=key,
            key_is_doubtful=True,
            remarks=remarks,
            hints=tuple(_hints(contents)),
        )
    return replace(
        frame,
        parts=with_silent_voices(parts),
        steps=steps,
        key=own.key(),
        fermata=own.fermata(steps),
        bwv=own.text("bwv"),
        title=own.title(),
        remarks=remarks,
    )


def _hints(contents: MidiContents) -> Iterator[EndHint]:
    """What the lyrics say; karaoke files have them as texts, after one that begins with @K."""
    karaoke = any(text.startswith("@K") for _, text in contents.texts)
    words = contents.lyrics + [each for each in contents.texts if karaoke and each[1][:1] != "@"]
    for tick, text in words:
        yield from syllable_hint(round(tick / contents.step_ticks), text)


def _own_parts(contents: MidiContents, fit: GridFit) -> tuple[Part, ...]:
    parts = {line: Part(name, ()) for line, name in _silent(contents).items() if line[0]}
    for line, name in _names(contents, list(contents.lines)).items():
        parts[line] = Part(name, _fitted(contents, fit, line, name))
    return tuple(parts[line] for line in sorted(parts))


def _foreign_parts(contents: MidiContents, fit: GridFit) -> tuple[Part, ...]:
    """The parts that are no percussion; lines of one track that take turns are one."""
    parts = {line: Part(name, ()) for line, name in _silent(contents).items()}
    sounding = {track for track, _ in contents.lines}
    programs = {
        channel: program
        for (track, channel), program in contents.programs.items()
        if track not in sounding
    }
    drums = [line for line in contents.lines if _is_percussion(contents, line, programs)]
    left_out = [Part(name, ()) for name in _names(contents, drums).values()]
    leave_out(left_out, "percussion", contents.remarks)
    for line in drums:
        del contents.lines[line]
    _join_channels(contents)
    signed: dict[int, list[tuple[Ticks, str]]] = {}
    for tick, track, key in contents.keys:
        signed.setdefault(track, []).append((tick, key))
    for line, name in _names(contents, list(contents.lines)).items():
        refusal, fitting = "", fit
        try:
            notes = _fitted(contents, fit, line, name)
        except FormatError as error:
            refusal, fitting = str(error), fit.quantising()
            notes = _fitted(contents, fitting, line, name)
        key = _own_key(contents, line, signed.get(line[0], []))
        parts[line] = Part(name, fitting.single(name, notes), key, refusal)
    check_some_part_fits(parts.values())
    return tuple(parts[line] for line in sorted(parts))


def _own_key(contents: MidiContents, line: Line, signed: list[tuple[Ticks, str]]) -> str:
    first = min(note[0] for note in contents.lines[line])
    return last_key([signature for signature in signed if signature[0] <= first], first)


def _fitted(contents: MidiContents, fit: GridFit, line: Line, name: str) -> tuple[Note, ...]:
    return fit.line(name, contents.lines[line], contents.ends.get(line[0], 0))


def _silent(contents: MidiContents) -> dict[Line, str]:
    """Tracks with a name and without notes."""
    sounding = {track for track, _ in contents.lines}
    return {
        (track, -1): _name(contents, track) for track in contents.names if track not in sounding
    }


def _names(contents: MidiContents, lines: list[Line]) -> dict[Line, str]:
    tracks = [track for track, _ in contents.lines]
    names = {}
    for track, channel in lines:
        name = _name(contents, track) or f"track {track + 1}"
        several = tracks.count(track) > 1
        names[track, channel] = f"{name} channel {channel + 1}" if several else name
    return names


def _name(contents: MidiContents, track: int) -> str:
    """In one line and not too long, since messages speak of it."""
    name = contents.names.get(track) or contents.instruments.get(track, "")
    printable = "".join(sign if sign.isprintable() else " " for sign in name[:MAX_NAME])
    return " ".join(printable.split())


def _is_percussion(contents: MidiContents, line: Line, silent_programs: dict[int, int]) -> bool:
    track, channel = line
    program = contents.programs.get(line)
    if program is None:  # a track without notes may choose the instruments of all channels
        program = silent_programs.get(channel)
    name = _name(contents, track)
    return line in contents.drums or is_percussion(channel, program, name)


def _join_channels(contents: MidiContents) -> None:
    """Some keyboards give every note the next channel: such lines of a track are one."""
    for track in {track for track, _ in contents.lines}:
        lines = [line for line in contents.lines if line[0] == track]
        notes = [(start, end, line) for line in lines for start, end, _ in contents.lines[line]]
        pairs = list(pairwise(sorted(notes, key=lambda note: note[0])))
        turns = sum(note[2] != after[2] for note, after in pairs)
        touch = all(
            note[1] is not None and note[1] - after[0] < contents.step_ticks
            for note, after in pairs
        )
        if len(lines) > MOST_VOICES and touch and 2 * turns >= len(pairs):
            first, *others = lines
            for line in others:
                contents.lines[first] += contents.lines.pop(line)
