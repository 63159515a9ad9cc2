from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.network import Network
from generator.families.flagship.sampling.kernel_weights import cell_weights
from generator.families.flagship.sampling.kernels import (
    CONTEXT,
    draw,
    probabilities,
    read_context,
    sequential_logits,
)
from generator.families.flagship.tokens import TokenGrid, encode_grid
from generator.families.flagship.window import BACK, padded_tokens, window
from tests.generator.families.flagship.debug import debug, make

KINDS = np.array([0, 1, 4])  # a rest, three pitches held, three begun


def trained(onsets: bool, **config) -> Network:
    """All parameters away from 0, as training leaves them."""
    network = debug(onsets, **config).network
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for each in network.parameters():
            each.add_(0.1 * torch.randn(each.shape, generator=generator))
    return network


def batch(network: Network) -> tuple[TokenGrid, torch.Tensor]:
    """Pieces of three lengths, one with padding before its first step, and a mask."""
    pieces = [make(24), make(40, seed=1, anacrusis=3), make(8, seed=2)]
    grids = [encode_grid(piece, network.vocabulary)[0] for piece in pieces]
    grid = TokenGrid.stacked(grids, network.vocabulary.padding)
    generator = torch.Generator().manual_seed(0)
    given = torch.rand(grid.tokens.shape, generator=generator) < 0.5
    return grid, given | (grid.tokens == network.vocabulary.padding)


@pytest.mark.parametrize(("onsets", "melodic"), [(True, True), (True, False), (False, False)])
def test_compiled_logits_are_those_of_the_network(onsets, melodic):
    network = trained(onsets, melodic_head=melodic)
    grid, given = batch(network)
    at = torch.ones(20, dtype=torch.long), torch.arange(20)
    weights = cell_weights(network)
    with torch.inference_mode():
        embeddings = network.cell_embeddings(grid, given)
        for voice in range(4):
            expected = network.sequential_logits(voice, embeddings, grid.tokens, given, at).numpy()
            windows = window(voice, grid.tokens, given, at, network.vocabulary).numpy()
            padded = padded_tokens(grid.tokens, given, network.vocabulary).numpy()[:, 1, voice]
            for step in range(20):
                embedding, context = embeddings[1, step, voice].numpy(), np.empty(CONTEXT, np.int64)
                read_context(weights.pitch_of, *padded, step + BACK, context)
                logits = sequential_logits(weights, voice, embedding, windows[step], context, 1.0)
                assert logits == pytest.approx(expected[step], abs=1e-4)


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (50, 7)).astype(np.float32)


def each(
    logits: np.ndarray, temperature: float, rhythm: float, starts: np.ndarray = KINDS
) -> np.ndarray:
    return np.stack([probabilities(row, temperature, rhythm, starts) for row in logits])


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64))
    return weights / weights.sum(-1, keepdims=True)


def by_kind(shares: np.ndarray) -> np.ndarray:
    return np.add.reduceat(shares, KINDS, axis=-1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_without_kinds_the_temperature_is_that_of_pitch(logits, temperature):
    shares = each(logits, temperature, 1.0, np.array([0]))
    assert shares == pytest.approx(softmax(logits / temperature), abs=1e-6)


def test_at_temperature_one_nothing_is_changed(logits):
    assert each(logits, 1.0, 1.0) == pytest.approx(softmax(logits), abs=1e-6)


def test_a_low_temperature_of_pitch_takes_the_best_of_each_kind_and_leaves_the_rhythm(logits):
    shares = each(logits, 1e-3, 1.0)
    assert by_kind(shares) == pytest.approx(by_kind(softmax(logits)), abs=1e-6)
    assert ((shares > 1e-3).sum(-1) <= len(KINDS)).all()


def test_a_low_temperature_of_rhythm_leaves_one_kind(logits):
    assert by_kind(each(logits, 1.0, 1e-3)).max(-1) == pytest.approx(1.0)


@pytest.mark.parametrize("forbidden", [[2, 6], [0], [0, 4, 5, 6]], ids=str)
def test_a_forbidden_class_is_never_drawn(logits, forbidden):
    logits[:, forbidden] = -np.inf
    shares = probabilities(logits[0], 0.5, 0.7, KINDS)
    drawn = {draw(shares, level) for level in (*np.linspace(0, 0.999, 200), 1.0)}
    assert drawn and not drawn & set(forbidden)


def test_classes_are_drawn_as_often_as_they_are_likely(logits):
    shares = probabilities(logits[0], 1.0, 1.0, KINDS)
    levels = (np.arange(20_000) + 0.5) / 20_000
    counts = np.bincount([draw(shares, level) for level in levels], minlength=7)
    assert counts / 20_000 == pytest.approx(shares, abs=1e-4)
