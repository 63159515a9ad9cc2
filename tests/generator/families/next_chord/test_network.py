"""The network: attention over the states of the window, and what it is trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.next_chord.network import NextChordConfig, NextChordNetwork
from generator.families.next_chord.next_chord import NextChord
from generator.families.next_chord.training import (
    NOTHING,
    NextChordTrainer,
    held_out_windows,
    windows_of,
)
from generator.families.next_chord.vocabulary import UNKNOWN
from generator.training.splits import SplitPart
from tests.generator.families.material import a_chorale

CONFIG = {
    "data": {"split": "tunes"},
    "vocabulary": {"least": 1},
    "network": {"window": 6, "chord_embedding": 4, "duration_embedding": 3, "units": 8,
                "attention": 5, "dropout": 0.0},
    "training": {"steps": 5, "batch": 3},
}  # fmt: skip


def trainer_of(**changes) -> NextChordTrainer:
    chorales = tuple(a_chorale(seed=seed) for seed in range(3))
    part = SplitPart(("a", "b", "c"), chorales)
    parts = {"train": part, "valid": part, "test": part}
    return NextChordTrainer({**CONFIG, **changes}, parts)


def network_of(attention: int = 5) -> NextChordNetwork:
    network = {**CONFIG["network"], "attention": attention}
    torch.manual_seed(0)
    return trainer_of(network=network).network().eval()


def window(network: NextChordNetwork, seed: int = 1) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 10, size=(2, 1, network.config.window)))


def test_attention_weighs_the_states_up_to_the_one_that_asks():
    attention = network_of().attention
    states = torch.randn(2, 6, 8)
    weights = attention.weights(states, states[:, -3:])
    assert weights.shape == (2, 3, 6)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 3))
    assert (weights[:, 0, 4:] == 0).all()
    assert (weights[:, 2] > 0).all()


def test_attention_reads_more_than_the_last_state():
    """In the published code it saw one state, so that its weight was always 1."""
    attention = network_of().attention
    states = torch.randn(1, 6, 8)
    earlier = torch.cat([torch.randn(1, 5, 8), states[:, 5:]], dim=1)
    assert not torch.allclose(attention(states, states[:, -1:]), attention(earlier, states[:, -1:]))


@pytest.mark.parametrize("attention", [0, 5])
def test_no_prediction_depends_on_what_comes_after_it(attention):
    network = network_of(attention)
    one = window(network)
    two = one.clone()
    two[:, :, 4:] = (two[:, :, 4:] + 1) % 10
    for first, second in zip(network(*one), network(*two), strict=True):
        assert torch.allclose(first[:, :4], second[:, :4])
        assert not torch.allclose(first[:, 4:], second[:, 4:])


@pytest.mark.parametrize("attention", [0, 5])
def test_the_last_prediction_alone_is_the_last_of_all(attention):
    network = network_of(attention)
    tokens = window(network)
    for last, each in zip(network.after(*tokens), network(*tokens), strict=True):
        assert torch.allclose(last, each[:, -1], atol=1e-6)


def test_windows_are_padded_and_say_what_comes_next():
    tokens = np.array([[0, 2, 3, 4], [0, 5, 6, 7]])
    windows = windows_of([tokens[:, :3], tokens], 3)
    assert windows.inputs[0].tolist() == [[0, 2, 0], [0, 2, 3]]
    assert windows.targets[0].tolist() == [[2, 3, NOTHING], [2, 3, 4]]
    assert windows.targets[1].tolist() == [[5, 6, NOTHING], [5, 6, 7]]


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7])
def test_held_out_windows_ask_for_every_event_once_and_never_without_a_past(length):
    trainer = trainer_of()
    vocabulary, chorales = trainer.network().vocabulary, trainer.valid_chorales
    windows = held_out_windows(vocabulary, chorales, length)
    counted = windows.targets[0] != NOTHING
    asked = windows.targets[:, counted].tolist()
    tokens = np.concatenate([vocabulary.encoded(each)[:, 1:] for each in chorales], axis=1)
    assert asked == tokens.tolist()
    middle = windows.inputs[0, :, 0] != 0
    assert not counted[middle, : (length - 1) // 2].any()


def test_a_batch_has_windows_of_the_training_works_alone():
    trainer = trainer_of()
    batch = trainer.batch(np.random.default_rng(1))
    assert batch.inputs.shape == batch.targets.shape == (2, 3, 6)
    encoded = [trainer.network().vocabulary.encoded(each)[0] for each in trainer.train_chorales]
    stretches = {tuple(row[at : at + 6]) for row in encoded for at in range(len(row))}
    assert {tuple(row) for row in batch.inputs[0].tolist()} <= stretches


def test_the_loss_weighs_chords_twice():
    trainer, network = trainer_of(), network_of()
    batch = trainer.batch(np.random.default_rng(1))
    with torch.no_grad():
        before = float(trainer.loss(network, batch, 0))
        counted = batch.targets[0] != NOTHING
        logits = [each[counted] for each in network(*batch.inputs)]
        chord, duration = (
            float(torch.nn.functional.cross_entropy(each, target[counted]))
            for each, target in zip(logits, batch.targets, strict=True)
        )
    assert before == pytest.approx(2 * chord + duration)


def test_a_chord_without_a_token_is_never_right():
    trainer, network = trainer_of(), network_of()
    with torch.no_grad():
        network.chord_head.bias[UNKNOWN] = 1e3
    other = a_chorale(seed=9)
    scores = trainer.scores_on([other], network)
    assert scores["unknown"] > 0.5
    assert scores["right_chord"] == 0


def test_scores_are_of_both_tokens():
    scores = trainer_of().validate(network_of())
    assert scores["score"] == pytest.approx(scores["chord"] + scores["duration"])
    assert scores["train"] == pytest.approx(scores["score"])  # here they are the same works


@pytest.mark.parametrize(
    ("vocabulary", "words"),
    [({"least": 0}, "least = 0; use a whole number"), ({"least": 1, "most": 2}, "vocabulary.most")],
)
def test_a_config_with_a_mistake_is_refused(vocabulary, words):
    with pytest.raises(ValueError, match=words):
        trainer_of(vocabulary=vocabulary)


@pytest.mark.parametrize(
    ("values", "words"),
    [({"window": 0}, "window 0"), ({"units": 2.5}, "units 2.5"), ({"attention": -1}, "attention"),
     ({"units": 9000}, "units 9000"), ({"chords": 0}, "chords 0"),
     ({"dropout": 1.0}, "dropout 1.0")],
)  # fmt: skip
def test_sizes_that_cannot_be_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        NextChordConfig(**{"chords": 9, "durations": 9, **values})


@pytest.mark.parametrize("attention", [0, 4])
def test_the_tensors_of_a_checkpoint_are_those_of_the_network(attention):
    family = NextChord.debug()
    sizes = replace(family.config, attention=attention)
    NextChord(NextChordNetwork(sizes, family.network.vocabulary)).check_tensors()
