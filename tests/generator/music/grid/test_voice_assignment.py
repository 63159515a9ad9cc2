"""The voices of sets of keys: every key is sung, nothing given moves, few of Bach's are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.splits import tunes_split
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale, repaired_onsets
from generator.music.grid.voice_assignment import (
    assigned_voices,
    assignment_errors,
    free_ranges,
    key_sets,
)
from tests.generator.families.material import a_chorale


def rolls(*steps, struck=None):
    """bool[T, 128] twice: the keys of each step, and those of them that begin."""
    sounding = np.zeros((len(steps), 128), dtype=bool)
    begins = np.zeros_like(sounding)
    for step, keys in enumerate(steps):
        sounding[step, list(keys)] = True
        begins[step, list(keys if struck is None else struck[step])] = True
    return sounding, begins


def of(pitch) -> Chorale:
    notes = np.array(pitch)
    return Chorale(pitch=notes, onset=repaired_onsets(notes, np.zeros(notes.shape)))


def test_four_keys_are_sung_in_descending_order():
    pitch, onset = assigned_voices(*rolls({48, 55, 64, 72}))
    assert pitch[:, 0].tolist() == [72, 64, 55, 48]
    assert onset.all()


def test_voices_go_the_shortest_way():
    pitch, _ = assigned_voices(*rolls({48, 60, 64, 72}, {50, 62, 65, 71}))
    assert pitch[:, 1].tolist() == [71, 65, 62, 50]


def test_three_keys_are_shared_by_the_voices_that_are_near():
    pitch, _ = assigned_voices(
        *rolls({48, 60, 62, 72}, {48, 60, 72}, struck=[{48, 60, 62, 72}, {60}])
    )
    assert pitch[:, 1].tolist() == [72, 60, 60, 48]


def test_voices_cross_where_one_of_them_holds_its_key():
    """The alto's 64 is held while only 62 is struck: the tenor alone can have gone there."""
    steps = [{48, 60, 64, 72}, {48, 62, 64, 72}, {48, 64, 66, 72}]
    pitch, _ = assigned_voices(*rolls(*steps, struck=[steps[0], {62}, {66}]))
    assert pitch[:, 2].tolist() == [72, 64, 66, 48]


def test_a_key_that_is_held_begins_nothing():
    pitch, onset = assigned_voices(*rolls({48, 55, 64, 72}, {48, 55, 64, 72}, struck=[{48}, {72}]))
    assert pitch[:, 1].tolist() == [72, 64, 55, 48]
    assert onset[:, 1].tolist() == [True, False, False, False]


def test_where_a_voice_joins_another_the_other_holds():
    steps = [{48, 60, 62, 72}, {48, 60, 72}]
    _, onset = assigned_voices(*rolls(*steps, struck=[steps[0], {60}]))
    assert onset[:, 1].tolist() == [False, True, False, False]


def test_a_voice_rests_only_where_no_key_is_in_its_range():
    pitch, _ = assigned_voices(*rolls({79}, {60}, {33}, set()))
    assert pitch[:, 0].tolist() == [79, REST, REST, REST]
    assert pitch[:, 1].tolist() == [60, 60, 60, 60]
    assert pitch[:, 2].tolist() == [REST, REST, REST, 33]
    assert pitch[:, 3].tolist() == [REST] * 4


def test_of_more_keys_than_voices_the_outer_ones_stay_and_voices_descend():
    pitch, _ = assigned_voices(*rolls({40, 50, 55, 60, 64, 67, 72}))
    assert (pitch[0, 0], pitch[3, 0]) == (72, 40)
    assert (np.diff(pitch[:, 0]) < 0).all()


def test_a_cluster_of_the_whole_keyboard_is_assigned():
    pitch, _ = assigned_voices(*rolls(range(21, 109), range(21, 109)))
    assert (pitch != REST).any(axis=0).all()


def test_a_key_outside_all_ranges_is_sung_by_nobody():
    pitch, _ = assigned_voices(*rolls({20, 60, 100}))
    assert pitch[:, 0].tolist() == [60, 60, 60, 60]


def test_given_cells_stay_and_their_keys_need_no_other_voice():
    chorale = a_chorale()
    given = np.random.default_rng(3).random((4, chorale.steps)) < 0.5
    pitch, onset = assigned_voices(
        *key_sets(chorale), pitch=chorale.pitch, onset=chorale.onset, given=given
    )
    assert np.array_equal(pitch[given], chorale.pitch[given])
    assert np.array_equal(onset[given], chorale.onset[given])


def test_what_stands_in_open_cells_is_not_read():
    chorale, other = a_chorale(seed=1), a_chorale(seed=2)
    given = np.random.default_rng(3).random((4, chorale.steps)) < 0.5
    pitch = np.where(given, chorale.pitch, other.pitch)
    onset = np.where(given, chorale.onset, other.onset)
    keys = key_sets(chorale)
    first = assigned_voices(*keys, pitch=chorale.pitch, onset=chorale.onset, given=given)
    second = assigned_voices(*keys, pitch=pitch, onset=onset, given=given)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_sounds_the_voices_make_a_chorale_inside_their_ranges(seed):
    rng = np.random.default_rng(seed)
    sounding = np.zeros((40, 128), dtype=bool)
    for row in sounding:
        row[rng.integers(25, 95, rng.integers(0, 7))] = True
    pitch, onset = assigned_voices(sounding, rng.random((40, 128)) < 0.2)
    Chorale(pitch=pitch, onset=onset)
    for row, (low, high) in zip(pitch, VOICE_RANGES, strict=True):
        sung = row[row != REST]
        assert ((low <= sung) & (sung <= high)).all()


def test_keys_and_onsets_of_a_chorale_come_back_whoever_sings_them():
    chorale = of([[72, 72, 74, 76], [64, 67, 67, 67], [60, 60, 59, 55], [48, 48, 47, 48]])
    sounding, struck = key_sets(chorale)
    pitch, onset = assigned_voices(sounding, struck)
    again = key_sets(Chorale(pitch=pitch, onset=onset))
    assert np.array_equal(again[0], sounding)
    assert np.array_equal(again[1], struck)


def test_errors_count_the_cells_that_another_voice_would_sing():
    """Nothing tells that the voices of this piece crossed: two of its four voices are wrong."""
    crossed = of([[72, 71], [60, 59], [64, 62], [48, 47]])
    errors = assignment_errors([crossed, of([[72], [64], [60], [48]])])
    assert (errors.cells, errors.other_pitch, errors.rate) == (12, 4, 4 / 12)
    assert assignment_errors([]).rate == 0


def test_of_the_test_part_of_the_corpus_few_cells_are_wrong(corpus):
    works = tunes_split(corpus)["test"][:20]
    assert assignment_errors(corpus.works[bwv].chorale for bwv in works).rate < 0.03


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assigned_voices(np.ones((2, 88)), np.ones((2, 88))), r"keys of shapes \(2, 88\)"),
        (lambda: assigned_voices(np.ones((2, 128)), np.ones((3, 128))), r"\(3, 128\)"),
        (lambda: assigned_voices(*rolls({60}), given=np.ones((4, 1))), "without pitch or onset"),
        (
            lambda: assigned_voices(
                *rolls({60}), pitch=np.ones((4, 2)), onset=np.ones((4, 1)), given=np.ones((4, 1))
            ),
            r"pitch has shape \(4, 2\)",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestFreeRanges:
    def test_a_voice_lies_between_the_given_voices_around_it(self):
        given = np.array([[True], [False], [True], [False]])
        low, high = free_ranges([[72], [0], [60], [0]], given)
        assert (low[1, 0], high[1, 0]) == (60, 72)
        assert (low[3, 0], high[3, 0]) == (33, 60)

    def test_where_given_voices_cross_all_have_their_whole_ranges(self):
        given = np.array([[True], [False], [True], [False]])
        low, high = free_ranges([[60], [0], [64], [0]], given)
        assert list(zip(low[:, 0], high[:, 0], strict=True)) == list(VOICE_RANGES)

    def test_rests_and_open_cells_bound_nobody(self):
        low, high = free_ranges([[REST], [99], [99], [99]], [[True], [False], [False], [False]])
        assert list(zip(low[:, 0], high[:, 0], strict=True)) == list(VOICE_RANGES)
