from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.flagship import Flagship, FlagshipConfig, Network
from generator.families.flagship_sampling import SamplingPlan
from generator.families.flagship_tokens import Vocabulary, encode_frame
from generator.music.chorale import REST, Chorale, given_for, mended_onsets


def make(steps: int = 24, seed: int = 0) -> Chorale:
    rng = np.random.default_rng(seed)
    low = np.array([[62], [57], [50], [40]])
    pitch = low + rng.integers(0, 10, size=(4, steps))
    pitch[:, 3] = REST
    onset = mended_onsets(pitch, rng.random((4, steps)) < 0.3)
    fermata = np.zeros(steps, dtype=bool)
    fermata[-4:] = True
    return Chorale(pitch=pitch, onset=onset, fermata=fermata, key="Eb minor", anacrusis=4)


def debug(onsets: bool) -> Flagship:
    torch.manual_seed(1)
    config = FlagshipConfig(width=16, layers=2, heads=2, hidden=16, cell=8, onsets=onsets)
    return Flagship(Network(config))


@pytest.mark.parametrize("onsets", [True, False])
def test_tokens_give_the_chorale_back(onsets):
    vocabulary, chorale = Vocabulary(onsets=onsets), make()
    pitch, onset = vocabulary.decode(vocabulary.encode(chorale))
    assert np.array_equal(pitch, chorale.pitch)
    if onsets:
        assert np.array_equal(onset, chorale.onset)


def test_pitches_outside_the_vocabulary_are_read_in_a_nearer_octave():
    pitch = np.array([[100], [10], [60], [48]])
    chorale = Chorale(pitch=pitch, onset=np.ones((4, 1), dtype=bool))
    vocabulary = Vocabulary(onsets=True)
    read, _ = vocabulary.decode(vocabulary.encode(chorale))
    assert (read % 12).ravel().tolist() == (pitch % 12).ravel().tolist()


@pytest.mark.parametrize("onsets", [True, False])
def test_hidden_cells_are_never_looked_at(onsets):
    network = debug(onsets).network
    grid = encode_frame(make(), network.vocabulary)
    visible = torch.rand(1, 4, 24, generator=torch.Generator().manual_seed(0)) < 0.5
    other = replace(grid, tokens=torch.where(visible, grid.tokens, 1))
    with torch.inference_mode():
        assert torch.equal(network(grid, visible), network(other, visible))
        assert not torch.equal(network(grid, visible), network(grid, ~visible))


@pytest.mark.parametrize("onsets", [True, False])
def test_pitch_probabilities_sum_to_one(onsets):
    log_probs = debug(onsets).pitch_log_probs(make(), given_for("ATB", 24))
    assert log_probs.shape == (1, 4, 24, 129)
    assert np.allclose(np.exp(log_probs).sum(-1), 1, atol=1e-4)


def test_the_network_of_the_published_split_sees_pitches_and_the_step_index_only():
    family, chorale = debug(False), make()
    bare = Chorale(pitch=chorale.pitch, onset=mended_onsets(chorale.pitch, chorale.onset & False))
    given = given_for("ATB", 24)
    assert np.array_equal(
        family.pitch_log_probs(chorale, given), family.pitch_log_probs(bare, given)
    )


def test_the_frame_is_seen_where_it_is_known():
    family, chorale = debug(True), make()
    other = replace(chorale, key="C major")
    given = given_for("ATB", 24)
    assert not np.array_equal(
        family.pitch_log_probs(chorale, given), family.pitch_log_probs(other, given)
    )


def test_padding_changes_nothing():
    family, chorale = debug(True), make()
    grid = encode_frame(chorale, family.network.vocabulary)
    visible = torch.from_numpy(given_for("ATB", 24))[None]
    padded = replace(
        grid,
        tokens=torch.nn.functional.pad(grid.tokens, (0, 6)),
        frame=torch.nn.functional.pad(grid.frame, (0, 6)),
        real=torch.arange(30)[None] < 24,
    )
    wide = torch.nn.functional.pad(visible, (0, 6), value=True)
    # The nearest visible pitch after the last step differs: padding is visible. Rests there.
    with torch.inference_mode():
        short = family.network(replace(grid, real=torch.ones(1, 24, dtype=torch.bool)), visible)
        long = family.network(padded, wide & padded.real[:, None])
    assert torch.allclose(short, long[:, :, :24], atol=1e-5)


def test_neighbours_are_the_nearest_visible_pitches():
    vocabulary = Vocabulary(onsets=True)
    tokens = torch.tensor([[[5, 6, 7, 8, 9]]])
    visible = torch.tensor([[[True, False, False, True, False]]])
    before, after = vocabulary.neighbours(tokens, visible)
    none = vocabulary.pitches + 1
    assert before.tolist() == [[[none, 5, 5, 5, 8]]]
    assert after.tolist() == [[[8, 8, 8, none, none]]]


def test_a_checkpoint_gives_the_same_piece_after_loading(tmp_path):
    family, chorale = debug(True), make()
    path = tmp_path / "f.safetensors"
    family.save(path, {"works": "[]"})
    loaded = Flagship.load(path)
    loaded.save(tmp_path / "g.safetensors", {"works": "[]"})
    again = Flagship.load(tmp_path / "g.safetensors")
    given = given_for("ATB", 24)
    assert loaded.fill(chorale, given, seed=3) == again.fill(chorale, given, seed=3)


def test_log_likelihood_is_the_chain_rule_over_the_written_cells():
    family, chorale = debug(True), make(4)
    given = np.ones((4, 4), dtype=bool)
    assert family.log_likelihood(chorale, given) == 0
    given[1, 2] = False
    one = family.pitch_log_probs(chorale, given)[0, 1, 2, chorale.pitch[1, 2]]
    assert family.log_likelihood(chorale, given) == pytest.approx(float(one))


def test_a_plan_without_gibbs_is_another_way_to_write():
    family, chorale = debug(True), make()
    given = given_for("SATB", 24)
    quick = family.fill_by(chorale, given, seed=1, plan=SamplingPlan(rounds=4, sweeps=0))
    assert quick != family.fill(chorale, given, seed=1)


def test_global_random_state_takes_no_part():
    family, chorale = debug(True), make()
    given = given_for("ATB", 24)
    first = family.fill(chorale, given, seed=5)
    torch.rand(7)
    assert family.fill(chorale, given, seed=5) == first
