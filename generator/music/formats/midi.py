"""MIDI files: the grid written and read back unchanged, and foreign files that fit the grid.

What we write, at 480 ticks to the quarter:

- the first track: name (the title), texts ``grid 1``, ``bwv ...``, ``title ...`` and ``key ...``,
  key and time signatures, tempo, and markers ``pickup 4 of 4/4``, ``fermata``, ``fermata end``;
  its end is the end of the grid;
- one track per voice, named Soprano, Alto, Tenor, Bass, each on its own channel.

A pickup gets its own time signature, so that other programs draw the bar lines in the right place.
Some programs, pretty_midi among them, keep the texts of a file but drop its markers, the name of
its first track and its end. Texts therefore repeat the title and the markers, and the text ``end``
lies at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import mido
import numpy as np

from generator.music.formats.files import read_limited, write_file
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.played.contents import OWN_FORMAT
from generator.music.formats.score import chorale_of, notes_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, VOICE_NAMES, Chorale, Metre
from generator.music.grid.spelling import signature
from generator.music.grid.tempo import step_seconds

TICKS = 480
STEP = TICKS // STEPS_PER_QUARTER
VELOCITY = 80
CHURCH_ORGAN = 19

Event = tuple[int, "mido.Message | mido.MetaMessage"]


def write_midi(chorale: Chorale, path: Path | str) -> None:
    """Write a MIDI file, whole or not at all; the same chorale gives the same bytes."""
    write_file(path, midi_bytes(chorale))


def midi_bytes(chorale: Chorale) -> bytes:
    """The MIDI file of a chorale."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    end = chorale.steps * STEP
    file.tracks.append(_track(_frame_events(chorale), end))
    for voice in range(len(VOICE_NAMES)):
        file.tracks.append(_track(_voice_events(chorale, voice), end))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def read_midi(path: Path | str) -> Chorale:
    """The chorale of a MIDI file with four voices, ours or foreign.

    The parts of a foreign file are its tracks, or the channels of one track: by name if they are
    called Soprano, Alto, Tenor and Bass, otherwise from high to low mean pitch, or told apart where
    four notes sound at once in all. Without a time signature the metre is 4/4. A first bar in a
    shorter metre is a pickup. A key signature is held against the notes.

    Raises
    ------
    FormatError
        If it is not a MIDI file, has notes that begin off the grid, or has no four single voices.
    """
    score = midi_score(read_limited(path), Path(path).name)
    return chorale_of(score, four_voices(score))


def _track(events: Iterable[Event], end: int) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, message in events:
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return track


def _frame_events(chorale: Chorale) -> list[Event]:
    first = [mido.MetaMessage("track_name", name=_bytes_as_latin(chorale.title)), _text(OWN_FORMAT)]
    if chorale.bwv:
        first.append(_text(f"bwv {chorale.bwv}"))
    if chorale.title:
        first.append(_text(f"title {chorale.title}"))
    first.append(_text(f"key {chorale.key}"))
    if abs(signature(chorale.key)) <= 7:
        tonic, mode = chorale.key.split()
        name = tonic + ("m" if mode == "minor" else "")
        first.append(mido.MetaMessage("key_signature", key=name))
    if chorale.anacrusis:
        first += _mark(f"pickup {chorale.anacrusis} of {chorale.metre[0][1]}")
    events: list[Event] = [(0, message) for message in first]
    for step, metre in _written_metre(chorale):
        over, under = metre.split("/")
        events.append(
            (
                step * STEP,
                mido.MetaMessage("time_signature", numerator=int(over), denominator=int(under)),
            )
        )
    tempo = round(step_seconds(chorale.metre[0][1]) * STEPS_PER_QUARTER * 1e6)
    events.append((0, mido.MetaMessage("set_tempo", tempo=tempo)))
    edges = np.flatnonzero(np.diff(chorale.fermata, prepend=False, append=False)).tolist()
    for index, step in enumerate(edges):
        word = "fermata end" if index % 2 else "fermata"
        events += [(step * STEP, message) for message in _mark(word)]
    events.append((chorale.steps * STEP, _text("end")))
    return sorted(events, key=lambda event: event[0])


def _written_metre(chorale: Chorale) -> Metre:
    pickup, metre = chorale.anacrusis, chorale.metre
    if not pickup or (len(metre) > 1 and metre[1][0] <= pickup) or pickup >= chorale.steps:
        return metre
    short = Fraction(pickup, 16)
    over, under = short.numerator, short.denominator
    return ((0, f"{over}/{under}"), (pickup, metre[0][1]), *metre[1:])


def _voice_events(chorale: Chorale, voice: int) -> list[Event]:
    events: list[Event] = [
        (0, mido.MetaMessage("track_name", name=VOICE_NAMES[voice].capitalize())),
        (0, mido.Message("program_change", channel=voice, program=CHURCH_ORGAN)),
    ]
    for note in notes_of(chorale, voice):
        if note.pitch == REST:
            continue
        for kind, step, velocity in (
            ("note_on", note.start, VELOCITY),
            ("note_off", note.end, 0),
        ):
            message = mido.Message(kind, channel=voice, note=note.pitch, velocity=velocity)
            events.append((step * STEP, message))
    return events


def _mark(words: str) -> list[mido.MetaMessage]:
    return [mido.MetaMessage("marker", text=words), _text(words)]


def _text(text: str) -> mido.MetaMessage:
    return mido.MetaMessage("text", text=_bytes_as_latin(text))


def _bytes_as_latin(text: str) -> str:
    # mido writes Latin-1; the bytes are UTF-8, as most programs expect.
    return text.encode().decode("latin-1")
