"""Pieces keep the rules; the checkpoint is a config, and knows no work."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.checkpoint import read_config, read_members
from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_metadata import Member
from generator.families.rules.rules import Rules, RulesConfig
from generator.families.rules.textbook import MAJOR
from generator.families.rules.training import RulesTrainer
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.keys import tonic_class
from generator.music.measures.voice_leading import parallels
from generator.registry import CHECKPOINTS
from generator.smoke_run.smoke_run import smoke_run
from generator.training.run import train
from tests.generator.families.material import melody

SHIPPED = CHECKPOINTS / "rules.safetensors"
RULES = Rules(RulesConfig())


def from_nothing(key: str, seed: int = 1, bars: int = 4, **frame) -> Chorale:
    chorale = empty_chorale(key, bars=bars, **frame)
    return RULES.fill(chorale, np.zeros(chorale.pitch.shape, dtype=bool), seed=seed)


@pytest.mark.parametrize("key", ["G major", "A minor", "Eb major", "F# minor"])
class TestFromNothing:
    def test_a_piece_ends_on_its_tonic_after_the_dominant(self, key):
        piece = from_nothing(key)
        tonic = tonic_class(key)
        last, before = piece.pitch[:, -1], piece.pitch[:, np.flatnonzero(piece.onset[3])[-1] - 1]
        assert last[3] % 12 == tonic
        assert (tonic + 11) % 12 in before % 12 or (tonic + 5) % 12 in before % 12
        third = set((last % 12).tolist()) - {tonic, (tonic + 7) % 12}
        assert third <= {(tonic + 3) % 12, (tonic + 4) % 12}
        assert len(third) == 1

    def test_there_are_no_parallels(self, key):
        assert parallels(from_nothing(key), [True] * 4).count == 0

    def test_voices_neither_cross_nor_lie_too_far_apart(self, key):
        apart = -np.diff(from_nothing(key).pitch.astype(int), axis=0)
        assert (apart >= 0).all()
        assert (apart[:2] <= 13).all()  # passing notes may widen an octave


@pytest.mark.parametrize("condition", ["ATB", "S", "B", "NEXT"])
def test_no_parallels_beside_given_voices(corpus, condition):
    for bwv in ("BWV269", "BWV254"):
        chorale = corpus.work(bwv).chorale.slice(0, 80)
        given = given_for(condition, chorale)
        assert parallels(RULES.fill(chorale, given, seed=1), ~given).count <= 1


def test_common_tones_are_held_and_struck_again_over_bar_lines_and_fermatas():
    piece = from_nothing("C major", bars=8)
    again = piece.onset[:, 1:] & (piece.pitch[:, 1:] == piece.pitch[:, :-1])
    kept = ~piece.onset[:, 1:] & (piece.pitch[:, 1:] == piece.pitch[:, :-1])
    new = np.flatnonzero((piece.bar_phase()[1:] == 0) | (piece.fermata[:-1] & ~piece.fermata[1:]))
    assert again.any()
    assert set(np.flatnonzero(again.any(axis=0))) <= set(new)
    assert not kept[:, new].any()


def test_a_given_note_that_no_chord_holds_gets_a_chord_of_the_note_that_follows():
    foreign = melody([72] * 4 + [73, 73, 74, 74] + [76] * 4 + [72] * 4)
    given = np.arange(4)[:, None] + np.zeros((4, 16)) < 1
    piece = RULES.fill(foreign, given, seed=1, settings={"temperature": 0.01})
    lower = set((piece.pitch[1:, 4] % 12).tolist())
    assert any(lower <= set(notes) for notes, _ in MAJOR.values() if 2 in notes)


def test_temperature_takes_it_further_from_the_cheapest_piece():
    cold, warm = (
        [RULES.fill(*task, seed=seed, settings={"temperature": t}) for seed in (1, 2, 3)]
        for t in (0.01, 5.0)
        for task in [(melody([67, 69, 71, 72] * 4), np.arange(4)[:, None] + np.zeros((4, 16)) < 1)]
    )
    differing = [np.mean(each[0].pitch != each[1].pitch) for each in (cold, warm)]
    assert differing[0] < differing[1]


@pytest.mark.parametrize("value", [15, 1025, 160.0, True, "many"])
def test_a_config_is_checked(value):
    with pytest.raises(ValueError, match=r"^voicings .*; use a whole number from 16 to 1024"):
        RulesConfig(voicings=value)


class TestCheckpoint:
    def test_it_is_a_config_without_tensors_or_works(self):
        with SHIPPED.open("rb") as file:
            assert read_header(file).tensors == {}
        assert read_config(SHIPPED) == {"voicings": 160}
        assert read_members(SHIPPED) == (Member(frozenset()),)
        assert Rules.load(SHIPPED).config == RulesConfig()

    def test_the_isolated_child_of_uploads_reads_it_too(self):
        task = melody([67, 69, 71, 72] * 4), np.arange(4)[:, None] + np.zeros((4, 16)) < 1
        [piece] = smoke_run("generator.families.rules.rules.Rules", SHIPPED, [task], seed=3).fills
        assert piece == Rules.load(SHIPPED).fill(*task, seed=3)

    def test_a_training_lists_no_works(self, tmp_path):
        class Quick(RulesTrainer):
            def validate(self, composer):
                return {"score": 1.0}

        config = {"data": {"split": "tunes"}, "rules": {"voicings": 99}, "training": {}}
        path = tmp_path / "rules.safetensors"
        train(Quick, config, path, command="a test")
        assert read_members(path) == (Member(frozenset()),)
        assert read_config(path) == {"voicings": 99}
