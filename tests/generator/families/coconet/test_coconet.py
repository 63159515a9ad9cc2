from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.coconet.coconet import Coconet
from generator.families.coconet.network import CoconetConfig, CoconetNetwork
from generator.families.coconet.rolls import (
    CHANNELS,
    LOW,
    PITCHES,
    REST_ROW,
    pitch_rows,
    rolls,
    writable,
)
from generator.families.coconet.sampling import forgotten_share, planned_steps
from generator.families.fill_run import Budget
from generator.families.likelihoods import REST_COLUMN, distributions
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, VOICE_RANGES, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import a_chorale, melody

STEPS = 32


def network(**sizes) -> CoconetNetwork:
    torch.manual_seed(1)
    return CoconetNetwork(CoconetConfig(**{"filters": 4, "blocks": 2, "steps": 12, **sizes})).eval()


def image(chorale, known) -> np.ndarray:
    """[12, T, P] of one piece."""
    parts = pitch_rows(chorale), chorale.onset, known
    return rolls(*(torch.from_numpy(np.array(each))[None] for each in parts))[0].numpy()


def test_the_rolls_hold_every_chorale_of_the_training():
    corpus = load_corpus()
    for name in tunes_split(corpus)["train"][::7]:
        chorale = corpus.works[name].chorale
        roll = image(chorale, np.ones(chorale.pitch.shape, dtype=bool))
        pitch = np.where(roll[:4].any(-1), roll[:4].argmax(-1) + LOW, REST)
        assert np.array_equal(pitch, chorale.pitch), name
        assert np.array_equal(roll[4:8].any(-1), chorale.onset), name


def test_what_is_not_known_leaves_no_mark_and_a_known_rest_is_known():
    chorale = melody([60, 60, 62, REST])
    known = np.zeros((4, 4), dtype=bool)
    known[0, 1:] = True
    sounding, begins, shown = np.split(image(chorale, known), 3)
    assert np.argwhere(sounding).tolist() == [[0, 1, 60 - LOW], [0, 2, 62 - LOW]]
    assert np.argwhere(begins).tolist() == [[0, 2, 62 - LOW]]
    assert np.array_equal(shown[0], np.repeat([[0], [1], [1], [1]], PITCHES, axis=1))
    assert not shown[1:].any()


def test_a_pitch_that_no_voice_uses_is_read_in_the_nearest_octave():
    assert (pitch_rows(melody([20, 127, 60]))[0] + LOW).tolist() == [44, 79, 60]


def test_voices_are_written_in_their_ranges_and_never_rest():
    for (low, high), allowed in zip(VOICE_RANGES, writable(), strict=True):
        assert (np.flatnonzero(allowed) + LOW).tolist() == list(range(low, high + 1))
    assert writable().shape == (4, REST_ROW + 1)


def test_cells_that_are_not_known_are_not_read():
    net, known = network(), np.random.default_rng(1).random((4, STEPS)) < 0.5
    told = []
    for seed in (1, 2):
        chorale, base = a_chorale(seed=seed), a_chorale()
        rows = np.where(known, pitch_rows(base), pitch_rows(chorale))
        onset = np.where(known, base.onset, chorale.onset)
        with torch.inference_mode():
            told.append(net(*(torch.from_numpy(each)[None] for each in (rows, onset, known))))
    assert all(torch.equal(one, two) for one, two in zip(*told, strict=True))


def test_the_network_is_told_which_notes_begin():
    chorale = melody([60] * STEPS)
    struck = chorale.with_voices(chorale.pitch, chorale.pitch != REST)
    known = torch.ones(1, 4, STEPS, dtype=torch.bool)
    held, repeated = (
        network()(torch.from_numpy(pitch_rows(each))[None], torch.tensor(each.onset)[None], known)
        for each in (chorale, struck)
    )
    assert not torch.equal(held[0], repeated[0])


@pytest.mark.parametrize("bias", [-1000.0, 1000.0])
def test_repeated_and_held_notes_are_written_as_the_network_says(bias):
    net = network()
    with torch.no_grad():
        net.last.weight.zero_()
        net.last.bias[4:] = bias
    given = given_voices("ATB", STEPS)
    piece = Coconet(net).fill(a_chorale(), given, seed=1, settings={"temperature": 0.5})
    least = repaired_onsets(piece.pitch, np.zeros((4, STEPS)))[1:]
    assert np.array_equal(piece.onset[1:], least if bias < 0 else np.ones((3, STEPS), bool))


def test_ever_fewer_cells_are_forgotten():
    shares = [forgotten_share(step / 100) for step in range(100)]
    assert (shares[0], shares[35], shares[70]) == pytest.approx((0.9, 0.5, 0.1))
    assert shares == sorted(shares, reverse=True)
    assert shares[70:] == pytest.approx([0.1] * 30)


@pytest.mark.parametrize(
    ("cells", "effort", "steps"), [(5, 1.0, 5), (500, 1.0, 192), (500, 0.5, 96), (3, 0.1, 1),
                                   (7, 0.0, 0), (100, 4.0, 400)],
)  # fmt: skip
def test_steps_are_one_for_each_cell_up_to_a_limit(cells, effort, steps):
    assert planned_steps(cells, 192, effort) == steps


def test_without_a_step_all_is_drawn_at_once_and_steps_change_it():
    family, given = Coconet(network()), given_voices("ATB", STEPS)
    once = family.fill(a_chorale(), given, seed=1, budget=Budget(steps=0))
    assert once == family.fill(a_chorale(), given, seed=1, settings={"effort": 0.0})
    assert once != family.fill(a_chorale(), given, seed=1)


@pytest.mark.parametrize("steps", [1, 3, 200])
def test_works_of_any_length_are_seen_whole(steps):
    chorale = a_chorale(steps)
    told = distributions(Coconet(network()), chorale, given_voices("ATB", steps))
    assert told.pitch.shape == (4, steps, 129)


def test_in_the_middle_of_the_image_a_transposition_changes_nothing():
    """The convolutions know a pitch by its neighbours alone; only the edges tell its height."""
    net = network(blocks=1)
    with torch.no_grad():
        net.rest.weight.zero_()
    known = torch.ones(1, 4, STEPS, dtype=torch.bool)
    known[:, :, 12:20] = False
    told = []
    for shift in (0, 2):
        rows = torch.full((1, 4, STEPS), 24 + shift)
        pitch, begins = net(rows, known, known)
        span = slice(14 + shift, 36 + shift)
        told.append((pitch[0, ..., span], begins[0, ..., span]))
    for one, two in zip(*told, strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def test_one_shot_distributions_are_those_of_the_network():
    net, chorale, given = network(), a_chorale(), given_voices("ATB", STEPS)
    told = distributions(Coconet(net), chorale, given)
    rows = torch.from_numpy(pitch_rows(chorale))[None]
    pitch, begins = net(rows, torch.tensor(chorale.onset)[None], torch.from_numpy(given)[None])
    expected = pitch[0].log_softmax(-1).detach().numpy()
    assert np.allclose(told.pitch[1:, :, LOW : LOW + PITCHES], expected[1:, :, :-1], atol=1e-5)
    assert np.allclose(told.pitch[1:, :, REST_COLUMN], expected[1:, :, REST_ROW], atol=1e-5)
    struck = torch.nn.functional.logsigmoid(begins[0]).detach().numpy()
    assert np.allclose(told.onset[1:, :, LOW : LOW + PITCHES], struck[1:], atol=1e-5)


def test_weights_of_other_rolls_are_refused_by_name():
    family = Coconet.debug()
    tensors = {**family.to_tensors(), "pitches": np.array([36, 81], np.int16)}
    with pytest.raises(ValueError, match=r"its rolls have pitches \[36, 81\], ours \[33, 81\]"):
        Coconet.from_tensors(family.config, tensors)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [({"filters": 0}, "filters 0; use a whole number from 1"), ({"blocks": 2.0}, "blocks 2.0"),
     ({"steps": 10**9}, "steps 1000000000"), ({"steps": True}, "steps True")],
)  # fmt: skip
def test_a_config_that_cannot_be_is_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        CoconetConfig(**sizes)


def test_the_image_has_three_channels_for_each_voice():
    assert image(a_chorale(), np.ones((4, STEPS), dtype=bool)).shape == (CHANNELS, STEPS, PITCHES)
