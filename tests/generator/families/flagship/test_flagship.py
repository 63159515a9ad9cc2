from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from generator.families.checkpoint import base_of, read_metadata
from generator.families.fill_run import Budget
from generator.families.flagship.flagship import STORED_NAMES, Flagship
from generator.families.flagship.tokens import Vocabulary, encode_grid, signature_shift
from generator.families.flagship.window import ORDER
from generator.families.likelihoods import distributions
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.registry import CHECKPOINTS
from generator.training.provenance import Provenance
from tests.generator.families.flagship.debug import debug, make
from tests.generator.families.material import provenance_of


def one_shot(family: Flagship, chorale: Chorale, given: np.ndarray) -> np.ndarray:
    return distributions(family, chorale, given).pitch


@pytest.mark.parametrize("onsets", [True, False])
def test_tokens_give_the_chorale_back(onsets):
    vocabulary, chorale = Vocabulary(onsets=onsets), make()
    for shift in (0, -5) if onsets else (0,):
        pitch, onset = vocabulary.decode(vocabulary.encode(chorale, shift), shift)
        assert np.array_equal(pitch, chorale.pitch)
        if onsets:
            assert np.array_equal(onset, chorale.onset)


def test_pitches_outside_the_vocabulary_are_read_in_a_nearer_octave():
    pitch = np.array([[100], [10], [60], [48]])
    chorale = Chorale(pitch=pitch, onset=np.ones((4, 1), dtype=bool))
    vocabulary = Vocabulary(onsets=True)
    read, _ = vocabulary.decode(vocabulary.encode(chorale))
    assert (read % 12).ravel().tolist() == (pitch % 12).ravel().tolist()


@pytest.mark.parametrize(
    ("key", "shift"), [("C major", 0), ("A minor", 0), ("G major", 5), ("Eb minor", -6)]
)
def test_every_key_is_read_with_an_empty_signature(key, shift):
    assert signature_shift(key) == shift


def test_a_piece_and_its_transposition_are_one_to_the_network():
    chorale = make(key="C major")
    moved = replace(chorale, pitch=np.where(chorale.pitch == REST, REST, chorale.pitch + 2),
                    key="D major")  # fmt: skip
    vocabulary = Vocabulary(onsets=True)
    one, two = (encode_grid(each, vocabulary)[0] for each in (chorale, moved))
    assert torch.equal(one.tokens, two.tokens)


def test_beats_of_the_network_are_beats_of_the_bar():
    chorale = make(26, anacrusis=3)  # the piece begins a sixteenth late
    grid, layout = encode_grid(chorale, Vocabulary(onsets=True))
    assert (layout.lead, layout.padded) == (1, 28)
    assert (grid.tokens[0, :, 0] == Vocabulary(onsets=True).padding).all()
    assert grid.frame[0, 0, :3].tolist() == [12, 0, 4]


@pytest.mark.parametrize("onsets", [True, False])
def test_written_cells_are_never_read(onsets):
    network = debug(onsets).network
    grid, _ = encode_grid(make(), network.vocabulary)
    given = torch.rand(1, 4, 24, generator=torch.Generator().manual_seed(0)) < 0.5
    other = grid.with_tokens(torch.where(given, grid.tokens, 1))
    with torch.inference_mode():
        assert torch.equal(network(grid, given), network(other, given))
        assert not torch.equal(network(grid, given), network(grid, ~given))


@pytest.mark.parametrize("causal", [False, True])
def test_a_sequential_reading_sees_what_stands_by_then_and_nothing_else(causal):
    network = debug(True, causal=causal).network
    grid, _ = encode_grid(make(), network.vocabulary)
    nothing_given = torch.zeros(1, 4, 24, dtype=torch.bool)
    with torch.inference_mode():
        before = network.losses(grid, nothing_given)[1]
        places = [(step, voice) for step in range(8, 12) for voice in ORDER]
        for turn, (step, voice) in enumerate(places):
            tokens = grid.tokens.clone()
            tokens[0, voice, step] = 7
            after = network.losses(grid.with_tokens(tokens), nothing_given)[1]
            for earlier in places[:turn]:
                assert after[0, earlier[1], earlier[0]] == before[0, earlier[1], earlier[0]]
            for past in range(8):
                assert torch.equal(after[0, :, past], before[0, :, past])


def test_the_network_of_the_published_split_sees_pitches_and_the_step_index_only():
    family, chorale = debug(False), make()
    bare = Chorale(pitch=chorale.pitch, onset=repaired_onsets(chorale.pitch, chorale.onset & False))
    given = given_voices("ATB", 24)
    assert np.array_equal(one_shot(family, chorale, given), one_shot(family, bare, given))


@pytest.mark.parametrize(
    "other", [{"key": "Gb major"}, {"anacrusis": 8}, {"metre": ((0, "3/4"),)}], ids=str
)
def test_a_network_that_knows_the_frame_uses_it(other):
    family, given = debug(True), given_voices("ATB", 24)
    before, changed = (one_shot(family, each, given) for each in (make(), make(**other)))
    assert not np.array_equal(before, changed)


def test_padding_changes_nothing():
    family, chorale = debug(True), make()
    grid, _ = encode_grid(chorale, family.network.vocabulary)
    given = torch.from_numpy(given_voices("ATB", 24))[None]
    long = encode_grid(make(40), family.network.vocabulary)[0]
    batch = type(grid).stacked([grid, long], family.network.vocabulary.padding)
    padded_mask = torch.nn.functional.pad(given, (0, 16), value=True).expand(2, -1, -1)
    with torch.inference_mode():
        short = family.network(grid, given)
        padded = family.network(batch, padded_mask)
    assert torch.allclose(short[0], padded[0, :, :24], atol=1e-4)


def test_neighbours_are_the_nearest_given_pitches_around_each_beat():
    vocabulary = Vocabulary(onsets=True)
    tokens = torch.arange(5, 17).view(1, 1, 12)
    given = torch.zeros(1, 1, 12, dtype=torch.bool)
    given[..., [1, 6, 9]] = True
    before, after = vocabulary.neighbours(tokens, given)
    none = vocabulary.pitches + 1
    assert before.tolist() == [[[none, 6, 11]]]
    assert after.tolist() == [[[11, 14, none]]]


def works_of(members: int) -> Provenance:
    folds = [[str(fold)] for fold in range(members)] if members > 1 else []
    return provenance_of(*[[]] * members, folds=folds)


@pytest.mark.parametrize("members", [1, 3])
def test_a_checkpoint_gives_the_same_piece_after_loading(members, tmp_path):
    family, chorale = debug(True, members), make()
    family.save(tmp_path / "f.safetensors", works_of(members))
    loaded = Flagship.load(tmp_path / "f.safetensors")
    loaded.save(tmp_path / "g.safetensors", works_of(members))
    again = Flagship.load(tmp_path / "g.safetensors")
    given = given_voices("ATB", 24)
    assert loaded.members == members
    pieces = [
        [each.member(fold).fill(chorale, given, seed=3) for fold in range(members)]
        for each in (loaded, again)
    ]
    assert pieces[0] == pieces[1]
    assert all(a != b for a, b in itertools.combinations(pieces[0], 2))


def test_a_shipped_checkpoint_is_saved_again_as_it_was_stored(tmp_path):
    shipped, again = CHECKPOINTS / "flagship.safetensors", tmp_path / "again.safetensors"
    loaded = Flagship.load(shipped)
    loaded.save(again, works_of(loaded.members))
    base, written = base_of(shipped), load_file(again)
    stored = (load_file(base) if base else {}) | load_file(shipped)
    assert all(np.array_equal(stored[name], written[name]) for name in stored | written)
    stored, again = (json.loads(read_metadata(path)["config"]) for path in (shipped, again))
    assert stored == {name: again[name] for name in stored}
    assert Flagship.config_from_json(stored) == Flagship.config_from_json(again)


def test_every_stored_name_has_a_name_of_its_own_in_the_code():
    network = debug(True, melodic_head=True).network
    parts = {part for name in network.state_dict() for part in name.split(".")}
    assert set(STORED_NAMES) <= parts
    assert not set(STORED_NAMES.values()) & parts
    assert len(set(STORED_NAMES.values())) == len(STORED_NAMES)


def test_a_written_voice_rests_only_where_a_given_one_does():
    silent = debug(True)
    with torch.no_grad():  # would rest everywhere
        for head in silent.network.head:
            head.bias[0] = 50.0
    chorale = make(24)
    soprano = chorale.pitch[0] == REST
    assert 0 < soprano.sum() < 24
    rests = silent.fill(chorale, given_voices("ATB", 24), seed=1).pitch[1:] == REST
    assert (rests == soprano).all()
    assert (silent.fill(chorale, given_voices("SATB", 24), seed=1).pitch != REST).all()


def test_a_piece_of_a_batch_is_the_piece_that_is_written_alone():
    family = debug(True)
    tasks = [
        (make(24), given_voices("ATB", 24)),
        (make(40, seed=1, key="G major", anacrusis=0), given_voices("S", 40)),
        (make(16, seed=2), given_voices("SATB", 16)),
    ]
    together = family.fill_many(tasks, [1, 2, 3])
    alone = [family.fill(*task, seed=seed) for task, seed in zip(tasks, [1, 2, 3], strict=True)]
    assert together == alone


def test_another_setting_writes_another_piece():
    family, task = debug(True), (make(), given_voices("SATB", 24))
    quick = {"sweeps": "0", "repairs": 0}
    assert family.fill(*task, seed=1, settings=quick) != family.fill(*task, seed=1)


def test_fewer_steps_are_fewer_sweeps_and_then_no_repair():
    family, task = debug(True), (make(), given_voices("SATB", 24))
    short = family.fill(*task, seed=1, budget=Budget(steps=3))
    assert short == family.fill(*task, seed=1, settings={"sweeps": 3, "repairs": 0})
    sweeps = family.settings["sweeps"].default
    repaired = family.fill(*task, seed=1, budget=Budget(steps=sweeps + 2))
    assert repaired == family.fill(*task, seed=1, settings={"repairs": 2})


def test_global_random_state_takes_no_part():
    family, chorale = debug(True), make()
    given = given_voices("ATB", 24)
    first = family.fill(chorale, given, seed=5)
    torch.rand(7)
    assert family.fill(chorale, given, seed=5) == first
