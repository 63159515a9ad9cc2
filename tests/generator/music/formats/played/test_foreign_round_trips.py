"""Any four voices, played as programs and people play them, come back as they were written."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.score import Note, chorale_of
from generator.music.formats.voices.choice import chosen_voices, four_voices
from tests.generator.music.formats.played.foreign_midi import (
    Event,
    key,
    meta,
    metre,
    midi,
    name,
    off,
    on,
    program,
    track,
)

LOWEST = (72, 64, 55, 40)
NAMES = (
    ("Soprano", "Alto", "Tenor", "Bass"),
    ("Choir: 1. Sopran", "Choir: Alt", "Choir: Tenor", "Choir: Baß"),
    ("Dessus", "Haute-contre", "Taille", "Basse"),
    ("Part", "Part", "Part", "Part"),
    ("", "", "", ""),
)


@st.composite
def lines(draw, lowest: int) -> list[Note]:
    """Notes of one voice. Of those before rests, none is so long that a gate is ambiguous."""
    notes: list[Note] = []
    at = 0
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from((0, 0, 0, 1, 4))) if notes else 0
        length = draw(st.sampled_from((1, 2, 3, 4, 6, 8, 12, 16)))
        notes.append(Note(at, at + length, lowest + draw(st.integers(0, 7))))
        at += length
    for index, note in enumerate(notes):
        goes_on = index + 1 < len(notes) and notes[index + 1].start == note.end
        if not goes_on and note.end - note.start > 6:
            notes[index] = Note(note.start, note.start + 6, note.pitch)
    return notes


class Player:
    """Plays notes in ticks: with gates, legato, and beginnings a little off."""

    def __init__(self, draw, random: Random) -> None:
        self.random = random
        self.ticks = draw(st.sampled_from((96, 120, 384, 480, 960, 1024)))
        self.gate = draw(st.sampled_from((0.9, 0.95, 1.0)))
        self.step = self.ticks / 4
        off_by = max(min(1, self.step / 8), self.step / 60)
        self.most_off = int(off_by) if draw(st.booleans()) else 0
        self.over = draw(st.sampled_from((0, 0, 0.1, 0.4)))

    def events(self, notes: list[Note], channel: int) -> list[Event]:
        starts = [round(note.start * self.step) for note in notes]
        starts = [max(0, s + self.random.randint(-self.most_off, self.most_off)) for s in starts]
        events: list[Event] = []
        for index, (note, start) in enumerate(zip(notes, starts, strict=True)):
            length = (note.end - note.start) * self.step
            end = start + round(length * self.random.uniform(self.gate, 1))
            if any(self.is_line(end / self.step - over) for over in (0, self.over)):
                end = start + round(length)  # no other end than its own
            follows = index + 1 < len(notes) and notes[index + 1].start == note.end
            if self.over and follows and self.random.random() < 0.5:
                end = starts[index + 1] + round(self.over * self.step)
            elif follows and self.gate == 1:
                end = starts[index + 1]
            events += [on(start, note.pitch, channel), self.ending(end, note.pitch, channel)]
        return events

    def is_line(self, place: float) -> bool:
        return abs(place - round(place)) < 0.1

    def ending(self, tick: int, pitch: int, channel: int) -> Event:
        if self.random.random() < 0.5:
            return off(tick, pitch, channel)
        return on(tick, pitch, channel, velocity=0)

    def shuffled(self, events: list[Event]) -> list[Event]:
        """In random order within each tick."""
        return sorted(events, key=lambda event: (event[0], self.random.random()))


@st.composite
def performances(draw) -> tuple[bytes, list[list[Note]]]:
    voices = [draw(lines(lowest)) for lowest in LOWEST]
    player = Player(draw, Random(draw(st.integers(0, 1000))))
    names, running = draw(st.sampled_from(NAMES)), draw(st.booleans())
    frame = [metre(4, 2), key(draw(st.integers(-3, 4))), meta(0x51, b"\x07\xa1\x20")]
    events = [
        [*player.events(notes, channel=voice), program(52, voice)]
        for voice, notes in enumerate(voices)
    ]
    split = draw(st.sampled_from(("type 0", "voices", "pairs", "one track")))
    if split == "voices":
        tracks = [[name(names[v]), *player.shuffled(events[v])] for v in range(4)]
        player.random.shuffle(tracks)
    elif split == "pairs":
        tracks = [player.shuffled(events[0] + events[2]), player.shuffled(events[1] + events[3])]
    else:
        tracks = [player.shuffled([event for each in events for event in each])]
    if split == "type 0":
        chunks = [track([*frame, *tracks[0]], running=running)]
        return midi(*chunks, ticks=player.ticks, kind=0), voices
    chunks = [track(frame), *(track(each, running=running) for each in tracks)]
    return midi(*chunks, ticks=player.ticks), voices


def read(data: bytes) -> list[list[Note]]:
    return [list(part.notes) for _, part in sorted(four_voices(midi_score(data, "x")).items())]


@given(performance=performances())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_four_voices_come_back_however_they_are_played(performance):
    data, voices = performance
    assert read(data) == voices


@pytest.mark.slow
@given(performance=performances())
@settings(deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
def test_many_performances_come_back(performance):
    data, voices = performance
    assert read(data) == voices


@given(performance=performances(), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_beginnings_anywhere_within_a_third_of_a_sixteenth_are_moved_back(performance, seed):
    random = Random(seed)
    notes = [Note(0, 4, 72), Note(4, 6, 74), Note(6, 12, 71), Note(12, 20, 72)]
    starts = [0, *(120 * note.start + random.randint(-39, 39) for note in notes[1:]), 2400]
    events = [
        event
        for note, start, end in zip(notes, starts, starts[1:], strict=False)
        for event in (on(start, note.pitch), off(end, note.pitch))
    ]
    score = midi_score(midi(track(events)), "x", quantise=True)
    assert list(score.parts[0].notes) == notes
    chosen = chosen_voices(score, None, None, "x", [])
    assert chorale_of(score, chosen).steps == 20


def mutated(count: int):
    """Files with some bytes changed, cut out or repeated."""
    random = Random(20)
    tune = [(0, b"\xb0\x40\x7f"), *on_and_off([67, 69, 71, 72, 71, 69, 67])]
    frame = [name("Tune"), metre(3, 2), key(1), meta(1, b"text"), meta(0x51, b"\x07\xa1\x20")]
    sound = midi(track(frame), track([name("Sopran"), *tune]), track(on_and_off([60, 59, 55])))
    for _ in range(count):
        data = bytearray(sound)
        for _ in range(random.randint(1, 6)):
            place = random.randrange(len(data))
            match random.randrange(4):
                case 0:
                    data[place] = random.randrange(256)
                case 1:
                    del data[place : place + random.randint(1, 4)]
                case 2:
                    data[place:place] = data[place : place + random.randint(1, 9)]
                case 3:
                    data[place] ^= 1 << random.randrange(8)
        yield bytes(data)


def on_and_off(pitches: list[int]) -> list[Event]:
    return [
        event
        for index, pitch in enumerate(pitches)
        for event in (on(480 * index, pitch), off(480 * index + 470, pitch))
    ]


@pytest.mark.parametrize("count", [2000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_refused_in_one_line(count):
    refused = 0
    for number, data in enumerate(mutated(count)):
        try:
            score = midi_score(data, "x.mid", quantise=number % 2 == 0)
            chorale_of(score, chosen_voices(score, "SB"[: 1 + number % 2], None, "x.mid", []))
        except FormatError as error:
            refused += 1
            assert "\n" not in str(error)
    assert count / 10 < refused < count
