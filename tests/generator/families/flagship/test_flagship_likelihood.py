from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import encode_grid
from generator.families.flagship.window import ORDER
from generator.music.grid.chorale import REST
from generator.music.grid.conditions import given_voices
from tests.generator.families.flagship.debug import TINY, debug, make


@pytest.mark.parametrize("onsets", [True, False])
def test_pitch_probabilities_sum_to_one(onsets):
    log_probs = debug(onsets).pitch_log_probs(make(), given_voices("ATB", 24))
    assert log_probs.shape == (1, 4, 24, 129)
    assert np.allclose(np.exp(log_probs).sum(-1), 1, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
def test_log_likelihood_is_the_chain_rule_over_the_written_cells(causal):
    family, chorale = debug(False, causal=causal), make(8)
    given = np.zeros((4, 8), dtype=bool)
    whole = family.log_likelihood(chorale, given)
    # By hand, cell after cell.
    network = family.network
    grid, _ = encode_grid(chorale, network.vocabulary)
    mask = torch.from_numpy(given)[None]
    with torch.inference_mode():
        total = 0.0
        for step, voice in itertools.product(range(8), ORDER):
            past = mask.clone()
            past[..., : step - step % 4] = True
            past = torch.ones_like(past) if causal else past
            embeddings = network.cell_embeddings(grid, past)
            at = torch.tensor([0]), torch.tensor([step])
            logits = network.sequential_logits(voice, embeddings, grid.tokens, mask, at)
            total += float(logits.log_softmax(-1)[0, grid.tokens[0, voice, step]])
    assert whole == pytest.approx(total, abs=1e-3)
    assert family.log_likelihood(chorale, np.ones((4, 8), dtype=bool)) == 0


def test_likelihoods_are_means_over_transposed_readings():
    one, chorale = debug(False), make(8)
    several = debug(False, transpositions=2)
    given = np.ones((4, 8), dtype=bool)
    given[1, 5] = False
    moved = {
        by: chorale.with_voices(
            np.where(chorale.pitch == REST, REST, chorale.pitch + by), chorale.onset
        )
        for by in range(-2, 3)
    }
    table = np.exp(several.pitch_log_probs(chorale, given)[0, 1, 5])
    tables = {by: np.exp(one.pitch_log_probs(each, given)[0, 1, 5]) for by, each in moved.items()}
    assert table.sum() == pytest.approx(1, abs=1e-4)
    for pitch in (55, 57, 60):
        mean = np.mean([tables[by][pitch + by] for by in moved])
        assert table[pitch] == pytest.approx(mean, rel=1e-4)
    assert table[128] == pytest.approx(np.mean([each[128] for each in tables.values()]), rel=1e-4)
    whole = np.exp(several.log_likelihood(chorale, given))
    apart = [np.exp(one.log_likelihood(each, given)) for each in moved.values()]
    assert whole == pytest.approx(np.mean(apart), rel=1e-4)
    assert np.ptp(apart) > 1e-6


@pytest.mark.parametrize(
    ("config", "words"),
    [({"transpositions": 12, "onsets": False}, "transpositions 12; use 0 to 11"),
     ({"transpositions": 2}, "told the key; use 0")],
)  # fmt: skip
def test_transpositions_that_cannot_be_are_refused(config, words):
    with pytest.raises(ValueError, match=words):
        FlagshipConfig(**TINY, **config)
