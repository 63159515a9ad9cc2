from __future__ import annotations

import errno
import json
import subprocess
import sys

import pytest
from safetensors.numpy import load_file

from generator.families.checkpoint import read_metadata
from generator.registry import OURS, installed
from generator.training import __main__ as command_module
from generator.training.__main__ import main
from generator.training.run import train
from generator.training.trainer import CountingTrainer, Trainer

MARKOV = "[data]\nsplit = 'tunes'\n[chain]\nstates = 8\n[training]\nseed = 1\n"
FLAGSHIP = "[data]\nsplit = 'jsb'\ncrop = 32\n[network]\n[training]\n"

# Six short chorales instead of the corpus, in an interpreter of its own.
FRESH = """
import runpy, sys
from generator.training import run, splits
parts = splits.load_split("jsb")
works = [chorale.slice(0, 32) for chorale in parts["train"].chorales[:4]]
part = splits.SplitPart(tuple("abcd"), tuple(works))
run.load_split = lambda split, fold: {"train": part, "valid": part, "test": part}
sys.argv = ["training", "markov", *sys.argv[1:]]
runpy.run_module("generator.training", run_name="__main__")
assert "torch" not in sys.modules, "torch was loaded"
"""


def test_a_family_that_counts_is_trained_without_torch(tmp_path):
    config, out = tmp_path / "markov.toml", tmp_path / "m.safetensors"
    config.write_text(MARKOV)
    done = subprocess.run(
        [sys.executable, "-c", FRESH, "--config", config, "--out", out, "--threads", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert out.exists()
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Disk: ")
    assert lines[1].startswith("Time: about ")
    assert "same_SATB" in json.loads(done.stdout)


def test_a_quiet_training_says_nothing_but_its_scores(tmp_path):
    config, out = tmp_path / "markov.toml", tmp_path / "m.safetensors"
    config.write_text(MARKOV)
    done = subprocess.run(
        [sys.executable, "-c", FRESH, "--config", config, "--out", out, "--quiet"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("name", OURS)
def test_the_registry_names_trainers(name):
    assert issubclass(installed().trainer(name), Trainer)


def test_members_of_a_counting_family_are_trained_alone_and_assembled(small_split, tmp_path):
    config = {"data": {"split": "folds"}, "chain": {"states": 8}, "training": {"seed": 1}}
    kind, out = installed().trainer("markov"), tmp_path / "m.safetensors"
    assert issubclass(kind, CountingTrainer)
    for fold in (0, 1):
        train(kind, config, out, command="", fold=fold)
        assert not out.exists()
    train(kind, config, out, command="")
    assert {"fold0.types", "fold1.types"} <= load_file(out).keys()


def test_a_seed_of_the_command_takes_the_place_of_the_configs(small_split, tmp_path, monkeypatch):
    config, out = tmp_path / "few.toml", tmp_path / "f.safetensors"
    config.write_text(MARKOV)
    command = ["training", "markov", "--config", str(config), "--out", str(out), "--quiet"]
    monkeypatch.setattr("sys.argv", [*command, "--seed", "7"])
    main()
    metadata = read_metadata(out)
    assert metadata["seed"] == "7"
    assert json.loads(metadata["training"])["training"]["seed"] == 7


def test_a_config_that_is_not_utf_8_is_named(tmp_path, monkeypatch):
    config = tmp_path / "latin.toml"
    config.write_bytes("# für Bach\n[data]".encode("latin-1"))
    command = ["training", "markov", "--config", str(config), "--out", str(tmp_path / "x")]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == f"{config}: byte 3 is not UTF-8; save the file as UTF-8"


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
        ("[data]", "flagship", "few.toml: 'split' is missing; see generator/training/configs"),
        ("[data]\n[chord]", "flagship", "few.toml: unknown table [chord]; use some of data, "),
        ("seed = 1", "flagship --seed 2", "few.toml: unknown table [seed]; use some of data, "),
        ("training = 1", "flagship --seed 2", "few.toml: training = 1; it must be a table"),
        (
            FLAGSHIP.replace("[training]", "lines = true\n[training]"),
            "flagship",
            "few.toml: FlagshipConfig.__init__() got an unexpected keyword argument 'lines'",
        ),
        (FLAGSHIP, "flagship --seed -3", "few.toml: seed = -3; it must be a whole number"),
        (FLAGSHIP + "steps = -1", "flagship", "few.toml: steps = -1; it must be above 0"),
        (MARKOV, "markov --fold 0", "few.toml: fold 0; the split tunes has no folds, use split"),
        (
            MARKOV.replace("8", "-8"),
            "markov",
            "few.toml: states -8; a chain needs a whole number",
        ),
        (MARKOV.replace("tunes", "tune"), "markov", "few.toml: unknown split 'tune'; use jsb,"),
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
    assert "\n" not in str(stopped.value)
    assert [each.name for each in tmp_path.iterdir()] == (["few.toml"] if config else [])


@pytest.mark.parametrize("threads", ["0", "-1", "few"])
def test_a_number_of_threads_that_cannot_be_is_refused(monkeypatch, capsys, threads):
    monkeypatch.setattr("sys.argv", ["training", "flagship", f"--threads={threads}"])
    with pytest.raises(SystemExit):
        main()
    assert f"--threads: {threads!r} is not a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize("filename", [None, "elsewhere.state"])
def test_a_full_disk_is_named_with_the_file_that_was_written(tmp_path, monkeypatch, filename):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", filename)

    config, out = tmp_path / "few.toml", tmp_path / "x.safetensors"
    config.write_text("")
    monkeypatch.setattr(command_module, "train", full)
    monkeypatch.setattr("sys.argv", ["training", "flagship", f"--config={config}", f"--out={out}"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == f"{filename or out}: No space left on device"
