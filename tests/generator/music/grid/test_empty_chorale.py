from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST
from generator.music.grid.empty_chorale import MAX_FRAME_STEPS, empty_chorale, with_close


def closes(*frame, **options) -> list[tuple[int, int]]:
    """First and last step of each fermata."""
    fermata = empty_chorale("C major", *frame, **options).fermata
    edges = np.flatnonzero(np.diff(fermata, prepend=False, append=False)).reshape(-1, 2)
    return [(int(first), int(stop) - 1) for first, stop in edges]


def test_not_a_note_stands_in_it():
    frame = empty_chorale("F# minor", "3/4", 6, pickup=4)
    assert (frame.pitch == REST).all()
    assert not frame.onset.any()
    assert (frame.key, frame.metre, frame.anacrusis) == ("F# minor", ((0, "3/4"),), 4)
    assert frame.steps == 6 * 12


def test_a_phrase_of_common_time_lasts_two_bars_and_ends_on_its_third_beat():
    assert closes("4/4", 4) == [(24, 31), (56, 63)]


def test_a_pickup_moves_the_phrases_before_the_bar_lines():
    frame = empty_chorale("C major", "4/4", 4, pickup=4)
    assert closes("4/4", 4, pickup=4) == [(28, 31), (60, 63)]
    assert frame.bar_phase()[[0, 4, 28, 32]].tolist() == [12, 0, 8, 12]


@pytest.mark.parametrize(
    ("metre", "pickup", "expected"),
    [("3/4", 0, (36, 47)), ("3/4", 4, (40, 47)), ("2/2", 0, (24, 31)), ("2/2", 8, (24, 31))],
)
def test_other_metres_close_where_a_strong_beat_is(metre, pickup, expected):
    assert closes(metre, 4, pickup=pickup)[0] == expected


@pytest.mark.parametrize(
    ("key", "pitch"), [("C major", 48), ("A minor", 45), ("Eb major", 51), ("E minor", 40)]
)
def test_the_tonic_is_given_to_the_bass_under_the_last_fermata_and_nothing_else(key, pitch):
    frame, given = with_close(empty_chorale(key, bars=4, pickup=4))
    assert np.argwhere(given).tolist() == [[3, step] for step in range(60, 64)]
    assert (frame.pitch[given] == pitch).all()
    assert frame.onset[given].tolist() == [True, False, False, False]
    assert (frame.pitch[~given] == REST).all()


def test_a_frame_that_ends_in_the_middle_of_a_phrase_gets_no_close():
    assert not with_close(empty_chorale("C major", bars=4).slice(0, 40))[1].any()


def test_what_is_left_over_is_a_shorter_last_phrase():
    assert [last for _, last in closes("4/4", 5)] == [31, 63, 79]
    assert [last for _, last in closes("4/4", 5, phrase=3)] == [47, 79]


@pytest.mark.parametrize(
    ("metre", "bars"), [("5/4", 4), ("7/8", 3), ("12/8", 2), ("1/16", 1), ("99/1", 1)]
)
def test_unusual_metres_have_closes_too(metre, bars):
    assert closes(metre, bars)[-1][1] == empty_chorale("C major", metre, bars).steps - 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "H minor"}, "key 'H minor'; use a form such as 'G major'"),
        ({"metre": "4/5"}, "metre '4/5'; use a form"),
        ({"bars": 0}, "0 bars of 4/4; use 1 to 125"),
        ({"bars": MAX_FRAME_STEPS}, "2000 bars of 4/4; use 1 to 125"),
        ({"pickup": 16}, "a pickup of 16 sixteenths; a bar of 4/4 has 16"),
        ({"pickup": -1}, "a pickup of -1 sixteenths"),
        ({"phrase": 0}, "a phrase of 0 bars; use 1 or more"),
    ],
)
def test_a_wrong_value_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        empty_chorale(**{"key": "C major", **options})
