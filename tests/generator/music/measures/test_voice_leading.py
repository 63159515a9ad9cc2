from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.jsb import load_jsb
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.phrases import fermata_ends
from generator.music.measures.counts import Count
from generator.music.measures.voice_leading import (
    VOICE_PAIRS,
    chord_changes,
    parallel_motion,
    parallels,
    parallels_at,
)

ALL = [True] * 4


def chorale(*voices, fermata=None, onset=None) -> Chorale:
    onset = np.ones((4, len(voices[0])), dtype=bool) if onset is None else onset
    pitch = np.array(voices)
    return Chorale(pitch=pitch, onset=np.asarray(onset) & (pitch != REST), fermata=fermata)


def fifths(**frame) -> Chorale:
    """Soprano and bass a fifth (and an octave) apart, moving up together; the rest stands."""
    return chorale([67, 69], [64, 64], [60, 60], [48, 50], **frame)


def test_a_fifth_that_moves_is_a_parallel():
    assert parallels(fifths(), ALL) == Count(1, 1)


def test_an_octave_that_moves_is_a_parallel():
    octaves = chorale([72, 74], [64, 64], [67, 67], [48, 50])
    assert parallels(octaves, ALL) == Count(1, 1)


def test_a_fifth_reached_by_contrary_motion_is_none():
    assert parallels(chorale([67, 62], [64, 64], [60, 60], [48, 55]), ALL) == Count(0, 1)


def test_repeated_fifths_are_none():
    still = chorale([67, 67], [64, 65], [60, 60], [48, 48])
    assert parallels(still, ALL) == Count(0, 1)


def test_a_fifth_that_becomes_a_sixth_is_none():
    assert parallels(chorale([67, 69], [64, 64], [60, 60], [48, 49]), ALL).count == 0


def test_crossed_voices_keep_their_interval():
    # The tenor a fifth above the alto: still a fifth, and still in parallel.
    crossed = chorale([76, 76], [55, 57], [62, 64], [43, 43])
    assert parallels(crossed, ALL).count == 1


def test_a_pair_counts_only_where_one_of_the_two_is_written():
    assert parallels(fifths(), [False, True, True, False]) == Count(0, 1)
    assert parallels(fifths(), [True, False, False, False]) == Count(1, 1)


def test_a_written_cell_on_either_side_of_the_move_counts():
    written = np.zeros((4, 2), dtype=bool)
    written[3, 0] = True
    assert parallels(fifths(), written).count == 1
    written[3] = [False, False]
    assert parallels(fifths(), written).count == 0


def test_the_move_out_of_a_fermata_is_excepted_and_the_move_into_it_is_not():
    assert parallels(fifths(fermata=[True, False]), ALL) == Count(0, 1)
    assert parallels(fifths(fermata=[False, True]), ALL) == Count(1, 1)


def test_two_fermata_notes_side_by_side_are_two_phrase_ends():
    one = chorale([67, 69], [64, 64], [60, 60], [48, 50], fermata=[True, True])
    assert fermata_ends(one).tolist() == [False, True]
    assert parallels(one, ALL).count == 0


def test_inner_voices_that_move_under_a_held_fermata_note_are_not_excepted():
    moving = chorale(
        [72, 72], [67, 69], [60, 62], [48, 48], fermata=[True, True], onset=[[1, 0]] + [[1, 1]] * 3
    )
    assert parallels(moving, ALL).count == 1


def test_a_rest_is_no_voice():
    resting = chorale([67, 69], [64, 64], [60, 60], [REST, 50])
    assert parallels(resting, ALL).count == 0


def test_only_a_change_of_pitch_is_a_chord_change():
    assert chord_changes(chorale([67, 67, 69], *([60] * 3 for _ in range(3)))).tolist() == [2]


def test_one_step_has_no_changes():
    assert parallels(chorale([67], [64], [60], [48]), ALL) == Count(0, 0)


def test_pairs_stand_in_the_order_of_their_names():
    assert np.argwhere(parallels_at(fifths(), ALL)).tolist() == [[2, 1]]  # SB into step 1


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"written has shape \(3,\)"):
        parallels(fifths(), [True] * 3)


def test_bach_writes_three_parallels_in_a_thousand_changes():
    pieces = [piece for part in load_jsb().values() for piece in part]
    whole = sum((parallels(piece, ALL) for piece in pieces), Count())
    assert 1000 * whole.rate == pytest.approx(3.0, abs=0.1)


def test_parallel_motion_in_a_batch_is_that_of_each_piece_and_needs_both_voices_to_sound():
    rng = np.random.default_rng(1)
    pitch, sounding = rng.integers(48, 60, (3, 4, 200)), rng.random((3, 4, 200)) < 0.9
    batch = parallel_motion(pitch, sounding)
    assert batch.shape == (3, 6, 200)
    assert batch.any() and not batch[..., 0].any()
    alone = [parallel_motion(*piece) for piece in zip(pitch, sounding, strict=True)]
    assert np.array_equal(batch, alone)
    silent = ~sounding[:, VOICE_PAIRS].all(axis=2)
    assert not (batch & silent).any()
    assert not (batch[..., 1:] & silent[..., :-1]).any()
