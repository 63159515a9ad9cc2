"""BachBot's training: windows of the text, scores of works, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from generator.families.bachbot.bachbot import Bachbot
from generator.families.bachbot.network import BachbotConfig, BachbotNetwork, tensor_shapes
from generator.families.bachbot.tokens import DELIMITER, START
from generator.families.bachbot.training import BachbotTrainer, text_scores, voices_of
from generator.families.checkpoint import CheckpointError
from generator.families.likelihoods import Missing
from generator.training.splits import SplitPart
from tests.generator.families.material import UNTRAINED, a_chorale

SMALL = {"embedding": 4, "hidden": 8, "layers": 1}


def trainer(unroll=40, batch=6, **network) -> BachbotTrainer:
    chorales = tuple(a_chorale(32 + 8 * seed, seed=seed) for seed in range(4))
    part = SplitPart(tuple("abcd"), chorales)
    config = {
        "data": {"split": "tunes", "unroll": unroll},
        "network": {**SMALL, **network},
        "training": {"steps": 3, "batch": batch, "seed": 1},
    }
    return BachbotTrainer(config, {"train": part, "valid": part, "test": part})


def test_a_window_is_a_stretch_of_the_text():
    made = trainer()
    vocabulary = made.sizes.vocabulary
    text = np.concatenate([vocabulary.text(chorale) for chorale in made.train_chorales])
    stretches = {tuple(np.take(text, np.arange(at, at + 41), mode="wrap")) for at in
                 range(len(text))}  # fmt: skip
    for row in made.batch(np.random.default_rng(1)).tolist():
        assert tuple(row) in stretches


def test_some_windows_begin_with_a_work():
    rows = trainer(batch=200).batch(np.random.default_rng(1))
    assert 0.15 < float((rows[:, 0] == START).float().mean()) < 0.4


def test_a_network_that_knows_nothing_is_scored_like_a_guess():
    network = BachbotNetwork(BachbotConfig(**SMALL))
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.zero_()
    scores = text_scores(network, [a_chorale()])
    assert scores["nats"] == pytest.approx(math.log(network.config.vocabulary.size), rel=1e-4)
    assert scores["nats_frame"] == pytest.approx(
        scores["nats"] * (len(network.config.vocabulary.text(a_chorale())) - 1) / 32, rel=1e-4
    )


def test_the_share_of_right_symbols_is_each_voices_own():
    """A network that always says the soprano's only symbol is right for the soprano alone."""
    chorale = a_chorale(1, key="C major")
    network = BachbotNetwork(BachbotConfig(**SMALL))
    vocabulary = network.config.vocabulary
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.zero_()
        network.head.bias[vocabulary.frames(chorale)[0, 0]] = 5.0
    scores = text_scores(network, [chorale])
    assert [scores[f"right_{voice}"] for voice in "SATB"] == [1.0, 0.0, 0.0, 0.0]


def test_voices_are_told_apart_whatever_stands_between_them():
    vocabulary = BachbotConfig().vocabulary
    chorale = a_chorale()
    symbols = vocabulary.text(chorale)[None, 1:]
    voices = voices_of(symbols)[0]
    for voice in range(4):
        assert np.array_equal(symbols[0, voices == voice], vocabulary.frames(chorale)[:, voice])
    assert (voices[symbols[0] == DELIMITER] == -1).all()


def test_a_step_lowers_the_loss_on_its_batch():
    made = trainer()
    torch.manual_seed(1)
    network, batch = made.network(), made.batch(np.random.default_rng(1))
    before = made.loss(network, batch, 0)
    parameters = list(network.parameters())
    slopes = torch.autograd.grad(before, parameters)
    with torch.no_grad():
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter -= 0.5 * slope
        assert float(made.loss(network, batch, 0)) < float(before.detach())


def test_scores_are_those_that_the_card_names():
    made = trainer()
    scores = made.validate(made.network().eval())
    assert scores["score"] == pytest.approx(scores["train"])  # the same works here
    assert {"perplexity", "nats_frame", "right_S", "right_B"} < scores.keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": 0}, "hidden 0; use a whole number from 1 to 1024"),
        ({"layers": 2.5}, "layers 2.5; use a whole number"),
        ({"dropout": 1.0}, "dropout 1.0; use a number from 0 to below 1"),
        ({"lowest": 40}, "lowest 40; a vocabulary that all voices can write with"),
        ({"highest": 80}, "highest 80; a vocabulary that all voices can write with"),
        ({"highest": 128}, "highest 128"),
    ],
)
def test_a_config_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        BachbotConfig(**changes)


def test_an_unroll_of_nothing_is_refused():
    with pytest.raises(ValueError, match="unroll = 0; it must be above 0"):
        trainer(unroll=0)


def test_a_checkpoint_of_another_vocabulary_is_refused(tmp_path):
    """The file says that its pitches go further than its embedding does."""
    path = tmp_path / "bachbot.safetensors"
    Bachbot.debug().save(path, UNTRAINED)
    blob = path.read_bytes()
    assert blob.count(b'\\"highest\\": 87') + blob.count(b'\\"highest\\":87') == 1
    path.write_bytes(blob.replace(b'highest\\": 87', b'highest\\": 88').replace(
        b'highest\\":87', b'highest\\":88'))  # fmt: skip
    with pytest.raises(CheckpointError, match=r"embedding\.weight"):
        Bachbot.load(path)


def test_shapes_are_those_of_the_network():
    config = BachbotConfig(**{**SMALL, "layers": 3})
    state = BachbotNetwork(config).state_dict()
    assert tensor_shapes(config) == {name: tuple(each.shape) for name, each in state.items()}


def test_it_says_why_it_gives_no_likelihood():
    assert Bachbot.debug().joint_likelihood == Missing(
        "the family writes the soprano of a step first, and the scores the bass"
    )
