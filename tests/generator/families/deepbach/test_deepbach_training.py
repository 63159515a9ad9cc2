from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.deepbach.network import DeepBachConfig, DeepBachNetwork
from generator.families.deepbach.training import score
from generator.families.deepbach.vocabulary import HOLD, PADDING, signature
from generator.families.deepbach.windows import SIGNATURE_ROW, DeepBachWindows
from tests.generator.families.material import a_chorale

WINDOW, CENTRES = 5, 3


@pytest.fixture(scope="module")
def windows() -> DeepBachWindows:
    chorales = [a_chorale(20), a_chorale(48, seed=2, key="G major")]
    return DeepBachWindows(chorales, WINDOW, CENTRES, bar=False)


def test_the_targets_are_the_cells_in_the_middle(windows):
    batch = windows.batch(64, np.random.default_rng(1))
    assert batch.tokens.shape == (64, 4, 2 * WINDOW + CENTRES)
    middle = batch.tokens[..., WINDOW : WINDOW + CENTRES]
    real = batch.targets >= 0
    assert torch.equal(batch.targets[real], middle[real])
    assert (middle[~real] == torch.tensor(PADDING)[None, :, None].expand_as(middle)[~real]).all()
    assert (batch.targets < torch.tensor(PADDING)[:, None]).all()  # no padding is asked for


def test_all_cells_of_a_work_are_drawn_equally_often_its_ends_included():
    windows = DeepBachWindows([a_chorale(6)], WINDOW, CENTRES, bar=False)
    drawn = windows.fixed(600, np.random.default_rng(1))
    real = (drawn.targets[:, 0] >= 0).sum()
    assert int(real) == pytest.approx(600 * CENTRES * 6 / 8, rel=0.05)  # 8 places, 6 steps
    assert set(drawn.targets[:, 0, 0].tolist()) >= {-1}


def test_windows_are_moved_with_their_signature_and_stay_in_the_ranges(windows):
    batch = windows.batch(200, np.random.default_rng(1))
    keys = batch.frame[:, SIGNATURE_ROW]
    inside = keys < 12
    assert len(torch.unique(keys[inside])) > 8  # two keys alone would be 2; ranges end some moves
    assert (batch.tokens >= 0).all()
    assert (batch.tokens <= torch.tensor(PADDING)[:, None]).all()
    own = windows.fixed(4, np.random.default_rng(1)).frame[:, SIGNATURE_ROW]
    assert set(own[own < 12].tolist()) == {signature("E minor"), signature("G major")}


def descend(network: torch.nn.Module) -> None:
    """One step by the signs of the gradients; torch's optimizers take seconds to import."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter -= 0.03 * parameter.grad.sign()


def test_some_steps_of_training_learn_a_work():
    torch.manual_seed(1)
    network = DeepBachNetwork(DeepBachConfig(embedding=6, hidden=8, layers=1, window=2))
    windows = DeepBachWindows([a_chorale(24)], 2, 4, bar=False)
    fixed = windows.fixed(8, np.random.default_rng(1))
    before = score(network, fixed)
    for step in range(15):
        batch = windows.batch(8, np.random.default_rng(step))
        nats, _ = network.losses(batch.tokens, batch.frame, batch.targets)
        network.zero_grad()
        nats.mean().backward()
        descend(network)
    after = score(network, fixed)
    assert after["score"] < before["score"] - 0.5
    assert after["right"] > before["right"]


def test_the_score_is_a_mean_over_the_voices_of_nats_a_cell(windows):
    torch.manual_seed(1)
    network = DeepBachNetwork(DeepBachConfig(embedding=2, hidden=2, layers=1, window=WINDOW))
    with torch.no_grad():
        for voice in range(4):
            network.voices[voice].head[2].weight.zero_()
            network.voices[voice].head[2].bias.zero_()
    told = score(network, windows.fixed(4, np.random.default_rng(1)))
    even = np.log(np.array(HOLD) + 2)
    assert told["score"] == pytest.approx(even.mean(), abs=1e-5)
    assert told["nats_B"] == pytest.approx(even[3], abs=1e-5)
