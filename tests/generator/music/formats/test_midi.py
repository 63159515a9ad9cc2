"""MIDI files: what others make of ours, and what we make of theirs."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import pairwise
from random import Random

import mido
import numpy as np
import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi import midi_bytes, read_midi, write_midi
from generator.music.grid.chorale import Chorale

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def track(pitches, *, length=480, channel=0, name="", before=0) -> mido.MidiTrack:
    messages = [mido.MetaMessage("track_name", name=name)] if name else []
    for pitch in pitches:
        messages.append(mido.Message("note_on", note=pitch, channel=channel, time=before))
        messages.append(mido.Message("note_off", note=pitch, channel=channel, time=length))
        before = 0
    return mido.MidiTrack(messages)


def four(**changes) -> list[mido.MidiTrack]:
    return [track([p + 12 - 7 * v for p in SCALE], **changes) for v in range(4)]


def save(path, tracks, ticks=480, kind=1):
    mido.MidiFile(type=kind, ticks_per_beat=ticks, tracks=tracks).save(path)
    return path


@pytest.fixture
def chorale() -> Chorale:
    pitch = np.repeat([[72, 74], [67, 69], [64, 66], [48, 50]], 8, axis=1)
    onset = np.zeros_like(pitch, dtype=bool)
    onset[:, [0, 4, 8]] = True
    fermata = np.arange(16) >= 8
    return Chorale(pitch, onset, fermata, ((0, "3/4"), (4, "4/4")), "D major", 4, "BWV1", "Grüß’")


def test_a_file_has_four_named_tracks_and_the_standard_tempo(chorale):
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    assert [t.name for t in file.tracks[1:]] == ["Soprano", "Alto", "Tenor", "Bass"]
    tempos = [m.tempo for m in file.tracks[0] if m.type == "set_tempo"]
    assert tempos == [round(60e6 / 76)]
    keys = [m.key for m in file.tracks[0] if m.type == "key_signature"]
    assert keys == ["D"]


def test_bar_lines_of_a_pickup_fall_where_they_belong(corpus):
    chorale = corpus.work("BWV269").chorale
    assert chorale.anacrusis == 4
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    now, signatures = 0, []
    for message in file.tracks[0]:
        now += message.time
        if message.type == "time_signature":
            signatures.append((now, f"{message.numerator}/{message.denominator}"))
    assert signatures[:2] == [(0, "1/4"), (480, chorale.metre[0][1])]


def test_names_are_carried(chorale, tmp_path):
    write_midi(chorale, tmp_path / "x.mid")
    back = read_midi(tmp_path / "x.mid")
    assert (back, back.bwv, back.title) == (chorale, "BWV1", "Grüß’")


def test_a_file_whose_texts_do_not_repeat_its_markers_is_read(chorale, tmp_path):
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    frame, now, kept = file.tracks[0], 0, mido.MidiTrack()
    for message in frame:
        now += message.time
        repeats = r"(title|pickup) .*|fermata.*|end"
        if message.type == "text" and re.fullmatch(repeats, message.text):
            continue
        kept.append(message.copy(time=now))
    for before, after in reversed([*pairwise(kept)]):
        after.time -= before.time
    assert len(frame) - len(kept) == 5
    file.tracks[0] = kept
    file.save(tmp_path / "x.mid")
    back = read_midi(tmp_path / "x.mid")
    assert (back, back.bwv, back.title) == (chorale, "BWV1", "Grüß’")


def test_a_foreign_file_is_read_by_falling_pitch(tmp_path):
    tracks = four()
    back = read_midi(save(tmp_path / "x.mid", tracks[::-1]))
    assert back.pitch[:, 0].tolist() == [72, 65, 58, 51]
    assert (back.metre, back.anacrusis, back.steps) == (((0, "4/4"),), 0, 32)
    assert back.onset.sum(axis=1).tolist() == [8] * 4


def test_names_of_tracks_decide_over_pitch(tmp_path):
    names = ["Bass", "Tenor", "Alto", "Soprano"]
    tracks = [track([60 + index], name=name) for index, name in enumerate(names)]
    tracks[3] = track([50], name="Soprano")
    assert read_midi(save(tmp_path / "x.mid", tracks)).pitch[:, 0].tolist() == [50, 62, 61, 60]


def test_channels_of_one_track_are_voices(tmp_path):
    notes = [(72, 0), (67, 1), (64, 2), (48, 3)]
    on = [mido.Message("note_on", note=p, channel=c) for p, c in notes]
    off = [mido.Message("note_on", note=p, channel=c, velocity=0) for p, c in notes]
    off[0].time = 960
    path = save(tmp_path / "x.mid", [mido.MidiTrack(on + off)], kind=0)
    assert read_midi(path).pitch[:, 7].tolist() == [72, 67, 64, 48]


def test_a_short_first_bar_is_a_pickup(tmp_path):
    frame = mido.MidiTrack(
        [
            mido.MetaMessage("time_signature", numerator=1, denominator=4),
            mido.MetaMessage("time_signature", numerator=3, denominator=4, time=480),
        ]
    )
    back = read_midi(save(tmp_path / "x.mid", [frame, *four()]))
    assert (back.metre, back.anacrusis) == (((0, "3/4"),), 4)


@pytest.mark.parametrize("ticks", [4, 24, 96, 120, 384, 1024])
def test_any_resolution_is_read(tmp_path, ticks):
    assert read_midi(save(tmp_path / "x.mid", four(length=ticks), ticks=ticks)).steps == 32


def test_one_tick_of_rounding_is_corrected(tmp_path):
    tracks = four()
    tracks[0][1].time = 479
    tracks[0][2].time = 1
    assert read_midi(save(tmp_path / "x.mid", tracks)).steps == 32


def test_triplets_are_refused_with_voice_and_beat(tmp_path):
    tracks = four()
    tracks[1] = track([67] * 3, length=160, name="Alto")
    with pytest.raises(FormatError, match=r"Alto: G4 begins at beat 1\.333, off the grid"):
        read_midi(save(tmp_path / "x.mid", tracks))


def test_chords_are_refused_with_their_beat(tmp_path):
    tracks = four()
    tracks[2].insert(0, mido.Message("note_on", note=40))
    with pytest.raises(FormatError, match=r"track 3 is not a single voice: .* at beat 1 "):
        read_midi(save(tmp_path / "x.mid", tracks))


def test_three_voices_are_refused_with_their_names(tmp_path):
    with pytest.raises(FormatError, match=r"3 with notes \(track 1, track 2, track 3\)"):
        read_midi(save(tmp_path / "x.mid", four()[:3]))


def test_a_file_of_hours_is_refused_before_it_takes_memory(tmp_path):
    with pytest.raises(FormatError, match="more than 10000; give a single chorale"):
        read_midi(save(tmp_path / "x.mid", four(before=2**27), ticks=4))


@pytest.mark.parametrize("data", [b"MThd", b"hello", b"MThd\0\0\0\6\0\1\0\1\xe7\x28"])
def test_what_is_no_midi_file_is_refused(tmp_path, data):
    (tmp_path / "x.mid").write_bytes(data)
    with pytest.raises(FormatError, match=r"x\.mid"):
        read_midi(tmp_path / "x.mid")


def test_damaged_files_never_raise_anything_else(chorale, tmp_path):
    sound, random = midi_bytes(chorale), Random(1)
    refused = 0
    for _ in range(150):
        data = bytearray(sound[: random.randint(1, len(sound))])
        for _ in range(random.randint(0, 4)):
            data[random.randrange(len(data))] = random.randrange(256)
        (tmp_path / "x.mid").write_bytes(data)
        try:
            read_midi(tmp_path / "x.mid")
        except FormatError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100


def test_nothing_is_left_where_the_folder_is_missing(chorale, tmp_path):
    with pytest.raises(FormatError, match="No such file or directory"):
        write_midi(chorale, tmp_path / "none" / "x.mid")
    assert list(tmp_path.iterdir()) == []
