"""The bidirectional LSTM: rows that are padded on the left, and what padding may not change."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.bilstm_ngram.bilstm_ngram import (
    BilstmNgram,
    BilstmNgramConfig,
    BilstmNgramNetwork,
    windows,
)
from generator.families.bilstm_ngram.training import (
    BilstmNgramTrainer,
    beginnings,
    row_accuracies,
)
from generator.families.note_tokens.note_family import few_notes
from generator.families.note_tokens.notes import FIRST, PAD, START
from generator.music.grid.conditions import given_voices
from generator.training.splits import SplitPart
from tests.generator.families.material import STEPS, a_chorale

WORKS = [a_chorale(80, seed=seed, key="C major") for seed in range(3)]
CONFIG = {
    "data": {"split": "tunes"},
    "network": {"embedding": 8, "units": 12},
    "sequences": {"length": 8},
    "training": {"steps": 25, "batch": 64, "learning_rate": 0.02, "warmup": 2, "average": 0.5},
}


def trainer() -> BilstmNgramTrainer:
    part = SplitPart(tuple(f"BWV{n}" for n in range(3)), tuple(WORKS))
    return BilstmNgramTrainer(CONFIG, {"train": part, "valid": part, "test": part})


@pytest.fixture
def network() -> BilstmNgramNetwork:
    return BilstmNgram.debug().network


class TestPadding:
    def test_it_changes_nothing(self, network):
        row = torch.tensor([[5, 9, 12]])
        with torch.inference_mode():
            bare = network(row)
            for more in (1, 7):
                padded = torch.nn.functional.pad(row, (more, 0), value=PAD)
                assert torch.allclose(network(padded), bare, atol=1e-6)

    def test_its_embedding_is_never_read(self, network):
        rows = torch.tensor([[PAD, PAD, 5], [PAD, 6, 5]])
        with torch.inference_mode():
            before = network(rows)
            network.embedding.weight[PAD] = 100.0
            assert torch.equal(network(rows), before)

    def test_rows_of_all_lengths_keep_their_places(self, network):
        rows = torch.tensor([[PAD, PAD, 5], [4, 6, 5], [PAD, 7, 8]])
        with torch.inference_mode():
            together = network(rows)
            alone = torch.cat([network(row[row != PAD][None]) for row in rows])
        assert torch.allclose(together, alone, atol=1e-6)

    def test_it_can_never_be_predicted(self, network):
        with torch.inference_mode():
            logits = network(torch.tensor([[START, 5]]))
        assert logits.shape[-1] == len(few_notes())

    def test_counting_it_as_right_answers_flatters(self, network):
        """By hand: one wrong target in a row with three places of padding."""
        row = torch.tensor([[PAD, PAD, PAD, 5, 6]])
        with torch.inference_mode():
            best = int(network(row[:, :-1]).argmax())
        row[0, -1] = FIRST + (best + 1) % len(few_notes())
        assert row_accuracies(network, row) == {"rows_right": 0, "rows_right_with_padding": 0.75}
        row[0, -1] = FIRST + best
        assert row_accuracies(network, row) == {"rows_right": 1, "rows_right_with_padding": 1}


def test_beginnings_are_all_prefixes_with_their_targets_last():
    rows = beginnings(torch.tensor([[3, 4, 5, 6], [7, 8, PAD, PAD]]))
    assert rows.tolist() == [[0, 0, 3, 4], [0, 3, 4, 5], [3, 4, 5, 6], [0, 0, 7, 8]]


def test_it_reads_note_by_note_what_it_reads_at_once(network):
    numbers = torch.tensor([START, *range(5, 25)])
    with torch.inference_mode():
        reader = network.reader()
        one_by_one = np.stack([reader.read(int(number)) for number in numbers])
        assert np.allclose(one_by_one, network.after_each(numbers).numpy(), atol=1e-5)


def test_it_sees_the_last_notes_alone(network):
    size = network.length - 1
    assert windows(torch.arange(3, 20), size).shape == (17, size)
    with torch.inference_mode():
        one, two = network.reader(), network.reader()
        for number in (START, 5):
            one.read(number)
        two.read(START)
        last = [(one.read(number), two.read(number)) for number in range(6, 6 + size)]
    assert not np.allclose(*last[0])
    assert np.allclose(*last[-1])


class TestDecoding:
    def test_argmax_is_the_default_after_a_drawn_opening(self):
        composer, given = BilstmNgram.debug(), given_voices("SATB", STEPS)
        drawn = composer.fill(a_chorale(), given, seed=1, settings={"argmax": 0})
        likeliest = composer.fill(a_chorale(), given, seed=1)
        opened = composer.fill(a_chorale(), given, seed=1, settings={"opening": 400})
        assert drawn == opened
        assert drawn != likeliest

    def test_without_an_opening_to_speak_of_seeds_agree_on_the_rest(self):
        """Four notes begin a piece; the first is drawn."""
        composer, given = BilstmNgram.debug(), given_voices("SATB", STEPS)
        pieces = [
            composer.fill(a_chorale(), given, seed=seed, settings={"opening": 1})
            for seed in range(8)
        ]
        bass = [int(piece.pitch[3, 0]) for piece in pieces]
        assert len(set(bass)) > 1
        assert len(set(pieces)) == len(set(bass))


class TestTraining:
    def test_it_learns(self, tmp_path):
        made = trainer()
        torch.manual_seed(1)
        before = made.validate(made.network())
        network, scores = made.train(tmp_path / "x.state", keep=False)
        assert scores["score"] < before["score"] - 0.2
        assert scores["rows_right"] < scores["rows_right_with_padding"]
        made.composer([network]).check_tensors()

    def test_the_rows_are_those_of_all_chunks(self):
        made = trainer()
        notes = sum(len(work.numbers) for work in made.train_works)
        starts = sum(-(-len(work.numbers) // 8) for work in made.train_works)
        assert len(made._rows) == notes - starts


@pytest.mark.parametrize("sizes", [{"units": 0}, {"length": 1}, {"length": 500}])
def test_a_config_with_a_wrong_size_is_refused_by_name(sizes):
    ((name, _),) = sizes.items()
    with pytest.raises(ValueError, match=f"^{name} "):
        BilstmNgramConfig(**sizes)
