"""Segments of eight bars, and a training of a few steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.biaxial.forms import BiaxialConfig
from generator.families.biaxial.piano_roll import PLAYS, key_inputs
from generator.families.biaxial.segments import SegmentBatch, SegmentSampler, fitting_shifts
from generator.families.biaxial.training import BiaxialTrainer, mean_nats, score
from generator.training.splits import SplitPart
from tests.generator.families.material import a_chorale

CONFIG = BiaxialConfig(time_width=8, note_width=6)
OWN_KEY = 13 + 2 * 12  # the input that says whether the key itself sounded


def sampler(*steps: int, length: int = 32) -> SegmentSampler:
    chorales = [a_chorale(each, seed=seed) for seed, each in enumerate(steps)]
    return SegmentSampler(chorales, CONFIG, length)


def test_inputs_are_the_roll_one_step_late():
    batch = sampler(96, 64).batch(8, np.random.default_rng(1))
    sounded = batch.inputs[:, 1:, :, OWN_KEY]
    assert torch.equal(sounded, batch.roll[:, :-1, :, PLAYS])


def test_a_segment_from_the_middle_sees_the_step_before_it_and_one_from_the_start_none():
    rng = np.random.default_rng(1)
    first = sampler(96).batch(40, rng).inputs[:, 0, :, OWN_KEY].sum(1)
    assert (first > 0).any()
    assert not sampler(32).batch(10, rng).inputs[:, 0, :, OWN_KEY].any()


def test_segments_begin_with_a_bar_or_the_pickup():
    batch = sampler(96).batch(30, np.random.default_rng(1))
    bits = batch.inputs[:, 0, 0, -4:]
    place = ((bits + 1) / 2 @ torch.tensor([1.0, 2, 4, 8])).int()
    assert set(place.tolist()) == {0, 12}


def test_a_transposed_segment_is_the_same_music_elsewhere():
    drawn = sampler(32).batch(20, np.random.default_rng(2))
    own = sampler(32).fixed().roll[0].numpy()
    shifts = set()
    for roll in drawn.roll.numpy():
        shift = int(np.flatnonzero(roll.any((0, 2)))[0] - np.flatnonzero(own.any((0, 2)))[0])
        assert np.array_equal(np.roll(own, shift, axis=1), roll)
        assert roll.sum() == own.sum()
        shifts.add(shift)
    assert len(shifts) > 3


def test_shifts_keep_every_note_on_the_keyboard():
    roll = np.zeros((4, 46, 2), dtype=bool)
    roll[1, [2, 44], PLAYS] = True
    assert fitting_shifts(roll) == [-2, -1, 0, 1]
    roll[1, [2, 44], PLAYS] = False
    roll[0, 20, PLAYS] = True
    assert fitting_shifts(roll) == list(range(-5, 7))
    assert fitting_shifts(np.zeros((4, 46, 2), dtype=bool)) == [0]


def test_padding_counts_for_nothing():
    short = sampler(20, length=32).fixed()
    exact = sampler(20, length=20).fixed()
    odds = torch.randn(short.roll.shape)
    assert mean_nats(odds, short).item() == pytest.approx(
        mean_nats(odds[:, :20], exact).item(), rel=1e-5
    )


def test_scores_are_those_of_a_network_that_knows_all_or_half():
    batch = sampler(32).fixed()
    plays = batch.roll[..., PLAYS] > 0
    network = Fixed(torch.where(batch.roll > 0, 9.0, -9.0))
    assert score(network, batch) == pytest.approx(
        {"score": 0, "precision": 1, "recall": 1, "begins": 1}, abs=0.02
    )
    all_on = score(Fixed(torch.full(batch.roll.shape, 9.0)), batch)
    assert all_on["recall"] == 1
    assert all_on["precision"] == pytest.approx(plays.float().mean().item(), rel=1e-5)


class Fixed(torch.nn.Module):
    """Says the same of everything."""

    def __init__(self, odds: torch.Tensor) -> None:
        super().__init__()
        self.odds = odds

    def forward(self, inputs: torch.Tensor, roll: torch.Tensor) -> torch.Tensor:
        return self.odds


def trainer(**data: object) -> BiaxialTrainer:
    works = tuple(a_chorale(48, seed=seed) for seed in range(6))
    parts = {
        part: SplitPart(tuple(f"{part}{each}" for each in range(len(some))), some)
        for part, some in (("train", works[:4]), ("valid", works[4:5]), ("test", works[5:]))
    }
    config = {
        "data": {"split": "tunes", "segment": 16, **data},
        "network": {"time_width": 8, "note_width": 6},
        "training": {
            "steps": 20, "batch": 2, "learning_rate": 2e-2, "warmup": 2, "average": 0.5,
            "validate_every": 20,
        },
    }  # fmt: skip
    return BiaxialTrainer(config, parts)


def test_a_few_steps_of_training_learn_and_make_a_composer(tmp_path):
    trained = trainer()
    untrained = trained.validate(trained.network().eval())
    network, scores = trained.train(tmp_path / "few.state", keep=False)
    assert scores["score"] < untrained["score"] - 5
    assert {"train", "precision", "recall", "begins"} <= scores.keys()
    composer = trained.composer([network])
    composer.check_tensors()
    assert composer.config.time_width == 8


def test_as_many_works_are_scored_that_it_learns_from_as_are_held_out():
    known, held_out = trainer()._fixed
    assert len(known.roll) == len(held_out.roll) == 1


@pytest.mark.parametrize("segment", [0, -1])
def test_a_segment_without_steps_is_refused(segment):
    with pytest.raises(ValueError, match=f"segment = {segment}; it must be above 0"):
        trainer(segment=segment)


def test_a_batch_goes_where_the_network_is():
    batch = sampler(32).fixed().to(torch.device("meta"))
    assert isinstance(batch, SegmentBatch)
    assert {batch.inputs.device.type, batch.roll.device.type, batch.real.device.type} == {"meta"}


def test_silence_before_the_first_step_is_what_a_fill_from_nothing_sees():
    batch = sampler(32).fixed()
    silent = key_inputs(np.zeros((1, 46, 2), bool), batch.inputs[0, :1, 0, -4:].numpy(), 36)
    assert np.array_equal(batch.inputs[0, 0].numpy(), silent[0])
