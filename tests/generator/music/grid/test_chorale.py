from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST, Chorale, bar_steps, repaired_onsets


def make(steps: int = 32, **frame: object) -> Chorale:
    pitch = np.repeat([[72], [67], [64], [48]], steps, axis=1)
    onset = np.zeros((4, steps), dtype=bool)
    onset[:, ::4] = True
    return Chorale(pitch=pitch, onset=onset, **frame)


def test_arrays_are_copied_and_read_only():
    pitch = np.repeat([[72], [67], [64], [48]], 4, axis=1)
    onset = np.zeros((4, 4), dtype=bool)
    onset[:, 0] = True
    chorale = Chorale(pitch=pitch, onset=onset)
    pitch[0, 0] = 1
    assert chorale.pitch[0, 0] == 72
    with pytest.raises(ValueError, match="read-only"):
        chorale.pitch[0, 0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pitch": np.zeros((3, 4))}, r"shape \(3, 4\)"),
        ({"pitch": np.full((4, 4), 128)}, "pitch 128 in voice S at step 0"),
        ({"pitch": np.full((4, 4), np.nan)}, "pitch nan; a pitch is a whole number"),
        ({"pitch": np.full((4, 4), 60.5)}, "pitch 60.5; a pitch is a whole number"),
        ({"pitch": np.full((4, 4), np.inf)}, "pitch inf; a pitch is 0..127"),
        ({"pitch": np.full((4, 4), 2**16 + 60)}, "pitch 65596; a pitch is 0..127"),
        ({"pitch": np.full((4, 4), -(2**63))}, "pitch -9223372036854775808; a pitch is 0..127"),
        ({"pitch": np.full((4, 4), 60.5, dtype=object)}, "pitches of type object"),
        ({"pitch": np.full((4, 4), "60")}, "pitches of type <U2"),
        ({"onset": np.zeros((4, 4))}, "voice S has no onset at step 0"),
        ({"metre": ((1, "4/4"),)}, "does not begin at step 0"),
        ({"metre": ((0, "4/4"), (9, "3/4"))}, "stay below 4"),
        ({"metre": ((0, "4/3"),)}, "'4/3'"),
        ({"key": "H major"}, "'H major'"),
        ({"anacrusis": 16}, "anacrusis of 16"),
        ({"fermata": np.zeros(5)}, r"shape \(5,\)"),
    ],
)
def test_bad_values_are_named(change, message):
    fields = {
        "pitch": np.full((4, 4), 60),
        "onset": np.eye(1, 4, dtype=bool).repeat(4, axis=0),
    }
    with pytest.raises(ValueError, match=message):
        Chorale(**{**fields, **change})


def test_an_onset_in_a_rest_is_refused():
    onset = np.zeros((4, 2), dtype=bool)
    onset[0, 0] = True
    with pytest.raises(ValueError, match="onset in the rest at step 0"):
        Chorale(pitch=np.full((4, 2), REST), onset=onset)


def test_bar_phase_counts_from_the_pickup_and_through_metre_changes():
    chorale = make(32, metre=((0, "4/4"), (20, "3/4")), anacrusis=4)
    assert chorale.bar_phase()[:6].tolist() == [12, 13, 14, 15, 0, 1]
    assert chorale.bar_phase()[19:23].tolist() == [15, 0, 1, 2]
    assert chorale.bar_phase()[31] == 11


@pytest.mark.parametrize("start", [0, 3, 4, 20, 25])
def test_a_slice_keeps_its_place_in_the_bar(start):
    chorale = make(32, metre=((0, "4/4"), (20, "3/4")), anacrusis=4)
    part = chorale.slice(start, 32)
    assert np.array_equal(part.bar_phase(), chorale.bar_phase()[start:])
    assert part.onset[:, 0].all()


def test_equality_ignores_names_and_sees_notes():
    assert make(bwv="BWV1") == make(bwv="BWV2")
    assert make() != make(anacrusis=4)
    assert make(16) != make(32)


def test_repaired_onsets_make_any_grid_valid():
    rng = np.random.default_rng(0)
    pitch = rng.choice([REST, 60, 62], size=(4, 50))
    onset = repaired_onsets(pitch, rng.random((4, 50)) < 0.5)
    assert Chorale(pitch=pitch, onset=onset).steps == 50


def test_bars_of_common_metres():
    assert [bar_steps(m) for m in ("4/4", "3/4", "3/2", "6/8")] == [16, 12, 24, 12]
