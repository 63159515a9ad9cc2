from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.coconet.network import CoconetConfig, CoconetNetwork
from generator.families.coconet.rolls import PITCHES, REST_ROW, pitch_rows
from generator.families.coconet.training import crops, score
from tests.generator.families.material import a_chorale


def drawn(steps: int, share: float, length: int = 16, size: int = 6):
    chorales = [a_chorale(steps, seed=seed) for seed in range(size)]
    return chorales, crops(chorales, length, [share] * size, np.random.default_rng(1))


@pytest.mark.parametrize(("share", "missing"), [(0.0, 1), (0.5, 33), (0.999, 64)])
def test_so_many_cells_of_a_crop_are_missing_and_all_others_known(share, missing):
    _, batch = drawn(40, share)
    assert batch.asked.sum((1, 2)).tolist() == [missing] * 6
    assert torch.equal(batch.known, ~batch.asked)


def test_a_crop_is_a_stretch_of_its_chorale_whose_first_notes_begin():
    chorales, batch = drawn(40, 0.5)
    starts = set()
    for index, chorale in enumerate(chorales):
        rows, onset = pitch_rows(chorale), chorale.onset
        found = [
            start
            for start in range(25)
            if np.array_equal(rows[:, start : start + 16], batch.rows[index].numpy())
            and np.array_equal(onset[:, start + 1 : start + 16], batch.onset[index, :, 1:].numpy())
        ]
        assert len(found) == 1
        starts.add(found[0])
    assert len(starts) > 1
    assert torch.equal(batch.onset[..., 0], batch.rows[..., 0] != REST_ROW)


def test_beyond_a_short_chorale_nothing_is_known_or_asked():
    _, batch = drawn(10, 0.5)
    assert not batch.known[..., 10:].any()
    assert not batch.asked[..., 10:].any()
    assert batch.asked.sum((1, 2)).tolist() == [21] * 6


def test_the_score_counts_missing_cells_alone_each_crop_alike():
    torch.manual_seed(1)
    network = CoconetNetwork(CoconetConfig(filters=2, blocks=1))
    with torch.no_grad():
        for layer in (network.last, network.rest):
            layer.weight.zero_()
            layer.bias.zero_()
    _, batch = drawn(10, 0.5)
    told = score(network, batch)
    assert told["pitch"] == pytest.approx(np.log(PITCHES + 1), abs=1e-5)
    sounding = ((batch.rows != REST_ROW) & batch.asked).sum((1, 2)) / batch.asked.sum((1, 2))
    assert told["onset"] == pytest.approx(np.log(2) * float(sounding.mean()), abs=1e-5)
    assert told["score"] == pytest.approx(told["pitch"] + told["onset"], abs=1e-5)


def descend(network: torch.nn.Module) -> None:
    """One step by the signs of the gradients; torch's optimizers take seconds to import."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter -= 0.03 * parameter.grad.sign()


def test_some_steps_of_training_learn_a_work():
    torch.manual_seed(1)
    network = CoconetNetwork(CoconetConfig(filters=8, blocks=1))
    chorale, rng = a_chorale(16), np.random.default_rng(1)
    fixed = crops([chorale] * 4, 16, [0.2, 0.4, 0.6, 0.8], rng)
    before = score(network, fixed)
    for _ in range(25):
        batch = crops([chorale] * 4, 16, rng.random(4), rng)
        pitch, onset, _ = network.losses(batch.rows, batch.onset, batch.known)
        network.zero_grad()
        ((pitch + onset) * batch.asked).sum().div(batch.asked.sum()).backward()
        descend(network)
    after = score(network, fixed)
    assert after["pitch"] < before["pitch"] - 0.5
    assert after["onset"] < before["onset"]
