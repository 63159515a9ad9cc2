"""The network, and that the sampler in NumPy and Numba computes the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.biaxial.forms import BiaxialConfig, forms_of
from generator.families.biaxial.network import BiaxialLayer, BiaxialNetwork, nats_of_steps
from generator.families.biaxial.piano_roll import BEGINS, INPUTS, PLAYS, beat_bits, key_inputs
from generator.families.biaxial.sampling import Drawing, RollTask, SamplerWeights, write_roll
from generator.families.biaxial.training import arrays_of
from generator.families.fill_run import FillClock

STEPS = 24
CONFIG = BiaxialConfig(time_width=12, note_width=8, dropout=0.5)


@pytest.fixture(scope="module")
def network() -> BiaxialNetwork:
    """All parameters away from 0, as training leaves them, and some five keys a step."""
    torch.manual_seed(1)
    network = BiaxialNetwork(CONFIG).eval()
    with torch.no_grad():
        for each in network.parameters():
            each.add_(0.3 * torch.randn(each.shape))
        network.output.bias[:] = torch.tensor([-1.5, -0.2])
    return network


def odds_of(network: BiaxialNetwork, roll: np.ndarray) -> np.ndarray:
    """Log-odds (T, N, 2) of a roll, each step given those before it."""
    previous = np.zeros_like(roll)
    previous[1:] = roll[:-1]
    inputs = key_inputs(previous, beat_bits(np.arange(len(roll))), CONFIG.lowest)
    with torch.inference_mode():
        rows = torch.from_numpy(roll.astype(np.float32))[None]
        return network(torch.from_numpy(inputs)[None], rows)[0].numpy()


def written(network: BiaxialNetwork, task: RollTask, temperature: float) -> np.ndarray:
    weights = SamplerWeights.of(arrays_of(network))
    drawing, run = Drawing(temperature, 0.0), FillClock("biaxial").run
    return write_roll(weights, CONFIG, task, np.random.default_rng(3), drawing, run)[0]


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_the_sampler_draws_from_what_the_network_says(network, temperature):
    """Each key sounds where its draw is below its chance, and begins likewise."""
    rng = np.random.default_rng(0)
    fixed = np.zeros((STEPS, CONFIG.keys, 2), dtype=bool)
    fixed[:, 30, PLAYS] = rng.random(STEPS) < 0.5
    open_keys = rng.random((STEPS, CONFIG.keys)) < 0.8
    open_keys[5] = False
    roll = written(network, RollTask(fixed, open_keys, beat_bits(np.arange(STEPS))), temperature)
    chance = 1 / (1 + np.exp(-odds_of(network, roll) / temperature))
    draws = np.random.default_rng(3).random((STEPS, CONFIG.keys, 2))
    free = open_keys & ~fixed[..., PLAYS]
    clear = np.abs(draws - chance) > 1e-4  # else rounding decides
    plays, begins = roll[..., PLAYS], roll[..., BEGINS]
    sampled = free & clear[..., PLAYS]
    assert (plays == (draws < chance)[..., PLAYS])[sampled].all()
    sounded = np.zeros_like(plays)
    sounded[1:] = plays[:-1]
    drawn = (draws < chance)[..., BEGINS] | ~sounded
    assert (begins == drawn)[sampled & plays & clear[..., BEGINS]].all()
    assert (roll == fixed)[~free].all()
    assert 2 < plays.sum(1).mean() < 15
    assert (begins & sounded).any()


def test_no_key_sees_a_later_step_or_a_higher_key(network):
    rng = np.random.default_rng(2)
    roll = rng.random((STEPS, CONFIG.keys, 2)) < 0.1
    changed = roll.copy()
    changed[10, 20:] ^= True
    changed[11:] = rng.random(changed[11:].shape) < 0.1
    before, after = odds_of(network, roll), odds_of(network, changed)
    assert before[:10] == pytest.approx(after[:10], abs=1e-5)
    assert before[10, :21] == pytest.approx(after[10, :21], abs=1e-5)
    assert np.abs(before[10, 21] - after[10, 21]).max() > 1e-3  # who sang just below counts
    assert np.abs(before[11] - after[11]).max() > 1e-3


def test_a_key_remembers_more_than_one_step(network):
    roll = np.zeros((STEPS, CONFIG.keys, 2), dtype=bool)
    other = roll.copy()
    other[2, 20, PLAYS] = True
    assert np.abs(odds_of(network, roll)[6] - odds_of(network, other)[6]).max() > 1e-4


def test_that_a_note_begins_counts_only_where_the_key_sounds():
    roll = torch.tensor([[[[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]]])
    odds = torch.tensor([[[[2.0, 1.0], [0.0, 3.0], [-1.0, 9.0]]]])
    chances = 1 / (1 + np.exp(-np.array([2.0, 1.0, 0.0, 3.0, -1.0])))
    expected = -np.log([*chances[:3], 1 - chances[3], 1 - chances[4]]).sum()
    assert nats_of_steps(odds, roll).item() == pytest.approx(expected, abs=1e-5)


def test_a_unit_is_dropped_from_a_whole_sequence():
    torch.manual_seed(0)
    layer = BiaxialLayer(3, 40, 0.5).train()
    given = layer(torch.randn(6, 5, 3)).detach().numpy()
    dropped = given == 0
    assert (dropped == dropped[0]).all()
    assert 0.3 < dropped[0].mean() < 0.7
    assert (dropped[0][0] != dropped[0][1]).any()
    assert (layer.eval()(torch.randn(6, 5, 3)) != 0).all()


def test_a_checkpoint_holds_all_that_the_network_has():
    own = {name: tuple(value.shape) for name, value in BiaxialNetwork(CONFIG).state_dict().items()}
    assert own == {name: shape for name, (_, shape) in forms_of(CONFIG).items()}
    assert forms_of(CONFIG)["time.0.lstm.weight_ih_l0"][1] == (4 * CONFIG.time_width, INPUTS)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"lowest": -1}, "lowest = -1; use a MIDI pitch"),
        ({"keys": 93}, "keys = 93; use 1 to 92 from 36 on"),
        ({"time_width": 0}, "time_width = 0; use 1 to 1024"),
        ({"note_width": 2.5}, "note_width = 2.5; it must be a whole number"),
        ({"dropout": 1.0}, "dropout = 1.0; it must be from 0 to below 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        BiaxialConfig(**sizes)
