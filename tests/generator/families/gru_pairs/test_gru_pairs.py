"""The GRU: notes mapped to their successors, with a state that is carried on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.gru_pairs.gru_pairs import GruPairs, GruPairsConfig, GruPairsNetwork
from generator.families.gru_pairs.training import GruPairsTrainer
from generator.families.note_tokens.note_family import few_notes
from generator.families.note_tokens.note_trainer import chunks, numbered
from generator.families.note_tokens.notes import PAD, START
from generator.training.splits import SplitPart
from tests.generator.families.material import a_chorale

WORKS = [a_chorale(120, seed=seed, key="C major") for seed in range(4)]
CONFIG = {
    "data": {"split": "tunes"},
    "network": {"embedding": 8, "units": 16},
    "sequences": {"length": 10},
    "training": {"steps": 25, "batch": 8, "learning_rate": 0.02, "warmup": 2, "average": 0.5},
}


def trainer(**sequences) -> GruPairsTrainer:
    part = SplitPart(tuple(f"BWV{n}" for n in range(4)), tuple(WORKS))
    config = {**CONFIG, "sequences": {**CONFIG["sequences"], **sequences}}
    return GruPairsTrainer(config, {"train": part, "valid": part, "test": part})


@pytest.fixture
def network() -> GruPairsNetwork:
    return GruPairs.debug().network


def test_it_reads_note_by_note_what_it_reads_at_once(network):
    numbers = torch.tensor([START, *range(5, 25)])
    with torch.inference_mode():
        reader = network.reader()
        one_by_one = np.stack([reader.read(int(number)) for number in numbers])
        assert np.allclose(one_by_one, network.after_each(numbers).numpy(), atol=1e-5)


def test_the_state_is_carried_from_note_to_note(network):
    with torch.inference_mode():
        first, second = network.reader(), network.reader()
        for number in (START, 7):
            first.read(number)
        second.read(START)
        assert not np.allclose(first.read(9), second.read(9))


def test_only_notes_can_be_predicted(network):
    with torch.inference_mode():
        logits = network(torch.tensor([[START, 5]]))
    assert logits.shape[-1] == len(few_notes()) == len(network.notes)


class TestTraining:
    def test_works_are_cut_without_overlap_and_padded_at_their_ends(self):
        table = trainer().table
        work = numbered(WORKS[0], table)
        rows = chunks([work], 11)
        assert rows.shape[1] == 11
        assert rows[0, 0] == START
        assert rows[rows != PAD].tolist() == work.numbers.tolist()[: int((rows != PAD).sum())]
        assert len(work.numbers) - int((rows != PAD).sum()) <= 1  # a lone note teaches nothing

    def test_padding_has_no_part_in_the_loss(self):
        made = trainer()
        network = made.network()
        row = numbered(WORKS[0], made.table).numbers[:11][None]
        padded = torch.nn.functional.pad(row, (0, 30), value=PAD)
        assert made.loss(network, padded, 0).item() == pytest.approx(
            made.loss(network, row, 0).item(), rel=1e-5
        )

    def test_it_learns(self, tmp_path):
        made = trainer()
        torch.manual_seed(1)
        before = made.validate(made.network())["score"]
        network, scores = made.train(tmp_path / "x.state", keep=False)
        assert scores["score"] < before - 0.3
        assert scores["train"] == pytest.approx(scores["score"])  # the same works
        made.composer([network]).check_tensors()

    def test_one_work_alone_is_what_it_says_in_the_checkpoint(self):
        made = trainer(work="BWV2")
        assert made.parts["train"].names == ("BWV2",)
        assert made.train_chorales == (WORKS[2],)

    @pytest.mark.parametrize(
        ("sequences", "words"),
        [
            ({"work": "BWV9"}, "work = 'BWV9'; use one of the training part, such as BWV0"),
            ({"length": 1}, "length = 1; use a whole number from 2"),
        ],
    )
    def test_a_wrong_sequence_is_refused(self, sequences, words):
        with pytest.raises(ValueError, match=words):
            trainer(**sequences)


@pytest.mark.parametrize("sizes", [{"units": 0}, {"units": 1.5}, {"length": 5000}])
def test_a_config_with_a_wrong_size_is_refused_by_name(sizes):
    ((name, _),) = sizes.items()
    with pytest.raises(ValueError, match=f"^{name} .*; use a whole number from 1 to"):
        GruPairsConfig(**sizes)


def test_tensors_of_another_table_are_refused():
    composer = GruPairs.debug()
    tensors = composer.to_tensors()
    tensors["notes"] = tensors["notes"][::-1]
    with pytest.raises(ValueError, match="not sorted"):
        GruPairs.from_tensors(composer.config, tensors)
