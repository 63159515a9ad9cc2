"""MIDI, CSV, text and back: every sounding key and every onset stays, at all transpositions."""

from __future__ import annotations

import numpy as np
import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi import midi_bytes
from generator.music.formats.piano_text.key_text import keys_to_text, text_to_keys
from generator.music.formats.piano_text.midi_chunks import read_records, write_records
from generator.music.formats.piano_text.record_csv import csv_to_records, records_to_csv
from generator.music.formats.piano_text.record_keys import (
    keys_to_records,
    records_to_keys,
    transposed_keys,
)
from generator.music.grid.chorale import Chorale
from generator.music.grid.voice_assignment import key_sets
from tests.generator.families.material import melody

TRANSPOSITIONS = range(-6, 6)
FRAME = "0, 0, Header, 0, 1, 480\n1, 0, Start_track\n{}1, 960, End_track\n0, 0, End_of_file\n"


def through_csv(chorale: Chorale):
    """The keys of a chorale's MIDI file, by way of CSV."""
    csv = records_to_csv(read_records(midi_bytes(chorale)))
    return records_to_keys(csv_to_records(csv))


def through_text(keys, semitones: int):
    """Keys, transposed, by way of text, CSV and MIDI."""
    text = keys_to_text(*(transposed_keys(each, semitones) for each in keys))
    csv = records_to_csv(keys_to_records(*text_to_keys(text)))
    return records_to_keys(read_records(write_records(csv_to_records(csv))))


@pytest.mark.parametrize("each", [24, pytest.param(1, marks=pytest.mark.slow)])
def test_keys_and_onsets_of_the_corpus_come_back_at_every_transposition(corpus, each):
    """The sample takes the transpositions by turns, the slow test all of them for each work."""
    changed = []
    for number, (bwv, work) in enumerate(list(corpus.works.items())[::each]):
        keys = through_csv(work.chorale)
        for semitones in TRANSPOSITIONS if each == 1 else [TRANSPOSITIONS[number % 12]]:
            wanted = [transposed_keys(each, semitones) for each in key_sets(work.chorale)]
            if not np.array_equal(through_text(keys, semitones), wanted):
                changed.append((bwv, semitones))
    assert changed == []


def test_a_piece_lasts_as_long_as_its_file():
    rests = melody([72, 72, -1, -1, -1])
    sounding, _ = records_to_keys(read_records(midi_bytes(rests)))
    assert sounding.any(axis=1).tolist() == [True, True, False, False, False]


def keys_of(events: str, **options):
    return records_to_keys(csv_to_records(FRAME.format(events)), **options)


def test_notes_without_an_end_last_as_long_as_the_track():
    sounding, struck = keys_of("1, 0, Note_on_c, 0, 60, 9\n1, 240, Note_on_c, 0, 60, 9\n")
    assert sounding[:, 60].all()
    assert np.flatnonzero(struck[:, 60]).tolist() == [0, 2]


@pytest.mark.parametrize("late", [0, 10])
def test_a_note_that_begins_before_the_end_of_the_one_before_keeps_its_length(late):
    """Two quarters on one key; the second is struck before the end of the first is written."""
    sounding, struck = keys_of(
        "1, 0, Note_on_c, 0, 60, 9\n1, 480, Note_on_c, 0, 60, 9\n"
        f"1, {480 + late}, Note_off_c, 0, 60, 0\n1, 960, Note_on_c, 0, 60, 0\n",
        nearest=late > 0,
    )
    assert sounding[:, 60].all()
    assert np.flatnonzero(struck[:, 60]).tolist() == [0, 4]


def test_two_voices_on_one_key_sound_until_the_last_has_ended():
    sounding, struck = keys_of(
        "1, 0, Note_on_c, 0, 60, 9\n1, 0, Note_on_c, 0, 60, 9\n"
        "1, 120, Note_off_c, 0, 60, 0\n1, 720, Note_off_c, 0, 60, 0\n"
    )
    assert np.flatnonzero(sounding[:, 60]).tolist() == [0, 1, 2, 3, 4, 5]
    assert np.flatnonzero(struck[:, 60]).tolist() == [0]


@pytest.mark.parametrize(
    ("end", "nearest", "steps"),
    [(120, False, 1), (121, False, 1), (130, False, 2), (130, True, 1), (200, True, 2)],
)
def test_the_end_of_a_track_is_rounded_as_notes_are(end, nearest, steps):
    csv = FRAME.replace("1, 960", f"1, {end}").format(
        "1, 0, Note_on_c, 0, 60, 9\n1, 120, Note_off_c, 0, 60, 0\n"
    )
    sounding, _ = records_to_keys(csv_to_records(csv), nearest=nearest)
    assert len(sounding) == steps


@pytest.mark.parametrize("division", [0, -6360])
def test_times_in_seconds_are_refused(division):
    csv = FRAME.format("1, 0, Note_on_c, 0, 60, 9\n").replace("480", str(division))
    with pytest.raises(FormatError, match=f"division {division}: the times are in seconds"):
        records_to_keys(csv_to_records(csv))


def test_a_note_on_without_velocity_ends_a_note():
    sounding, _ = keys_of("1, 0, Note_on_c, 0, 60, 9\n1, 240, Note_on_c, 0, 60, 0\n")
    assert np.flatnonzero(sounding[:, 60]).tolist() == [0, 1]


def test_drums_are_not_heard():
    drum = "1, 0, Note_on_c, 9, 35, 9\n"
    sounding, _ = keys_of(drum + "1, 0, Note_on_c, 0, 60, 9\n")
    assert not sounding[:, 35].any()
    with pytest.raises(FormatError, match="there are no notes"):
        keys_of(drum)


def test_a_tick_of_rounding_is_allowed_and_no_more():
    sounding, _ = keys_of("1, 119, Note_on_c, 0, 60, 9\n1, 241, Note_off_c, 0, 60, 0\n")
    assert np.flatnonzero(sounding[:, 60]).tolist() == [1]
    with pytest.raises(FormatError, match=r"line 3: Note_on_c at tick 150 is not on a sixteenth"):
        keys_of("1, 150, Note_on_c, 0, 60, 9\n")


def test_notes_off_the_grid_go_to_the_nearest_step_if_asked():
    events = "1, 150, Note_on_c, 0, 60, 9\n1, 290, Note_off_c, 0, 60, 0\n"
    sounding, _ = keys_of(events, nearest=True)
    assert np.flatnonzero(sounding[:, 60]).tolist() == [1]


def test_a_note_shorter_than_a_step_is_refused_or_gets_one():
    events = "1, 0, Note_on_c, 0, 60, 9\n1, 1, Note_off_c, 0, 60, 0\n"
    with pytest.raises(FormatError, match="line 3: note 60 at tick 0 is shorter than a sixteenth"):
        keys_of(events)
    sounding, _ = keys_of(events, nearest=True)
    assert np.flatnonzero(sounding[:, 60]).tolist() == [0]


def test_several_pieces_in_a_file_are_refused():
    csv = FRAME.format("1, 0, Note_on_c, 0, 60, 9\n").replace("Header, 0", "Header, 2")
    with pytest.raises(FormatError, match="several pieces"):
        records_to_keys(csv_to_records(csv))


def test_a_piece_of_hours_is_refused_in_time():
    csv = FRAME.format("1, 0, Note_on_c, 0, 60, 9\n").replace("1, 960", "1, 268435440")
    with pytest.raises(FormatError, match="lasts 2,236,962 sixteenths; use 100,000 at most"):
        records_to_keys(csv_to_records(csv))


def test_a_key_cannot_be_transposed_off_the_keyboard():
    sounding, _ = keys_of("1, 0, Note_on_c, 0, 60, 9\n")
    for semitones in (99, -61, 10**20, -(10**20)):
        message = f"keys 60 to 60 cannot be transposed by {semitones} semitones"
        with pytest.raises(FormatError, match=message):
            transposed_keys(sounding, semitones)


def test_silence_can_be_transposed_by_anything():
    silence = np.zeros((3, 128), dtype=bool)
    assert np.array_equal(transposed_keys(silence, 10**20), silence)
