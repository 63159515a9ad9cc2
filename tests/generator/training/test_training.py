from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from generator.families.checkpoint import read_metadata
from generator.families.flagship.batches import BatchSampler
from generator.families.flagship.flagship import STORED_NAMES, Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import Vocabulary
from generator.families.flagship.training import FlagshipTrainer
from generator.training import run
from generator.training.loop import Loop
from generator.training.run import ConfigError, train
from generator.training.splits import load_split

CONFIGS = Path(run.__file__).parent / "configs"
MINIATURE = {"width": 16, "layers": 1, "heads": 2, "hidden": 16, "token": 4, "cell": 8}


def short(split: str = "jsb", steps: int = 2, **network) -> dict:
    """A config of a few steps."""
    return {
        "data": {"split": split, "crop": 32},
        "network": MINIATURE | network,
        "training": {"steps": steps, "batch": 2, "validate_every": 1},
    }


@pytest.mark.parametrize("config", sorted(CONFIGS.glob("flagship*.toml")), ids=lambda p: p.stem)
def test_every_shipped_config_trains_two_steps_in_miniature(config, small_split, tmp_path):
    tables = tomllib.loads(config.read_text())
    FlagshipConfig(**tables["network"])
    tables["network"] |= MINIATURE
    tables["training"] |= short()["training"]
    tables.get("melodic_head", {}).update(short()["training"])
    tables["interval_head"]["after"] = 1
    for changes in tables.get("members", {}).values():
        changes["training"] |= short()["training"]
        changes["interval_head"] |= {"after": 1}
    out = tmp_path / "f.safetensors"
    scores = train(FlagshipTrainer, tables, out, command="as tested")
    metadata = read_metadata(out)
    works, metrics = json.loads(metadata["works"]), json.loads(metadata["metrics"])
    assert metadata["command"] == "as tested"
    loaded = Flagship.load(out)
    assert loaded.network.config.onsets == tables["network"]["onsets"]
    if tables["data"]["split"] == "folds":
        assert works == [["a", "b", "c", "d"]] * 2
        assert json.loads(metadata["folds"]) == [["f"], ["g"]]
        assert [len(each) for each in json.loads(metadata["data"])] == [64, 64]
        assert loaded.members == 2
        metrics = metrics[0]
    else:
        assert works == ["a", "b", "c", "d"]
        assert len(metadata["data"]) == 64
    assert metrics["score"] == scores["score"]


@pytest.mark.slow
def test_members_trained_one_by_one_are_assembled_without_training_again(small_split, tmp_path):
    tables = short("folds")
    out, whole = tmp_path / "f.safetensors", tmp_path / "whole.safetensors"
    for fold in (1, 0):
        train(FlagshipTrainer, tables, out, command="", fold=fold)
        assert not out.exists()
    trained = [out.with_suffix(f".fold{fold}.state").read_bytes() for fold in (0, 1)]
    train(FlagshipTrainer, tables, out, command="")
    assert trained == [out.with_suffix(f".fold{fold}.state").read_bytes() for fold in (0, 1)]
    train(FlagshipTrainer, tables, whole, command="")
    one, other = load_file(out), load_file(whole)
    assert set(one) == set(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    with pytest.raises(ValueError, match="fold 2; the split folds has 2: 0 to 1"):
        train(FlagshipTrainer, tables, out, command="", fold=2)


def test_a_member_may_have_settings_of_its_own(small_split, tmp_path):
    tables = short("folds", steps=1)
    tables["members"] = {"1": {"training": {"steps": 3}}}
    out = tmp_path / "f.safetensors"
    train(FlagshipTrainer, tables, out, command="")
    metrics = json.loads(read_metadata(out)["metrics"])
    assert len(json.loads(out.with_suffix(".fold0.log.json").read_text())) == 1
    assert len(json.loads(out.with_suffix(".fold1.log.json").read_text())) == 3
    assert len(metrics) == 2


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"2": {"training": {"steps": 1}}}, "members.2; there are members 0 to 1"),
        ({"0": {"network": {"width": 8}}}, "members.0.network must be the same for all members"),
    ],
)
def test_settings_of_a_member_that_cannot_be_are_named(small_split, tmp_path, members, message):
    with pytest.raises(ValueError, match=message):
        train(FlagshipTrainer, short("folds") | {"members": members}, tmp_path / "f", command="")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table", ["relations", "lines", "mask"])
def test_a_table_that_nothing_reads_is_refused(small_split, tmp_path, table):
    with pytest.raises(ValueError, match=f"unknown table .{table}.; use some of data, training, "):
        train(FlagshipTrainer, short() | {table: {}}, tmp_path / "f", command="")


@pytest.mark.slow
def test_the_melodic_head_is_trained_last_and_changes_nothing_else(small_split, tmp_path):
    tables = short(steps=3)
    without, out = tmp_path / "without.safetensors", tmp_path / "with.safetensors"
    train(FlagshipTrainer, tables, without, command="")
    tables = short(steps=3, melodic_head=True)
    with pytest.raises(ValueError, match="no table \\[melodic_head\\]"):
        train(FlagshipTrainer, tables, out, command="")
    tables["melodic_head"] = {"steps": 2, "learning_rate": 1e-2}
    train(FlagshipTrainer, tables, out, command="")
    before, after = load_file(without), load_file(out)
    added = set(after) - set(before)
    stored = STORED_NAMES["melodic_head"]
    assert added and all(name.startswith(f"{stored}.") for name in added)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert all(after[name].any() for name in added)


@pytest.mark.slow
def test_learning_lowers_the_loss(small_split, tmp_path):
    tables = short(steps=60, onsets=False, dropout=0.0)
    tables["training"] |= {"batch": 8, "validate_every": 30, "warmup": 5, "learning_rate": 1e-2}
    out = tmp_path / "f.safetensors"
    train(FlagshipTrainer, tables, out, command="")
    log = json.loads(out.with_suffix(".log.json").read_text())
    assert log[1]["orderless"] < log[0]["orderless"] < 4 * np.log(65)


def test_a_left_to_right_network_is_scored_by_its_joint_likelihood(small_split, tmp_path):
    tables = short(onsets=False, causal=True)
    out = tmp_path / "f.safetensors"
    scores = train(FlagshipTrainer, tables, out, command="")
    assert scores["joint"] == pytest.approx(4 * scores["score"])
    assert Flagship.load(out).network.config.causal


def test_crops_stay_inside_their_chorale_and_are_transposed_with_their_key():
    chorales = load_split("jsb")["train"].chorales[:3]
    crops = BatchSampler(chorales, Vocabulary(onsets=False), 48)
    batch = crops.batch(64, np.random.default_rng(0))
    assert batch.grid.tokens.shape == (64, 4, 48)
    assert batch.grid.tokens.max() <= 64
    assert (~batch.given).flatten(1).any(1).all()
    again = crops.batch(64, np.random.default_rng(0))
    assert torch.equal(batch.grid.tokens, again.grid.tokens)


@pytest.mark.slow
def test_a_training_killed_in_each_stage_ends_as_if_unbroken(small_split, tmp_path, monkeypatch):
    tables = short(steps=3, melodic_head=True) | {"interval_head": {"after": 1}}
    tables["melodic_head"] = {"learning_rate": 1e-2}
    out, whole = tmp_path / "f.safetensors", tmp_path / "whole.safetensors"
    train(FlagshipTrainer, tables, whole, command="")
    learn = Loop._learn
    for stage in ("", "melodic_head."):

        def until(self: Loop, name: str = f"f.{stage}state") -> float:
            if self.step == 2 and self.states.newest.name == name:
                raise KeyboardInterrupt
            return learn(self)

        with monkeypatch.context() as patch:
            patch.setattr(Loop, "_learn", until)
            with pytest.raises(KeyboardInterrupt):
                train(FlagshipTrainer, tables, out, command="")
        newest = out.with_suffix(f".{stage}state")
        newest.write_bytes(newest.read_bytes()[:1000])
    assert not out.exists()
    train(FlagshipTrainer, tables, out, command="")
    one, other = load_file(out), load_file(whole)
    assert set(one) == set(other)
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.mark.parametrize(
    ("table", "value", "message"),
    [
        ("network", {"width": -16}, "width -16; use a whole number from 1 to 4096"),
        ("network", {"dropout": -0.1}, "dropout = -0.1; it must be from 0 to below 1"),
        ("data", {"crop": -32}, "crop = -32; it must be above 0"),
        ("data", {"transposed": -1}, "transposed = -1.0; it must be from 0 to 1"),
        ("interval_head", {"after": -1}, "weights are kept after step -1; use 0 or more"),
        ("masks", {"kinds": {"voices": -1}}, "masks voices = -1; it must be 0 or more"),
        ("masks", {"kinds": {"voice": 1}}, "unknown masks ..voice..; use some of anywhere"),
        ("masks", {"conditions": ["AX"]}, "masks of the voices 'AX'; use letters of SATB"),
    ],
)
def test_a_value_that_cannot_be_is_named_before_training(
    small_split, tmp_path, table, value, message
):
    tables = short()
    tables[table] = tables.get(table, {}) | value
    with pytest.raises(ConfigError, match=message):
        train(FlagshipTrainer, tables, tmp_path / "f", command="")
    assert not list(tmp_path.iterdir())
