"""The objective of MusicVAE, and what is measured of z afterwards."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.music_vae.attributes import (
    KEYS,
    direction,
    key_index,
    measure_latents,
    posteriors,
)
from generator.families.music_vae.music_vae import MusicVae
from generator.families.music_vae.network import Posterior, losses
from generator.families.music_vae.tokens import NO_EVENT, segments
from generator.families.music_vae.training import MusicVaeTrainer, VaeBatch, VaeConfig
from generator.music.grid.chorale import Chorale
from generator.training.splits import SplitPart
from tests.generator.families.material import a_chorale

SIZES = {"embedding": 2, "encoder": 4, "latent": 4, "conductor": 4, "decoder": 8}
CHORALES = tuple(a_chorale(70, seed=seed, key=key) for seed, key in
                 enumerate(["E minor", "C major", "G major", "D minor"]))  # fmt: skip


def trainer(**tables) -> MusicVaeTrainer:
    part = SplitPart(("a", "b", "c", "d"), CHORALES)
    training = {"steps": 4, "batch": 8, "learning_rate": 0.01}
    config = {"data": {"split": "tunes"}, "network": SIZES, "training": training, **tables}
    return MusicVaeTrainer(config, {"train": part, "valid": part, "test": part})


@pytest.mark.parametrize(
    ("table", "values", "message"),
    [
        ("vae", {"max_beta": -1.0}, "max_beta = -1.0; it must be 0 or more"),
        ("vae", {"free_bits": math.nan}, "free_bits = nan"),
        ("vae", {"beta_rate": 1.0}, "beta_rate = 1.0; it must be below 1"),
        ("data", {"split": "tunes", "transposed": 2}, "transposed = 2.0; it must be from 0 to 1"),
        ("network", {"latent": 0}, "latent 0; use a whole number from 1 to 4096"),
    ],
)
def test_a_config_that_cannot_be_is_refused(table, values, message):
    with pytest.raises(ValueError, match=message):
        trainer(**{table: values})


def test_the_weight_of_the_divergence_rises_to_its_most():
    vae = VaeConfig(max_beta=0.2, beta_rate=0.99)
    assert vae.beta(0) == 0
    assert vae.beta(69) == pytest.approx(0.1, abs=0.001)
    assert vae.beta(10_000) == pytest.approx(0.2)


def test_the_decoder_hears_itself_more_and_more():
    vae = VaeConfig(sampling_rate=100)
    assert vae.sampled(0) < 0.01
    assert vae.sampled(461) == pytest.approx(0.5, abs=0.01)
    assert vae.sampled(10**9) == pytest.approx(1)
    assert VaeConfig(sampling_rate=0).sampled(1000) == 0


def test_the_divergence_is_that_of_normal_distributions():
    mean, deviation = torch.tensor([[0.5, -2.0]]), torch.tensor([[0.3, 1.5]])
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, deviation), torch.distributions.Normal(0.0, 1.0)
    )
    assert Posterior(mean, deviation).nats() == pytest.approx(expected, abs=1e-5)


def test_bits_below_the_free_ones_cost_nothing():
    own = trainer(vae={"free_bits": 10.0})
    reconstruction, divergence = torch.tensor([128.0]), torch.tensor([10 * math.log(2)])
    assert own._objective(reconstruction, divergence, 0.2) == pytest.approx(1.0)
    assert own._objective(reconstruction, divergence + 128, 0.2) == pytest.approx(1.2)


def test_what_is_past_the_end_is_not_learnt():
    batch = VaeBatch.of(segments(CHORALES[0]))
    found = losses(MusicVae.debug().network, batch.heard, batch.events, batch.phase, noise=False)
    assert found.cells.tolist() == [128, 128, 24]
    assert not found.real[2, :, 6:].any()
    other = batch.events.clone()
    other[2, :, :6] = NO_EVENT
    network = MusicVae.debug().network
    assert losses(network, batch.heard, other, batch.phase).reconstruction[2] == 0


def test_batches_depend_on_nothing_but_their_generator():
    one, two = (trainer().batch(np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(one.heard, two.heard)
    assert not torch.equal(one.heard, trainer().batch(np.random.default_rng(4)).heard)


def test_a_few_steps_lower_the_loss():
    own = trainer()
    torch.manual_seed(1)
    network = own.network()
    weights = list(network.parameters())
    batch, seen = own.batch(np.random.default_rng(1)), []
    for step in range(30):
        loss = own.loss(network, batch, step)
        with torch.no_grad():
            for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight -= 0.5 * slope
        seen.append(loss.item())
    assert seen[-1] < 0.8 * seen[0]


def test_a_decoder_that_hears_itself_is_trained_too():
    own = trainer(vae={"sampling_rate": 1e-9})
    network, batch = own.network(), own.batch(np.random.default_rng(1))
    torch.manual_seed(1)
    alone = losses(network, batch.heard, batch.events, batch.phase)
    torch.manual_seed(1)
    heard = losses(network, batch.heard, batch.events, batch.phase, sampled=1.0)
    assert not torch.allclose(alone.reconstruction, heard.reconstruction)
    assert own.loss(network, batch, 1000).requires_grad


class TestMeasured:
    def test_a_direction_leads_from_those_without_to_those_with(self):
        z = np.array([[0, 1], [2, 1], [4, 4], [6, 8]], dtype=np.float32)
        having = np.array([False, False, True, True])
        assert direction(z, having).tolist() == [4, 5]
        assert direction(z, having | True).tolist() == [0, 0]

    def test_keys_have_a_place_each_and_move_with_the_notes(self):
        names = ["C major", "B major", "C minor", "B minor"]
        assert [key_index(name) for name in names] == [0, 11, 12, 23]
        assert key_index("A minor", 3) == key_index("C minor")
        assert key_index("E major", -5) == key_index("B major")

    def test_a_common_key_has_its_own_points_and_a_rare_one_those_of_all(self):
        network = MusicVae.debug().network
        many = [replace(CHORALES[0], key="G major")] * 10 + [CHORALES[1]]
        measure_latents(network, many, transposed=False)
        means, _ = posteriors(network, segments(CHORALES[0]))
        table = network.key_mean.numpy()
        assert table[key_index("G major")] == pytest.approx(means.mean(axis=0), abs=1e-4)
        assert np.array_equal(table[key_index("F major")], table[key_index("B minor")])
        assert len(table) == KEYS
        assert (network.key_deviation > 0).all()

    def test_lone_segments_have_no_neighbours(self):
        network = MusicVae.debug().network
        lone = [a_chorale(32, seed=seed) for seed in range(6)]
        measure_latents(network, lone, transposed=False)
        assert (network.neighbour == 0).all()

    def test_segments_that_are_followed_by_themselves_are_neighbours(self):
        network = MusicVae.debug().network
        twice = []
        for seed in range(6):
            once = a_chorale(32, seed=seed, anacrusis=0)
            both = np.tile(once.pitch, 2), np.tile(once.onset, 2)
            twice.append(Chorale(*both, fermata=np.tile(once.fermata, 2), key="G major"))
        measure_latents(network, twice, transposed=False)
        means, deviations = posteriors(network, [p for each in twice for p in segments(each)])
        stays = means.var(axis=0) / (means.var(axis=0) + (deviations**2).mean(axis=0))
        assert network.neighbour.numpy() == pytest.approx(stays, abs=1e-3)

    def test_the_trained_composer_knows_its_attributes(self):
        own = trainer()
        torch.manual_seed(1)
        composer = own.composer([own.network()])
        assert (composer.network.directions != 0).any(dim=1).all()
        again = MusicVae.from_tensors(composer.config, composer.to_tensors())
        assert torch.allclose(
            again.network.directions, composer.network.directions, atol=1e-3, rtol=1e-2
        )

    def test_scores_say_what_they_are(self):
        own = trainer()
        scores = own.validate(own.network().eval())
        assert {"score", "train", "reconstruction", "kl_bits", "active_units"} < set(scores)
        assert scores["score"] == pytest.approx(scores["train"])
        assert 0 <= scores["active_units"] <= SIZES["latent"]
        assert all(0 <= scores[f"right_{voice}"] <= 1 for voice in "SATB")
