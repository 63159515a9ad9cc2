from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.music21_import import chorale_files, read_work
from generator.music.grid.bars import Bar, metre_of, time_signature
from generator.music.grid.keys import key_of


def bars(signature: str, *lengths: int, start: int = 0) -> list[Bar]:
    starts = np.cumsum([start, *lengths[:-1]])
    return [Bar(int(at), steps, signature) for at, steps in zip(starts, lengths, strict=True)]


def test_a_short_first_bar_is_the_pickup_and_a_short_last_one_changes_nothing():
    assert metre_of(bars("4/4", 4, 16, 16, 12)) == (((0, "4/4"),), 4)
    assert metre_of(bars("3/4", 12, 12)) == (((0, "3/4"),), 0)


def test_two_bars_around_a_repeat_sign_are_one():
    assert metre_of(bars("4/4", 4, 16, 12, 4, 16, 12)) == (((0, "4/4"),), 4)
    assert metre_of(bars("4/4", 16, 4, 12, 16)) == (((0, "4/4"),), 0)


def test_the_pickup_joins_no_bar():
    assert metre_of(bars("4/4", 4, 12, 16)) == (((0, "4/4"), (4, "3/4"), (16, "4/4")), 4)


def test_a_bar_of_another_length_is_a_change_of_metre():
    assert metre_of(bars("4/4", 4, 16, 8, 16)) == (((0, "4/4"), (20, "2/4"), (28, "4/4")), 4)
    assert metre_of(bars("4/4", 16, 40, 16)) == (((0, "4/4"), (16, "10/4"), (56, "4/4")), 0)


def test_a_pickup_to_another_metre_ends_the_bar_before():
    written = [*bars("4/4", 4, 16, 12), *bars("3/4", 4, 12, 12, start=32)]
    assert metre_of(written) == (((0, "4/4"), (36, "3/4")), 4)


def test_bars_are_named_as_their_metre_counts():
    counted = [(12, "4/4"), (6, "4/4"), (8, "3/2"), (12, "3/2")]
    assert [time_signature(*bar) for bar in counted] == ["3/4", "3/8", "1/2", "3/4"]
    with pytest.raises(ValueError, match="a bar of 0 steps"):
        time_signature(0, "4/4")


@pytest.mark.parametrize("number", ["41.6", "48.3", "304", "324", "4.8", "269"])
def test_bar_phases_are_those_of_the_written_measures(number):
    """Read once more from music21: every note of a whole measure stands where it is counted."""
    from music21 import converter

    path = next(file for file in chorale_files() if file.stem == f"bwv{number}")
    phase = read_work(path).chorale.bar_phase()
    soprano = next(
        part
        for part in converter.parse(path, forceSource=True, storePickle=False).parts
        if part.partName.startswith("Soprano")
    )
    compared = 0
    measures = list(soprano.getElementsByClass("Measure"))
    for before, measure, after in zip(measures, measures[1:], measures[2:], strict=False):
        lengths = [m.barDuration.quarterLength - m.highestTime for m in (before, measure, after)]
        if any(lengths):
            continue  # beside a bar that is not whole
        for note in measure.notes:
            step = int((measure.offset + note.offset) * 4)
            assert phase[step] == note.offset * 4, (measure.number, note.offset)
            compared += 1
    assert compared > 5


def test_keys_follow_the_notes_more_than_the_signature():
    scale = {"A minor": [57, 59, 60, 62, 64, 65, 68], "G major": [55, 57, 59, 60, 62, 64, 66]}
    for key, pitches in scale.items():
        tonic = pitches[0]
        line = [*pitches, tonic, tonic + 7, tonic, tonic + 7, tonic + 12, tonic]
        pitch = np.tile(np.array(line, dtype=np.int16), (4, 1))
        for sharps in (-1, 0, 1):
            assert key_of(pitch, sharps) == key


def test_a_final_bass_note_decides_between_relatives():
    pitch = np.tile(np.array([60, 62, 64, 65, 67, 69, 71], dtype=np.int16), (4, 1))
    for bass, key in ((48, "C major"), (45, "A minor")):
        pitch[3, -1] = bass
        assert key_of(pitch, 0) == key
