"""What is measured before training, and which state is used after a stop, change no result."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

from generator.training.loop import Loop
from generator.training.run import train
from generator.training.states import StateFiles
from tests.generator.training.toy_trainers import TargetTrainer, gradient_config

pytestmark = pytest.mark.usefixtures("small_split")

CONFIG = gradient_config(steps=8, validate_every=2)
DAMAGES = ("none", "truncated", "empty", "text", "a bit", "missing", "no optimizer")


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("unbroken") / "toy.safetensors"


def weights(path: Path) -> bytes:
    return load_file(path)["weight"].tobytes()


def killed_at(step: int, monkeypatch) -> None:
    """Stop the training, not the rehearsal before it, after so many steps."""
    learn = Loop._learn

    def until(self: Loop) -> float:
        if self.step == step and self.states.newest.name:
            raise KeyboardInterrupt
        return learn(self)

    monkeypatch.setattr(Loop, "_learn", until)


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "no optimizer":
        state = torch.load(path, weights_only=True)
        del state["optimizer"]
        torch.save(state, path)
    elif how == "a bit":  # of a weight
        number = torch.load(path, weights_only=True)["network"]["weight"].numpy().tobytes()
        at = content.index(number)
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif how != "none":
        path.write_bytes({"truncated": content[:500], "empty": b"", "text": b"steps"}[how])


@pytest.mark.parametrize("how", DAMAGES)
def test_a_run_resumed_from_either_state_equals_an_unbroken_one(
    tmp_path, unbroken, monkeypatch, caplog, how
):
    if not unbroken.exists():
        train(TargetTrainer, CONFIG, unbroken, command="")
    out = tmp_path / "toy.safetensors"
    with monkeypatch.context() as patch:
        killed_at(7, patch)
        with pytest.raises(KeyboardInterrupt):
            train(TargetTrainer, CONFIG, out, command="")
    files = StateFiles(out.with_suffix(".state"))
    steps = [torch.load(path, weights_only=True)["step"] for path in files.both]
    assert steps == [6, 4]
    damage(files.newest, how)
    train(TargetTrainer, CONFIG, out, command="")
    steps = [torch.load(path, weights_only=True)["step"] for path in files.both]
    assert steps == [8, 6]
    assert weights(out) == weights(unbroken)
    said = [f"goes on from the state before it, {files.previous}" in m for m in caplog.messages]
    assert any(said) == (how not in ("none", "missing"))


def test_measuring_changes_neither_the_result_nor_any_random_stream(tmp_path, small_split):
    measured = TargetTrainer(CONFIG, small_split)
    torch.manual_seed(5)
    stream, before = torch.random.get_rng_state(), sorted(tmp_path.iterdir())
    cost = measured.measure(keep=False)
    assert torch.equal(torch.random.get_rng_state(), stream)
    assert sorted(tmp_path.iterdir()) == before
    assert cost.step_seconds > 0
    network, scores = measured.train(tmp_path / "measured.state", keep=False)
    other = TargetTrainer(CONFIG, small_split)
    plain, plain_scores = other.train(tmp_path / "plain.state", keep=False)
    assert torch.equal(network.weight, plain.weight)
    assert scores["score"] == plain_scores["score"]


def test_the_disk_that_was_said_is_enough(tmp_path, small_split, monkeypatch):
    trainer, state = TargetTrainer(CONFIG, small_split), tmp_path / "toy.state"
    cost, most, write = trainer.measure(keep=False), [0], StateFiles.write

    def watched(self: StateFiles, *args) -> None:
        write(self, *args)
        sizes = [path.stat().st_size for path in self.both if path.exists()]
        most.append(sum(sizes))

    monkeypatch.setattr(StateFiles, "write", watched)
    trainer.train(state, keep=False)
    # The log of the validations grows by a few bytes each time.
    assert max(most) == pytest.approx(cost.state_bytes, rel=0.1)
    assert not list(tmp_path.glob("*.next.state"))
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_the_last_two_states(tmp_path, small_split, monkeypatch):
    state = tmp_path / "toy.state"
    files = StateFiles(state)
    for step in (1, 2):
        files.write({"step": step}, [])
    monkeypatch.setattr("generator.training.states.atomic_write", _full)
    with pytest.raises(OSError, match="full"):
        files.write({"step": 3}, [])
    assert [torch.load(path, weights_only=True)["step"] for path in files.both] == [2, 1]


def _full(path: Path, data: bytes) -> None:
    raise OSError("full")


@pytest.mark.parametrize("lost", [True, False])
def test_two_states_that_cannot_be_used_are_named_by_the_pattern_that_deletes_them(
    tmp_path, small_split, lost
):
    trainer, state = TargetTrainer(CONFIG, small_split), tmp_path / "toy.state"
    trainer.train(state, keep=False)
    for path in trainer.state_files(state):
        damage(path, "text")
    if lost:
        damage(state, "missing")
    with pytest.raises(ValueError, match=r"is not a state of this network .*; delete ") as refused:
        trainer.train(state, keep=False)
    pattern = str(refused.value).partition("; delete ")[2].removesuffix(" to train again")
    for path in tmp_path.glob(pattern.removeprefix(f"{tmp_path}/")):
        path.unlink()
    trainer.train(state, keep=False)


def test_steps_that_are_left_are_read_from_the_states(tmp_path, small_split, monkeypatch):
    trainer, state = TargetTrainer(CONFIG, small_split), tmp_path / "toy.state"
    assert trainer.steps_left(state) == 8
    with monkeypatch.context() as patch:
        killed_at(7, patch)
        with pytest.raises(KeyboardInterrupt):
            trainer.train(state, keep=False)
    assert trainer.steps_left(state) == 2
    damage(state, "truncated")
    assert trainer.steps_left(state) == 4
    trainer.train(state, keep=False)
    assert trainer.steps_left(state) == 0
