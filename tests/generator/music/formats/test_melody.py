"""Melodies of the user's: any voice, any key, pickup, 3/4 and 4/4; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import mido
import numpy as np
import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.melody import read_melody
from generator.music.formats.midi import write_midi
from generator.music.formats.musicxml import write_musicxml
from generator.music.grid.chorale import REST, VOICES, Chorale

LINES = {"S": 72, "A": 65, "T": 60, "B": 48}
WRITERS = {"mid": write_midi, "musicxml": write_musicxml}


def only(chorale: Chorale, letters: str) -> Chorale:
    """The chorale with rests in all other voices."""
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    for voice, letter in enumerate(VOICES):
        if letter not in letters:
            pitch[voice], onset[voice] = REST, False
    return chorale.with_voices(pitch, onset)


def midi_melody(path, *lines, meta=(), length=480, before=0):
    tracks = [mido.MidiTrack(meta)]
    for line in lines:
        track = mido.MidiTrack()
        for index, pitch in enumerate(line):
            track.append(mido.Message("note_on", note=pitch, time=0 if index else before))
            track.append(mido.Message("note_off", note=pitch, time=length))
        tracks.append(track)
    mido.MidiFile(ticks_per_beat=480, tracks=tracks).save(path)
    return path


@pytest.mark.parametrize("letters", ["S", "A", "T", "B", "SB", "SAT"])
@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("bwv", ["BWV66.6", "BWV269"])
def test_voices_that_are_named_are_given_whatever_key_metre_and_pickup(
    corpus, tmp_path, letters, ending, bwv
):
    chorale = only(corpus.work(bwv).chorale, letters)
    WRITERS[ending](chorale, tmp_path / f"x.{ending}")
    assert read_melody(tmp_path / f"x.{ending}") == (chorale, frozenset(letters))


def test_one_nameless_line_is_the_soprano_in_four_four(tmp_path):
    chorale, given = read_melody(midi_melody(tmp_path / "x.mid", [67, 69, 71, 72, 74, 66, 67, 67]))
    assert given == {"S"}
    assert (chorale.metre, chorale.key, chorale.anacrusis) == (((0, "4/4"),), "G major", 0)
    assert chorale.pitch[0, ::4].tolist() == [67, 69, 71, 72, 74, 66, 67, 67]
    assert (chorale.pitch[1:] == REST).all()
    assert chorale.onset.sum() == 8


@pytest.mark.parametrize("voice", "SATB")
def test_one_line_is_the_voice_that_is_asked_for(tmp_path, voice):
    start = LINES[voice]
    path = midi_melody(tmp_path / "x.mid", [start, start + 2, start])
    chorale, given = read_melody(path, voice=voice)
    assert given == {voice}
    assert chorale.pitch[VOICES.index(voice), 0] == start
    assert read_melody(path, expected=voice)[1] == {voice}


def test_several_lines_go_to_several_voices_from_high_to_low(tmp_path):
    path = midi_melody(tmp_path / "x.mid", [48, 50], [72, 74])
    chorale, given = read_melody(path, voice="SB")
    assert given == {"S", "B"}
    assert chorale.pitch[:, 0].tolist() == [72, REST, REST, 48]


@pytest.mark.parametrize("how", ["voice", "expected"])
def test_one_voice_is_taken_from_a_score_of_four(corpus, tmp_path, how):
    chorale = corpus.work("BWV269").chorale
    write_musicxml(chorale, tmp_path / "x.musicxml")
    melody, given = read_melody(tmp_path / "x.musicxml", **{how: "T"})
    assert given == {"T"}
    assert np.array_equal(melody.pitch[2], chorale.pitch[2])
    assert (melody.pitch[[0, 1, 3]] == REST).all()


def test_silence_before_the_first_note_of_a_midi_file_makes_a_pickup(tmp_path):
    meta = [mido.MetaMessage("time_signature", numerator=3, denominator=4)]
    path = midi_melody(tmp_path / "x.mid", [67, 72, 74, 76], meta=meta, before=480 * 5)
    chorale, _ = read_melody(path)
    assert (chorale.anacrusis, chorale.metre, chorale.steps) == (4, ((0, "3/4"),), 16)


def test_without_fermatas_the_last_note_has_one(tmp_path):
    chorale, _ = read_melody(midi_melody(tmp_path / "x.mid", [67, 69, 71]))
    assert np.flatnonzero(chorale.fermata).tolist() == [8, 9, 10, 11]


def test_a_key_signature_decides(tmp_path):
    meta = [mido.MetaMessage("key_signature", key="Em")]
    path = midi_melody(tmp_path / "x.mid", [67, 69, 71, 67], meta=meta)
    assert read_melody(path)[0].key == "E minor"


@pytest.mark.parametrize(
    ("line", "voice", "message"),
    [
        ([76] * 5 + [96], "S", r"C7 in bar 2 \(step 20\) is outside the range of the soprano, A3 "
         r"to A5; transpose the melody down by 15 semitones"),
        ([84, 85], "S", "transpose the melody down by 12 semitones"),
        ([30, 40], "B", "F#1 in bar 1 .* outside the range of the bass.*up by 12 semitones"),
        ([40, 80], "B", "spans more than the voice"),
    ],
)  # fmt: skip
def test_a_note_out_of_range_is_named_with_the_way_out(tmp_path, line, voice, message):
    with pytest.raises(FormatError, match=message):
        read_melody(midi_melody(tmp_path / "x.mid", line), voice=voice)


def test_off_the_grid_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"track 2: D5 begins at beat 1\.333, off the grid"):
        read_melody(midi_melody(tmp_path / "x.mid", [72, 74, 76], length=160))


def test_two_notes_at_once_are_refused(tmp_path):
    path = tmp_path / "x.mid"
    mido.MidiFile(
        tracks=[
            mido.MidiTrack(
                [
                    mido.Message("note_on", note=72),
                    mido.Message("note_on", note=76, time=480),
                    mido.Message("note_off", note=72, time=480),
                    mido.Message("note_off", note=76),
                ]
            )
        ]
    ).save(path)
    with pytest.raises(
        FormatError, match="not a single voice: E5 begins at beat 2 while C5 still sounds"
    ):
        read_melody(path)


def test_two_nameless_lines_need_a_word(tmp_path):
    path = midi_melody(tmp_path / "x.mid", [48], [72])
    with pytest.raises(FormatError, match=r"2 parts with notes \(track 2, track 3\)"):
        read_melody(path)


def test_an_unknown_voice_is_refused(tmp_path):
    with pytest.raises(FormatError, match="voice 'X' is unknown"):
        read_melody(midi_melody(tmp_path / "x.mid", [72]), voice="X")


def test_a_melody_of_more_than_two_thousand_steps_is_refused(tmp_path):
    path = midi_melody(tmp_path / "x.mid", [72] * 501)
    with pytest.raises(FormatError, match="lasts 2004 sixteenths; a melody may have 2000"):
        read_melody(path)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_file_without_notes_is_refused(corpus, tmp_path, ending):
    silent = only(corpus.work("BWV269").chorale, "")
    WRITERS[ending](replace(silent, fermata=np.zeros(silent.steps)), tmp_path / "x")
    with pytest.raises(FormatError, match="x has no notes"):
        read_melody(tmp_path / "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"RIFF....WAVE", "neither a MIDI nor a MusicXML file"),
        (b"MThd\0\0", "not a MIDI file that can be read"),
        (b"<svg/>", "begins with <svg>"),
    ],
)
def test_what_is_no_melody_is_refused(tmp_path, data, message):
    (tmp_path / "x.mid").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        read_melody(tmp_path / "x.mid")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"cannot read .*none\.mid: No such file"):
        read_melody(tmp_path / "none.mid")
