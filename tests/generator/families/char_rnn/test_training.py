from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generator.families.char_rnn.cell import CharCell
from generator.families.char_rnn.char_rnn import CHARACTER_CODES, CharRnn, CharRnnConfig
from generator.families.char_rnn.network import CharNetwork, TextBatch
from generator.families.char_rnn.texts import NEWLINE, SPACE, TAG_SIGNS, PieceText, characters
from generator.families.char_rnn.training import CharRnnTrainer, target_weights
from generator.training.gradient_trainer import GradientTrainer
from generator.training.splits import SplitPart
from tests.generator.families.material import a_chorale

PARTS = {
    name: SplitPart(tuple(map(str, seeds)), tuple(a_chorale(48, seed) for seed in seeds))
    for name, seeds in {"train": (1, 2, 3), "valid": (4,), "test": (5,)}.items()
}


def trainer(parts=PARTS, **tables) -> CharRnnTrainer:
    config = {
        "data": {"split": "tunes", "unroll": 60},
        "network": {"units": 6, "layers": 2},
        "training": {"steps": 4, "batch": 5},
        **tables,
    }
    return CharRnnTrainer(config, parts)


def batch(seed=1, **tables) -> TextBatch:
    return trainer(**tables).batch(np.random.default_rng(seed))


def test_the_cell_is_the_network_one_character_at_a_time():
    torch.manual_seed(1)
    network = CharNetwork(CharRnnConfig(units=7, layers=3)).eval()
    codes = characters("HL H~L H {BACH|4/4|major|C}T \n")
    with torch.inference_mode():
        expected = network(torch.from_numpy(codes)[None])[0].numpy()
    state = CharCell(3, {name: each.numpy() for name, each in network.state_dict().items()}).begin()
    for code, logits in zip(codes.tolist(), expected, strict=True):
        state.feed(code)
        assert np.allclose(state.logits(), logits, atol=1e-5)


def test_the_forget_gates_begin_open():
    network = CharNetwork(CharRnnConfig(units=5, layers=2))
    for layer in range(2):
        bias = getattr(network.lstm, f"bias_ih_l{layer}").detach()
        assert (bias[5:10] == 1).all()
        assert (bias[10:].abs() <= 0.08).all()


def test_a_batch_depends_on_nothing_but_its_generator():
    assert torch.equal(batch(1).codes, batch(1).codes)
    assert not torch.equal(batch(1).codes, batch(2).codes)


def test_tags_are_in_the_text_and_count_as_no_target():
    always, never = batch(tags={"share": 1.0}), batch(tags={"share": 0.0})
    opens, _, closes = TAG_SIGNS
    assert (always.codes == opens).any(dim=1).all()
    assert not always.weights[always.codes == opens].any()
    assert not always.weights[always.codes == closes].any()
    assert not (never.codes >= min(TAG_SIGNS)).any()
    assert (never.weights == 1).all()


def test_the_beat_after_a_tag_counts_more():
    codes = characters("H {BACH|4/4|major|C}H H H H H ")
    sounds = np.array([True] * 2 + [False] * 18 + [True] * 10)
    weights = target_weights(codes, sounds, 3.0)
    assert weights.tolist() == [1] * 2 + [0] * 18 + [3] * 8 + [1] * 2


def test_the_loss_is_the_weighted_mean_over_targets():
    tagged = batch(tags={"share": 1.0, "emphasis": 1.0})
    network = CharNetwork(CharRnnConfig(units=4, layers=1)).eval()
    with torch.inference_mode():
        nats, right = tagged.losses(network)
        logits = torch.log_softmax(network(tagged.codes[:, :-1]), -1)
        music = tagged.weights[:, 1:] == 1
        of_targets = -logits.gather(-1, tagged.codes[:, 1:, None])[..., 0][music]
    assert float(nats) == pytest.approx(float(of_targets.mean()), rel=1e-5)
    assert 3 < float(nats) < 6
    assert 0 <= float(right) < 0.5


def test_a_crop_that_begins_a_piece_begins_with_a_new_line():
    first = batch(data={"split": "tunes", "unroll": 60, "beginnings": 1.0}).codes[:, 0]
    assert (first == NEWLINE).all()


def test_a_short_piece_is_followed_by_another():
    codes = batch(data={"split": "tunes", "unroll": 900, "beginnings": 1.0}).codes
    assert ((codes == NEWLINE).sum(dim=1) >= 2).all()
    assert (codes == SPACE).any(dim=1).all()


def of_whole_works(network, chorales, *, tags):
    """Nats and shares of right characters over works that are read one by one."""
    nats, right = [], []
    for chorale in chorales:
        codes, sounds = PieceText.of(chorale).from_step(0, tags=tags)
        with torch.inference_mode():
            odds = network(torch.from_numpy(np.append(NEWLINE, codes))[None])[0, :-1]
        sounds = torch.from_numpy(sounds)
        nats.append(-torch.log_softmax(odds, -1)[range(len(codes)), codes][sounds])
        right.append((odds.argmax(-1).numpy() == codes)[sounds])
    return float(torch.cat(nats).mean()), float(np.concatenate(right).mean())


def test_all_works_of_both_parts_are_scored_to_their_ends():
    works = tuple(a_chorale(steps, seed) for seed, steps in enumerate([40, 300, *range(20, 50)]))
    parts = {name: SplitPart((name,), works[start:]) for start, name in enumerate(PARTS)}
    network = CharNetwork(CharRnnConfig(units=4, layers=1)).eval()
    scores = trainer(parts).final_scores(network)
    held_out = of_whole_works(network, works[1:], tags=True)
    assert [scores["score"], scores["right"]] == pytest.approx(held_out, rel=1e-5)
    train = of_whole_works(network, works, tags=True)
    assert [scores["train"], scores["train_right"]] == pytest.approx(train, rel=1e-5)
    assert scores["untagged"] == pytest.approx(of_whole_works(network, works[1:], tags=False)[0])
    assert 4 < scores["score"] < 5  # about log(94)


def test_a_checkpoint_has_losses_that_can_be_compared(monkeypatch):
    """The same works have the same loss in both parts."""
    network = CharNetwork(CharRnnConfig(units=4, layers=1)).eval()
    trained = network, {"step": 3.0, "score": 9.0}
    monkeypatch.setattr(GradientTrainer, "train", lambda self, state, *, keep: trained)
    same = {**PARTS, "valid": PARTS["train"]}
    _, scores = trainer(same).train(Path("unused"), keep=False)
    assert scores["step"] == 3
    assert scores["train"] == pytest.approx(scores["score"], rel=1e-5)
    assert scores["train_right"] == pytest.approx(scores["right"])


def test_the_composer_has_the_weights_of_the_network():
    network = trainer().network().eval()
    composer = trainer().composer([network])
    assert isinstance(composer, CharRnn)
    composer.check_tensors()
    assert np.array_equal(composer.to_tensors()["characters"], CHARACTER_CODES)
    weight = network.head.weight.detach().numpy().astype(np.float16)
    assert np.array_equal(composer.to_tensors()["head.weight"], weight)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"tags": {"share": 2}}, "share = 2; it must be from 0 to 1"),
        ({"tags": {"repeated": -0.1}}, r"repeated = -0\.1"),
        ({"tags": {"emphasis": 0}}, "emphasis = 0; it must be above 0, at most 100"),
        ({"data": {"split": "tunes", "unroll": 1}}, "unroll = 1; use a whole number of 2 or more"),
        ({"data": {"split": "tunes", "beginnings": 3}}, "beginnings = 3"),
        ({"data": {"split": "tunes", "dropout": 1.5}}, r"dropout = 1\.5"),
        ({"network": {"units": -1}}, "units = -1"),
    ],
)
def test_a_config_that_cannot_be_is_refused(tables, message):
    with pytest.raises(ValueError, match=message):
        trainer(**tables)
