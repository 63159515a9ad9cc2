from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import encode_grid
from generator.families.flagship.window import ORDER
from generator.families.likelihoods import distributions, nats_of, predictions
from generator.families.trial import honest_predictions
from generator.music.grid.chorale import REST, Chorale
from tests.generator.families.flagship.debug import TINY, debug, make


def one_shot(family: Flagship, chorale: Chorale, given: np.ndarray) -> np.ndarray:
    return distributions(family, chorale, given).pitch


def log_likelihood(family: Flagship, chorale: Chorale, given: np.ndarray) -> float:
    return float(
        nats_of(predictions(family, chorale, given), chorale).pitch[~given].sum(dtype=np.float64)
    )


@pytest.mark.parametrize("causal", [False, True])
def test_log_likelihood_is_the_chain_rule_over_the_written_cells(causal):
    family, chorale = debug(False, causal=causal), make(8)
    given = np.zeros((4, 8), dtype=bool)
    whole = log_likelihood(family, chorale, given)
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
    assert log_likelihood(family, chorale, np.ones((4, 8), dtype=bool)) == 0


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
    table = np.exp(one_shot(several, chorale, given)[1, 5])
    tables = {by: np.exp(one_shot(one, each, given)[1, 5]) for by, each in moved.items()}
    assert table.sum() == pytest.approx(1, abs=1e-4)
    for pitch in (55, 57, 60):
        mean = np.mean([tables[by][pitch + by] for by in moved])
        assert table[pitch] == pytest.approx(mean, rel=1e-4)
    assert table[128] == pytest.approx(np.mean([each[128] for each in tables.values()]), rel=1e-4)
    whole = np.exp(log_likelihood(several, chorale, given))
    apart = [np.exp(log_likelihood(one, each, given)) for each in moved.values()]
    assert whole == pytest.approx(np.mean(apart), rel=1e-4)
    assert np.ptp(apart) > 1e-6


@pytest.mark.parametrize(
    "config",
    [{"onsets": True}, {"onsets": False}, {"onsets": False, "transpositions": 1},
     {"onsets": False, "causal": True}, {"onsets": True, "causal": True, "melodic_head": True}],
    ids=str,
)  # fmt: skip
def test_every_kind_of_network_reads_from_left_to_right(config):
    rng = np.random.default_rng(0)
    for _ in range(8):
        honest_predictions(debug(**config), make(8), rng)


@pytest.mark.parametrize(
    ("config", "words"),
    [({"transpositions": 12, "onsets": False}, "transpositions 12; use 0 to 11"),
     ({"transpositions": 2}, "told the key; use 0"),
     ({"layers": 10**9}, "layers 1000000000; use a whole number from 1 to 64"),
     ({"heads": 0}, "heads 0; use a whole number from 1 to 64"),
     ({"width": 16.0}, "width 16.0; use a whole number from 1 to 4096")],
)  # fmt: skip
def test_a_network_that_cannot_be_is_refused(config, words):
    with pytest.raises(ValueError, match=words):
        FlagshipConfig(**{**TINY, **config})
