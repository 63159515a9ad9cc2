"""The converter: from a state dict that its author trained to a checkpoint that can be uploaded."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from generator.families.base import Family
from generator.families.checkpoint import read_metadata
from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_metadata import checked_metadata
from generator.families.flagship.flagship import Flagship
from generator.families.markov.markov import Markov
from generator.families.trial import try_out
from generator.registry import OURS
from generator.training import convert
from tests.generator.families.material import a_chorale, masks, provenance_of

FAMILIES = {"flagship": Flagship, "markov": Markov}
GIVEN = masks()["ATB"]


def state_of(family: Family) -> dict[str, torch.Tensor]:
    """As an author's own training has it."""
    if isinstance(family, Flagship):
        return family.network.state_dict()
    return {name: torch.from_numpy(values) for name, values in family.to_tensors().items()}


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the converter on files of a miniature; returns what it writes to stdout."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "works.txt").write_text("BWV1\nBWV2\n")

    def run(
        family: str = "flagship",
        *,
        state=None,
        config=None,
        config_file: str = "config.json",
        **options: str,
    ) -> str:
        debug = FAMILIES[family].debug()
        weights = tmp_path / "w.pt"
        if not weights.exists():
            torch.save(state_of(debug) if state is None else state, weights)
        stored = debug.config_as_json() if config is None else config
        (tmp_path / "config.json").write_text(json.dumps(stored))
        chosen = {"family": family, "config": config_file, "weights": "w.pt", "split": "own",
                  "out": "out.safetensors", "works": "works.txt"} | options  # fmt: skip
        words = [f"--{name}={each}" for name, value in chosen.items() for each in value.split()]
        monkeypatch.setattr("sys.argv", ["convert", *words])
        convert.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(command, tmp_path):
    def run(message: str, *args, **options) -> str:
        with pytest.raises(SystemExit) as stopped:
            command(*args, **options)
        said = str(stopped.value)
        assert re.search(message, said), said
        assert "\n" not in said
        assert not (tmp_path / "out.safetensors").exists()
        return said

    return run


@pytest.mark.parametrize("family", FAMILIES)
def test_a_miniature_is_converted_and_writes_the_same_piece(family, command, tmp_path):
    assert f"Wrote out.safetensors: {family}, 1 member(s)" in command(family, seed="3")
    converted = FAMILIES[family].load(tmp_path / "out.safetensors")
    FAMILIES[family].debug().save(tmp_path / "saved.safetensors", provenance_of([]))
    saved = FAMILIES[family].load(tmp_path / "saved.safetensors")
    assert converted.fill(a_chorale(), GIVEN, seed=2) == saved.fill(a_chorale(), GIVEN, seed=2)
    try_out(converted)


def test_what_is_converted_passes_the_check_of_uploads(command, tmp_path):
    command(seed="3")
    with (tmp_path / "out.safetensors").open("rb") as stream:
        metadata = checked_metadata(read_header(stream).metadata, OURS)
    assert (metadata.family, metadata.split, metadata.seed) == ("flagship", "own", 3)
    assert [member.trained_on for member in metadata.members] == [{"BWV1", "BWV2"}]
    assert metadata.command.startswith("python -m generator.training.convert --family=flagship")


def test_names_of_files_are_taken_as_well_as_those_of_the_code(command, tmp_path):
    stored = {name: torch.from_numpy(v) for name, v in Flagship.debug().to_tensors().items()}
    assert stored.keys() != state_of(Flagship.debug()).keys()
    command(state=stored)
    Flagship.load(tmp_path / "out.safetensors")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_are_cast(kind, command, tmp_path):
    wanted = {name: value.to(kind) for name, value in state_of(Flagship.debug()).items()}
    command(state=wanted)
    held = Flagship.load(tmp_path / "out.safetensors").network.state_dict()
    for name, value in wanted.items():
        assert torch.equal(held[name], value.half().float()), name


def test_a_toml_config_is_read(command, tmp_path):
    (tmp_path / "markov.toml").write_text("states = 24\n")
    command("markov", config_file="markov.toml")
    assert Markov.load(tmp_path / "out.safetensors").config.states == 24


def test_members_have_a_file_each(command, tmp_path):
    torch.save(state_of(Markov.debug()), tmp_path / "v.pt")
    (tmp_path / "works.json").write_text('[["BWV2"], ["BWV1"]]')
    (tmp_path / "folds.json").write_text('[["BWV1"], ["BWV2"]]')
    said = command(
        "markov", weights="w.pt v.pt", works="works.json", folds="folds.json", split="folds"
    )
    assert "markov, 2 member(s)" in said
    assert Markov.load(tmp_path / "out.safetensors").members == 2


class TestPickles:
    def test_the_warning_names_the_danger_before_anything_is_read(self, tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "generator.training.convert", "--family=markov",
             "--config=no", "--weights=no", "--works=no", "--split=own", "--out=no"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        for words in ("CVE-2025-32434", "CVE-2026-24747", "on your own machine", "pickle"):
            assert words in done.stderr
        assert done.stderr.splitlines()[-1] == "no: No such file or directory"

    @pytest.mark.parametrize("form", ["zip", "old", "pickle"])
    def test_one_that_would_run_code_is_refused_and_runs_nothing(self, form, refused, tmp_path):
        bomb = {"a": torch.zeros(2), "b": Bomb(tmp_path / "exploded")}
        if form == "pickle":
            (tmp_path / "w.pt").write_bytes(pickle.dumps(bomb))
        else:
            torch.save(bomb, tmp_path / "w.pt", _use_new_zipfile_serialization=form == "zip")
        said = refused("w.pt is refused: it is damaged, or holds more than tensors, and that could")
        assert "weights_only" not in said
        assert not (tmp_path / "exploded").exists()

    @pytest.mark.parametrize("content", [b"", b"weights", b"PK\x03\x04" + bytes(40), b"\x80\x02"])
    def test_a_damaged_one_is_refused(self, content, refused, tmp_path):
        (tmp_path / "w.pt").write_bytes(content)
        refused("w.pt is refused: it is damaged")

    @pytest.mark.parametrize(
        ("state", "message"),
        [([torch.zeros(2)], "w.pt holds list, not a state dict with tensors"),
         ({}, "w.pt holds dict, not a state dict with tensors"),
         ({"state_dict": {"a": torch.zeros(2)}, "step": 3}, "'state_dict' is dict, not a tensor; "),
         ({3: torch.zeros(2)}, "w.pt: 3 is Tensor, not a tensor"),
         ({"a": torch.zeros(2).to_sparse()}, "a is torch.float32, torch.sparse_coo; save it as a")],
    )  # fmt: skip
    def test_what_is_no_state_dict_is_refused(self, state, message, refused):
        refused(message, state=state)


class TestMisfits:
    def test_weights_of_another_family(self, refused):
        words = r"w.pt: the state does not .*: missing: after.0.weight, .* and \d+ more; unknown: "
        refused(words, state=state_of(Markov.debug()))

    def test_tensors_of_other_names_shapes_and_kinds_are_listed_together(self, refused):
        state = state_of(Markov.debug())
        state["surprise"] = state.pop("first")
        state["moves"] = state["moves"][:-1]
        state["types"] = state["types"].float()
        refused(
            r"config: missing: first; unknown: surprise; of another kind or shape: moves \(float32 "
            r"\(.*\), not float32 \(.*\)\), types \(float32 \(.*\), not int32 \('any', 4\)\)$",
            "markov",
            state=state,
        )

    @pytest.mark.parametrize("value", [1e6, float("nan")])
    def test_numbers_that_half_precision_cannot_hold(self, value, refused):
        state = state_of(Flagship.debug())
        name = next(iter(state))
        state[name].view(-1)[0] = value
        refused("tensor '.*' holds numbers that float16 cannot hold", state=state)

    def test_counts_that_a_smaller_type_cannot_hold(self, refused):
        state = {name: value.clone() for name, value in state_of(Markov.debug()).items()}
        state["types"] = state["types"].long() + 2**40
        refused("tensor 'types' holds numbers that int32 cannot hold", "markov", state=state)

    def test_tensors_that_contradict_each_other(self, refused):
        state = {name: value.clone() for name, value in state_of(Markov.debug()).items()}
        state["types"] = state["types"][:1]
        refused("w.pt: the state does not fit the config: ", "markov", state=state)

    @pytest.mark.parametrize("config", [{"zeal": 1}, {"width": -1}, {"width": "wide"}])
    def test_a_config_of_another_family(self, config, refused):
        refused("config.json: .*(zeal|width)", config=config)

    def test_a_config_that_is_no_table(self, refused):
        refused(r"config.json: \[1\] is no table of settings", config=[1])


class TestProvenance:
    @pytest.mark.parametrize(
        ("text", "message"),
        [("", r"works.txt is empty; write \[\] if no"), ("[1]", r"works.txt: \[1\] is not a list"),
         ('["BWV1"', "works.txt: Expecting"), ('[["BWV1"]]', "is not a list of names of works")],
    )  # fmt: skip
    def test_works_that_are_no_names(self, text, message, refused, tmp_path):
        (tmp_path / "mine.txt").write_text(text)
        refused(message.replace("works.txt", "mine.txt"), works="mine.txt")

    def test_no_works_are_said_so(self, command, tmp_path):
        (tmp_path / "none.json").write_text("[]")
        command("markov", works="none.json")

    def test_a_work_that_a_member_saw_and_is_to_write(self, refused, tmp_path):
        (tmp_path / "lists.json").write_text('[["BWV1"]]')
        words = "member 0 was trained on BWV1, a work of its own fold"
        refused(words, "markov", works="lists.json", folds="lists.json", split="folds")

    @pytest.mark.parametrize("options", [{"split": "folds"}, {"weights": "w.pt w.pt"}])
    def test_members_without_folds(self, options, refused):
        refused("say with --folds which works each member never saw", **options)

    def test_a_fold_without_works(self, refused, tmp_path):
        (tmp_path / "folds.json").write_text("[[]]")
        (tmp_path / "works.json").write_text('[["BWV1"]]')
        words = "folds.json: a fold is empty; list the works of each"
        refused(words, "markov", works="works.json", folds="folds.json", split="folds")

    def test_what_is_not_known_is_left_out(self, command, tmp_path):
        command("markov")
        stored = read_metadata(tmp_path / "out.safetensors")
        assert not {"seed", "data", "folds"} & stored.keys()

    def test_another_number_of_lists_than_of_weights(self, refused, tmp_path):
        (tmp_path / "lists.json").write_text('[["BWV1"], ["BWV2"]]')
        words = "lists.json: write a JSON list of 1 lists of works, one for each --weights"
        refused(words, works="lists.json", folds="lists.json")

    def test_a_file_that_is_there_is_not_overwritten(self, command, tmp_path):
        (tmp_path / "out.safetensors").write_text("mine")
        with pytest.raises(SystemExit, match="exists; choose another --out, or remove it"):
            command()
        assert (tmp_path / "out.safetensors").read_text() == "mine"


def test_two_names_of_one_tensor_are_refused(refused):
    state = dict(state_of(Flagship.debug()))
    code_name = next(name for name in state if Flagship.stored_name(name) != name)
    state[Flagship.stored_name(code_name)] = state[code_name]
    refused("two of its tensors have the same name in a checkpoint", state=state)


def test_a_state_is_cast_in_a_notebook_too():
    wide = {
        name: values.astype(np.float64) for name, values in Flagship.debug().to_tensors().items()
    }
    again = Flagship.from_state(Flagship.debug().config, wide)
    for name, values in Flagship.debug().to_tensors().items():
        assert np.array_equal(again.to_tensors()[name], values), name
