from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.fast_encoder import encoder_of
from generator.families.flagship.kernel_weights import cells_of
from generator.families.flagship.network import Network
from generator.families.flagship.sampler_state import page_of
from generator.families.flagship.sampling_kernels import COURSE, cell_logits, chances, drawn, follow
from generator.families.flagship.tokens import Grid, encode_grid
from generator.families.flagship.window import BACK, window
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


def batch(network: Network) -> tuple[Grid, torch.Tensor]:
    """Pieces of three lengths, one of them with padding before its first step."""
    pieces = [make(24), make(40, seed=1, anacrusis=3), make(8, seed=2)]
    grids = [encode_grid(piece, network.vocabulary)[0] for piece in pieces]
    grid = Grid.stacked(grids, network.vocabulary.padding)
    generator = torch.Generator().manual_seed(0)
    visible = torch.rand(grid.tokens.shape, generator=generator) < 0.5
    return grid, visible | (grid.tokens == network.vocabulary.padding)


@pytest.mark.parametrize(("onsets", "lines"), [(True, True), (True, False), (False, False)])
def test_cells_are_written_by_the_networks_own_numbers(onsets, lines):
    network = trained(onsets, lines=lines)
    grid, visible = batch(network)
    rows, steps = torch.ones(20, dtype=torch.long), torch.arange(20)
    with torch.inference_mode():
        plans = network.plans(grid, visible)
        for voice in range(4):
            wanted = network.next_logits(voice, plans, grid.tokens, visible, (rows, steps)).numpy()
            around = window(voice, grid.tokens, visible, (rows, steps), network.vocabulary).numpy()
            known, shown = page_of(grid.tokens, visible, network)[:, 1, voice]
            for step in range(20):
                plan, line = plans[1, step, voice].numpy(), np.empty(COURSE, np.int64)
                follow(cells_of(network), known, shown, step + BACK, line)
                found = cell_logits(cells_of(network), voice, plan, around[step], line, 1.0)
                assert found == pytest.approx(wanted[step], abs=1e-4)


@pytest.mark.parametrize(("onsets", "causal"), [(True, False), (False, False), (True, True)])
def test_beats_are_read_by_the_networks_own_numbers(onsets, causal):
    network = trained(onsets, causal=causal)
    grid, visible = batch(network)
    with torch.inference_mode():
        wanted = network.beats(grid, visible)[grid.real]
        found = encoder_of(network)(grid, visible)[grid.real]
        again = encoder_of(network)(grid, visible)[grid.real]
    assert found.std() > 0.1
    assert torch.allclose(found, wanted, atol=1e-4)
    assert torch.equal(found, again)


def test_hidden_tokens_are_never_looked_at():
    network = trained(True)
    grid, visible = batch(network)
    other = grid.with_tokens(torch.where(visible, grid.tokens, 1))
    with torch.inference_mode():
        assert torch.equal(encoder_of(network)(grid, visible), encoder_of(network)(other, visible))


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (50, 7)).astype(np.float32)


def each(logits: np.ndarray, heat: float, rhythm: float, starts: np.ndarray = KINDS) -> np.ndarray:
    return np.stack([chances(row, heat, rhythm, starts) for row in logits])


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64))
    return weights / weights.sum(-1, keepdims=True)


def by_kind(shares: np.ndarray) -> np.ndarray:
    return np.add.reduceat(shares, KINDS, axis=-1)


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.0])
def test_without_kinds_the_temperature_is_that_of_pitch(logits, heat):
    shares = each(logits, heat, 1.0, np.array([0]))
    assert shares == pytest.approx(softmax(logits / heat), abs=1e-6)


def test_at_temperature_one_nothing_is_changed(logits):
    assert each(logits, 1.0, 1.0) == pytest.approx(softmax(logits), abs=1e-6)


def test_a_low_temperature_of_pitch_takes_the_best_of_each_kind_and_leaves_the_rhythm(logits):
    shares = each(logits, 1e-3, 1.0)
    assert by_kind(shares) == pytest.approx(by_kind(softmax(logits)), abs=1e-6)
    assert ((shares > 1e-3).sum(-1) <= len(KINDS)).all()


def test_a_low_temperature_of_rhythm_leaves_one_kind(logits):
    assert by_kind(each(logits, 1.0, 1e-3)).max(-1) == pytest.approx(1.0)


@pytest.mark.parametrize("barred", [[2, 6], [0], [0, 4, 5, 6]], ids=str)
def test_what_is_barred_is_never_drawn(logits, barred):
    logits[:, barred] = -np.inf
    shares = chances(logits[0], 0.5, 0.7, KINDS)
    found = {drawn(shares, level) for level in (*np.linspace(0, 0.999, 200), 1.0)}
    assert found and not found & set(barred)


def test_classes_are_drawn_as_often_as_they_are_likely(logits):
    shares = chances(logits[0], 1.0, 1.0, KINDS)
    levels = (np.arange(20_000) + 0.5) / 20_000
    counts = np.bincount([drawn(shares, level) for level in levels], minlength=7)
    assert counts / 20_000 == pytest.approx(shares, abs=1e-4)
