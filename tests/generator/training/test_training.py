from __future__ import annotations

import errno
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from generator.families.checkpoint import read_metadata
from generator.families.flagship import training
from generator.families.flagship.batches import BatchSampler
from generator.families.flagship.flagship import STORED_NAMES, Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import Vocabulary
from generator.training import loop as loop_module
from generator.training.__main__ import main
from generator.training.splits import SplitPart, load_split

CONFIGS = Path(loop_module.__file__).parent / "configs"
MINIATURE = {"width": 16, "layers": 1, "heads": 2, "hidden": 16, "token": 4, "cell": 8}


def short(split: str = "jsb", steps: int = 2, **network) -> dict:
    """A config of a few steps."""
    return {
        "data": {"split": split, "crop": 32},
        "network": MINIATURE | network,
        "training": {"steps": steps, "batch": 2, "validate_every": 1},
    }


@pytest.fixture
def small_split(monkeypatch):
    chorales = load_split("jsb")["train"].chorales[:6]
    parts = {
        "train": SplitPart(("a", "b", "c", "d"), chorales[:4]),
        "valid": SplitPart(("e",), chorales[4:5]),
        "test": SplitPart(("f",), chorales[5:]),
    }
    monkeypatch.setattr(training, "load_split", lambda split, fold: parts)
    monkeypatch.setattr(training, "FOLDS", 2)


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
    scores = training.train(tables, out, command="as tested", progress=False)
    metadata = read_metadata(out)
    works, metrics = json.loads(metadata["works"]), json.loads(metadata["metrics"])
    assert metadata["command"] == "as tested"
    loaded = Flagship.load(out)
    assert loaded.network.config.onsets == tables["network"]["onsets"]
    if tables["data"]["split"] == "folds":
        assert works == [["a", "b", "c", "d"]] * 2
        assert json.loads(metadata["folds"]) == [["f"]] * 2
        assert [len(each) for each in json.loads(metadata["data"])] == [64, 64]
        assert loaded.members == 2
        metrics = metrics[0]
    else:
        assert works == ["a", "b", "c", "d"]
        assert len(metadata["data"]) == 64
    assert metrics["score"] == scores["score"]


def test_members_trained_one_by_one_are_assembled_without_training_again(small_split, tmp_path):
    tables = short("folds")
    out, whole = tmp_path / "f.safetensors", tmp_path / "whole.safetensors"
    for fold in (1, 0):
        training.train(tables, out, command="", progress=False, fold=fold)
        assert not out.exists()
    trained = [out.with_suffix(f".fold{fold}.state").read_bytes() for fold in (0, 1)]
    training.train(tables, out, command="", progress=False)
    assert trained == [out.with_suffix(f".fold{fold}.state").read_bytes() for fold in (0, 1)]
    training.train(tables, whole, command="", progress=False)
    one, other = load_file(out), load_file(whole)
    assert set(one) == set(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    with pytest.raises(ValueError, match="fold 2; the split folds has 2: 0 to 1"):
        training.train(tables, out, command="", progress=False, fold=2)


def test_a_member_may_have_settings_of_its_own(small_split, tmp_path):
    tables = short("folds", steps=1)
    tables["members"] = {"1": {"training": {"steps": 3}}}
    out = tmp_path / "f.safetensors"
    training.train(tables, out, command="", progress=False)
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
        training.train(
            short("folds") | {"members": members}, tmp_path / "f", command="", progress=False
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table", ["relations", "lines", "mask"])
def test_a_table_that_nothing_reads_is_refused(small_split, tmp_path, table):
    with pytest.raises(ValueError, match=f"unknown table .{table}.; use some of training, "):
        training.train(short() | {table: {}}, tmp_path / "f", command="", progress=False)


def test_the_melodic_head_is_trained_last_and_changes_nothing_else(small_split, tmp_path):
    tables = short(steps=3)
    without, out = tmp_path / "without.safetensors", tmp_path / "with.safetensors"
    training.train(tables, without, command="", progress=False)
    tables = short(steps=3, melodic_head=True)
    with pytest.raises(ValueError, match="no table \\[melodic_head\\]"):
        training.train(tables, out, command="", progress=False)
    tables["melodic_head"] = {"steps": 2, "learning_rate": 1e-2}
    training.train(tables, out, command="", progress=False)
    before, after = load_file(without), load_file(out)
    added = set(after) - set(before)
    stored = STORED_NAMES["melodic_head"]
    assert added and all(name.startswith(f"{stored}.") for name in added)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert all(after[name].any() for name in added)


def test_learning_lowers_the_loss(small_split, tmp_path):
    tables = short(steps=60, onsets=False, dropout=0.0)
    tables["training"] |= {"batch": 8, "validate_every": 30, "warmup": 5, "learning_rate": 1e-2}
    out = tmp_path / "f.safetensors"
    training.train(tables, out, command="", progress=False)
    log = json.loads(out.with_suffix(".log.json").read_text())
    assert log[1]["orderless"] < log[0]["orderless"] < 4 * np.log(65)


def test_a_left_to_right_network_is_scored_by_its_joint_likelihood(small_split, tmp_path):
    tables = short(onsets=False, causal=True)
    out = tmp_path / "f.safetensors"
    scores = training.train(tables, out, command="", progress=False)
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


def test_a_seed_of_the_command_takes_the_place_of_the_configs(small_split, tmp_path, monkeypatch):
    config, out = tmp_path / "few.toml", tmp_path / "f.safetensors"
    sizes = "\n".join(f"{name} = {size}" for name, size in MINIATURE.items())
    config.write_text(
        f"[data]\nsplit = 'jsb'\ncrop = 32\n[network]\n{sizes}\n"
        "[training]\nsteps = 1\nbatch = 2\nvalidate_every = 1\nseed = 1\n"
    )
    command = ["training", "flagship", "--config", str(config), "--out", str(out), "--quiet"]
    monkeypatch.setattr("sys.argv", [*command, "--seed", "7"])
    main()
    metadata = read_metadata(out)
    assert metadata["seed"] == "7"
    assert json.loads(metadata["training"])["training"]["seed"] == 7


def test_a_bad_config_is_named_in_one_line(tmp_path):
    config = tmp_path / "bad.toml"
    config.write_text("[data\n")
    run = subprocess.run(
        [sys.executable, "-m", "generator.training", "flagship", "--config", str(config),
         "--out", str(tmp_path / "x.safetensors")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "bad.toml" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize(
    ("config", "command", "message"),
    [
        (None, "flagship", "few.toml: No such file or directory"),
        ("[data]", "flagship", "few.toml: 'split' is missing"),
        ("[data]\n[chord]", "flagship", "unknown table [chord]; use some of training, "),
        (
            "[data]\nsplit = 'jsb'\ncrop = 32\n[training]\n[network]\nlines = true",
            "flagship",
            "few.toml: FlagshipConfig.__init__() got an unexpected keyword argument 'lines'",
        ),
        ("[data]", "markov --fold 1", "--fold 1: the family markov has no members"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, monkeypatch, config, command, message):
    path = tmp_path / "few.toml"
    if config:
        path.write_text(config)
    arguments = [*command.split(), "--config", str(path), "--out", str(tmp_path / "x"), "--quiet"]
    monkeypatch.setattr("sys.argv", ["training", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert message in str(stopped.value)


@pytest.mark.parametrize("filename", [None, "elsewhere.state"])
def test_a_full_disk_is_named_with_the_file_that_was_written(tmp_path, monkeypatch, filename):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", filename)

    config, out = tmp_path / "few.toml", tmp_path / "x.safetensors"
    config.write_text("")
    monkeypatch.setattr(training, "train", full)
    monkeypatch.setattr("sys.argv", ["training", "flagship", f"--config={config}", f"--out={out}"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == f"{filename or out}: No space left on device"
