"""What a key of the piano sees, and that nothing lies beyond the keyboard."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.biaxial.piano_roll import (
    BEGINS,
    INPUTS,
    PLAYS,
    REACH,
    beat_bits,
    key_inputs,
    roll_of,
)
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.voice_assignment import KEYS, assigned_voices, key_sets

LOWEST, N = 36, 46
VICINITY, CONTEXT, BEAT = slice(13, 63), slice(63, 75), slice(75, 79)
NO_BEAT = np.zeros((1, 4), np.float32)


def keys(*sounding: int, begin: tuple[int, ...] = ()) -> np.ndarray:
    """A roll of one step, its keys counted from the lowest."""
    roll = np.zeros((1, N, 2), dtype=bool)
    roll[0, list(sounding), PLAYS] = True
    roll[0, list(begin), BEGINS] = True
    return roll


def inputs(roll: np.ndarray) -> np.ndarray:
    return key_inputs(roll, NO_BEAT, LOWEST)[0]


def test_a_key_has_79_inputs():
    assert inputs(keys()).shape == (N, INPUTS) == (N, 79)


def test_the_lowest_keys_do_not_see_the_highest_as_neighbours():
    """The published code read a list at negative places, and so from its end."""
    near = inputs(keys(*range(N - REACH, N), begin=tuple(range(N - REACH, N))))[:, VICINITY]
    assert not near[: N - 2 * REACH].any()
    assert near[-1].any()


def test_the_highest_keys_do_not_see_the_lowest_as_neighbours():
    near = inputs(keys(*range(REACH), begin=tuple(range(REACH))))[:, VICINITY]
    assert not near[2 * REACH :].any()
    assert near[0].any()


def test_each_edge_sees_what_a_key_in_the_middle_sees_of_the_same_notes():
    for key in (0, N - 1, N // 2):
        inside = [key + shift for shift in (-7, -3, 0, 4, 9) if 0 <= key + shift < N]
        near = inputs(keys(*inside))[key, VICINITY].reshape(25, 2)
        assert np.flatnonzero(near[:, PLAYS]).tolist() == [REACH + each - key for each in inside]


def test_a_key_sees_who_began_around_it():
    near = inputs(keys(20, 24, begin=(24,)))[20, VICINITY].reshape(25, 2)
    assert np.argwhere(near).tolist() == [[REACH, PLAYS], [REACH + 4, PLAYS], [REACH + 4, BEGINS]]


def test_pitch_classes_are_counted_from_the_keys_own():
    context = inputs(keys(0, 12, 19))[:, CONTEXT]  # two of a class, and a fifth above it
    assert context[24].tolist() == [2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert context[19].tolist() == [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]


def test_place_and_pitch_class_are_those_of_the_key():
    rows = inputs(keys())
    assert rows[[0, -1], 0].tolist() == [0, 1]
    assert (rows[:, 1:13].argmax(1) == (LOWEST + np.arange(N)) % 12).all()
    assert (rows[:, 1:13].sum(1) == 1).all()


@pytest.mark.parametrize(
    ("phase", "bits"),
    [(0, [-1, -1, -1, -1]), (1, [1, -1, -1, -1]), (12, [-1, -1, 1, 1]), (17, [1, -1, -1, -1])],
)
def test_a_beat_is_four_bits(phase, bits):
    beats = beat_bits(np.array([phase], np.int16))
    assert beats.tolist() == [bits]
    assert (key_inputs(keys(), beats, LOWEST)[0][:, BEAT] == bits).all()


def test_many_steps_are_each_as_alone():
    rng = np.random.default_rng(1)
    roll, beats = rng.random((5, N, 2)) < 0.2, beat_bits(np.arange(5))
    together = key_inputs(roll, beats, LOWEST)
    for step in range(5):
        here = slice(step, step + 1)
        assert (key_inputs(roll[here], beats[here], LOWEST)[0] == together[step]).all()


def test_a_unison_begins_where_one_of_its_voices_does():
    unison = Chorale(
        pitch=[[60] * 3, [60] * 3, [REST] * 3, [REST] * 3],
        onset=[[1, 0, 0], [1, 0, 1], [0] * 3, [0] * 3],
    )
    roll = roll_of(unison, np.ones((4, 3), bool), LOWEST, N)
    assert roll[:, 60 - LOWEST, BEGINS].tolist() == [True, False, True]
    assert roll[..., PLAYS].sum() == 3


def test_what_is_not_shown_or_beyond_the_keys_is_left_out():
    wide = Chorale(pitch=[[100], [60], [55], [30]], onset=[[1]] * 4)
    shown = np.array([[True], [True], [False], [True]])
    assert np.flatnonzero(roll_of(wide, shown, LOWEST, N)[0, :, PLAYS]).tolist() == [60 - LOWEST]


@pytest.mark.parametrize("name", ["BWV269", "BWV278"])
def test_a_real_chorale_loses_no_key_on_the_way_through_the_roll(name):
    """Voices may change places on the way, but what sounds and what begins stays."""
    chorale = load_corpus().works[name].chorale
    roll = roll_of(chorale, np.ones(chorale.pitch.shape, bool), LOWEST, N)
    wide = np.zeros((chorale.steps, KEYS, 2), dtype=bool)
    wide[:, LOWEST : LOWEST + N] = roll
    pitch, onset = assigned_voices(wide[..., PLAYS], wide[..., BEGINS])
    sounding, struck = key_sets(chorale.with_voices(pitch, onset))
    assert (sounding == wide[..., PLAYS]).all()
    assert (struck | ~wide[..., BEGINS]).all()
    assert (pitch == chorale.pitch).mean() > 0.9
