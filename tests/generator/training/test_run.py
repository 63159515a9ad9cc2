from __future__ import annotations

import json
import logging
from collections import namedtuple
from collections.abc import Sequence

import numpy as np
import pytest
from safetensors.numpy import load_file

from generator.families.checkpoint import CheckpointError, read_members, read_metadata
from generator.training import cost
from generator.training.cost import DiskTooSmallError
from generator.training.run import ConfigError, train
from generator.training.trainer import CountingTrainer, Tensors
from tests.generator.training.toy_trainers import (
    PitchTrainer,
    TargetTrainer,
    ThreeNumbers,
    ToyComposer,
    counting_config,
    gradient_config,
    metrics_of,
)

pytestmark = pytest.mark.usefixtures("small_split")

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "toy.safetensors"


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_checkpoint_says_what_it_was_made_from(out, small_split):
    config = counting_config()
    scores = train(PitchTrainer, config, out, command="as typed")
    metadata = read_metadata(out)
    assert metadata == {
        "family": "toy",
        "config": "{}",
        "format": "1",
        "split": "tunes",
        "seed": "1",
        "command": "as typed",
        "works": json.dumps(["a", "b", "c", "d"]),
        "data": small_split["train"].digest(),
        "metrics": json.dumps(scores),
        "training": json.dumps(config),
    }
    assert names(out.parent) == ["toy.safetensors"]


@pytest.mark.parametrize(
    ("kind", "config"),
    [(PitchTrainer, counting_config("folds")), (TargetTrainer, gradient_config("folds"))],
)
def test_every_family_can_have_a_member_for_each_fold(out, kind, config):
    train(kind, config, out, command="")
    assert {name.partition(".")[0] for name in load_file(out)} == {"fold0", "fold1"}
    assert len(metrics_of(read_metadata(out))) == 2
    assert [member.fold for member in read_members(out)] == [{"f"}, {"g"}]


def test_members_may_have_settings_of_their_own(out, monkeypatch):
    monkeypatch.setattr(PitchTrainer, "member_tables", ("pitches",))
    config = counting_config("folds", members={"1": {"pitches": {"smoothing": 5}}})
    train(PitchTrainer, config, out, command="")
    tensors = load_file(out)
    assert (tensors["fold1.counts"] - tensors["fold0.counts"] == 4).all()
    assert json.loads(read_metadata(out)["training"]) == config


def test_counted_members_are_assembled_without_counting_again(out, monkeypatch):
    config, whole = counting_config("folds"), out.with_name("whole.safetensors")
    for fold in (1, 0):
        train(PitchTrainer, config, out, command="", fold=fold)
        assert not out.exists()
    assert names(out.parent) == ["toy.fold0.state", "toy.fold1.state"]
    train(PitchTrainer, config, whole, command="")
    monkeypatch.setattr(PitchTrainer, "count", None)
    train(PitchTrainer, config, out, command="")
    one, other = load_file(out), load_file(whole)
    assert set(one) == set(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert read_metadata(out) == read_metadata(whole)


def test_a_counted_state_that_cannot_be_read_is_said_and_counted_again(out, caplog):
    config = counting_config("folds")
    train(PitchTrainer, config, out, command="", fold=0)
    state = out.with_suffix(".fold0.state")
    whole = load_file(state)
    state.write_bytes(state.read_bytes()[:50])
    train(PitchTrainer, config, out, command="", fold=0)
    assert caplog.text.count("toy.fold0.state cannot be read") == 1
    assert np.array_equal(load_file(state)["counts"], whole["counts"])


@pytest.mark.parametrize(
    ("kind", "config", "table", "changes"),
    [
        (PitchTrainer, counting_config("folds"), "pitches", {"smoothing": 2}),
        (TargetTrainer, gradient_config("folds"), "training", {"learning_rate": 0.1}),
    ],
)
def test_a_state_of_another_config_is_refused_at_the_start(out, kind, config, table, changes):
    train(kind, config, out, command="", fold=1)
    before = names(out.parent)
    other = config | {table: config[table] | changes}
    with pytest.raises(
        ValueError,
        match=r"fold1\.state was trained with another config .*\.fold1\.\*state to .*--out",
    ):
        train(kind, other, out, command="")
    assert names(out.parent) == before


def test_scores_are_means_over_members_though_one_was_trained_before(out):
    config = gradient_config("folds")
    train(TargetTrainer, config, out, command="", fold=1)
    scores = train(TargetTrainer, config, out, command="")
    first, second = metrics_of(read_metadata(out))
    assert "cpu_seconds_a_step" in first
    assert scores["score"] == pytest.approx((first["score"] + second["score"]) / 2)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"training": {}}, "'data' is missing; see generator/training/configs"),
        ({"data": {"split": "tunes"}, "pitches": {}}, "'training' is missing"),
        (counting_config(chords={}), r"unknown table \[chords\]; use some of data, training,"),
        (counting_config(pitches=3), r"pitches = 3; it must be a table, \[pitches\]"),
        (counting_config(training={"seed": -1}), "seed = -1; it must be a whole number, 0 or more"),
        (counting_config(training={"seed": "x"}), "seed = x; it must be a whole number"),
        (counting_config(training={"stepz": 3}), r"unknown key stepz in \[training\]; .* of seed$"),
        (
            counting_config(data={"split": "tunes", "splti": 2}),
            r"unknown key splti in \[data\]; use some of split$",
        ),
        (counting_config("folds", members={"0": 5}), r"members.0 = 5; .* a table, \[members.0\]"),
        (
            counting_config("folds", members={"0": {"training": 5}}),
            r"members.0.training = 5; it must be a table, \[members.0.training\]",
        ),
        (counting_config("folds", members={"2": {}}), "members.2; there are members 0 to 1"),
        (
            counting_config("folds", members={"0": {"pitches": {}}}),
            "members.0.pitches must be the same for all members",
        ),
    ],
)
def test_a_config_that_cannot_be_is_named_and_nothing_is_written(tmp_path, config, message):
    with pytest.raises(ConfigError, match=message):
        train(PitchTrainer, config, tmp_path / "new" / "toy.safetensors", command="")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps = 0; it must be above 0"),
        ({"weight_decay": -1.0}, "weight_decay = -1.0; it must be 0 or more"),
        ({"average": 1.5}, "average = 1.5; it must be from 0 to below 1"),
        (
            {"pace": 2},
            r"unknown key pace in \[members.1.training\]; use some of seed, steps, batch,",
        ),
    ],
)
def test_a_schedule_of_the_last_member_is_checked_before_the_first_is_trained(
    out, changes, message
):
    config = gradient_config("folds") | {"members": {"1": {"training": changes}}}
    with pytest.raises(ConfigError, match=message):
        train(TargetTrainer, config, out, command="")
    assert names(out.parent) == []


@pytest.mark.parametrize(
    ("split", "fold", "message"),
    [
        ("folds", 2, "fold 2; the split folds has 2: 0 to 1"),
        ("folds", -1, "fold -1; the split folds has 2: 0 to 1"),
        ("tunes", 2, 'fold 2; the split tunes has no folds, use split = "folds"'),
        ("tunes", 0, 'fold 0; the split tunes has no folds, use split = "folds"'),
    ],
)
def test_a_fold_that_is_not_there_is_refused(out, split, fold, message):
    with pytest.raises(ConfigError, match=message):
        train(PitchTrainer, counting_config(split), out, command="", fold=fold)
    assert names(out.parent) == []


class Fractions(PitchTrainer):
    """Counts tables of a type that no checkpoint of its family holds."""

    def count(self) -> Tensors:
        return {"counts": super().count()["counts"] / 2}


class TwoNumbers(TargetTrainer):
    """Stores less than its family says."""

    def composer(self, members: Sequence[ThreeNumbers]) -> ToyComposer:
        return ToyComposer([{"weight": each.weight.detach().numpy()[:2]} for each in members])


@pytest.mark.parametrize(
    ("kind", "config", "fold", "message"),
    [
        (Fractions, counting_config(), None, r"tensor 'counts' is float64 \(128,\), not I64 \(128"),
        (Fractions, counting_config("folds"), 1, "tensor 'counts' is float64"),
        (TwoNumbers, gradient_config(), None, r"tensor 'weight' is F32 \(2,\), not F32 \(3,\)"),
    ],
)
def test_tensors_that_could_not_be_loaded_are_found_before_training_and_validation(
    out, monkeypatch, kind, config, fold, message
):
    monkeypatch.setattr(kind, "validate", None)
    with pytest.raises(CheckpointError, match=f"family 'toy' does not fit its .*{message}"):
        train(kind, config, out, command="", fold=fold)
    assert names(out.parent) == []


@pytest.mark.parametrize(
    ("kind", "config", "needed"),
    [(PitchTrainer, counting_config(), "1.0 kB"), (TargetTrainer, gradient_config(), "kB")],
)
def test_a_disk_that_is_too_small_is_refused_with_both_numbers(
    tmp_path, monkeypatch, kind, config, needed
):
    monkeypatch.setattr(cost.shutil, "disk_usage", lambda path: Usage(0, 0, 999))
    message = rf"needs .*{needed} in {tmp_path}, and 999 bytes are free; make room or choose"
    with pytest.raises(DiskTooSmallError, match=message):
        train(kind, config, tmp_path / "new" / "toy.safetensors", command="")
    assert names(tmp_path) == []


def test_disk_and_time_are_said_before_training_starts(out, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(TargetTrainer, "train", None)
    with pytest.raises(TypeError):
        train(TargetTrainer, gradient_config("folds"), out, command="")
    disk, time = caplog.messages
    assert disk.startswith("Disk: ")
    assert "kB of states, 12 bytes of checkpoint; " in disk
    assert disk.endswith(f"free in {out.parent}.")
    assert time == "Time: about a second."


def test_a_family_that_cannot_tell_its_time_says_so(out, caplog):
    caplog.set_level(logging.INFO)
    assert CountingTrainer.validation_seconds is PitchTrainer.validation_seconds
    train(PitchTrainer, counting_config(), out, command="")
    assert caplog.messages[0].startswith("Disk: 1.0 kB of checkpoint; ")
    assert caplog.messages[1] == "Time: unknown; this family gives no estimate."


def test_an_output_that_cannot_be_written_is_found_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr(PitchTrainer, "count", None)
    (tmp_path / "file").write_text("")
    for path, message in ((tmp_path, "Is a directory"), (tmp_path / "file" / "x", "Not a dir")):
        with pytest.raises(OSError, match=f"{message}.*; choose another --out"):
            train(PitchTrainer, counting_config(), path, command="")
    monkeypatch.setattr("generator.training.run.os.access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="Permission denied; choose another --out"):
        train(PitchTrainer, counting_config(), tmp_path / "new" / "x", command="")
    assert names(tmp_path) == ["file"]
