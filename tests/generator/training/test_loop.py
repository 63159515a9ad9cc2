from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from generator.training.loop import Loop, LoopConfig, Stage
from generator.training.states import StateFiles


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))


def line_loop(
    state: Path, steps: int, *, target: float = 1.0, keep_after: int = 0, patience: int = 50
) -> Loop:
    def loss(net, step, rng):
        noise = torch.from_numpy(rng.normal(size=3) * 0.1)
        return ((net.weight - target - noise) ** 2).sum()

    def validate(net):
        return {"score": float(((net.weight.detach() - target) ** 2).sum())}

    config = LoopConfig(
        steps=steps, validate_every=5, learning_rate=0.05, warmup=1, patience=patience
    )
    torch.manual_seed(0)
    stage = Stage(config, keep_after=keep_after)
    return Loop(Line(), stage, loss, validate, StateFiles(state))


def test_a_killed_run_goes_on_as_if_unbroken(tmp_path):
    whole = line_loop(tmp_path / "whole.state", 40)
    whole.run(progress=False)
    cut = line_loop(tmp_path / "cut.state", 40)
    for _ in range(20):
        cut._learn()
        if cut.step % 5 == 0:
            cut._validate()
    for _ in range(3):  # learnt after the last save, and so lost
        cut._learn()
    again = line_loop(tmp_path / "cut.state", 40)
    again.run(progress=False)
    assert torch.equal(again.averaged.weight, whole.averaged.weight)
    assert again.log == whole.log


def test_a_run_that_no_longer_gains_stops_early(tmp_path):
    loop = line_loop(tmp_path / "early.state", 1000, patience=3)
    loop.validate = lambda net: {"score": 1.0}
    loop.run(progress=False)
    assert loop.step == 20
    assert loop.best["step"] == 5


def test_weights_from_before_a_part_is_trained_are_not_kept_though_they_score_better(tmp_path):
    loop = line_loop(tmp_path / "late.state", 60, keep_after=20, patience=3)
    loop.validate = lambda net: {"score": float(loop.step > 20)}
    loop.run(progress=False)
    assert loop.best["step"] == 25
    assert loop.step == 40  # patience begins there


@pytest.mark.parametrize("steps", [20, 15])
def test_a_run_too_short_to_keep_any_weights_is_refused_with_both_numbers(tmp_path, steps):
    message = f"kept after step 20, but there are only {steps} steps; train more than 20$"
    with pytest.raises(ValueError, match=message):
        line_loop(tmp_path / "never.state", steps, keep_after=20)


CHANGES = ("another network", "no optimizer", "truncated", "empty", "text")


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_that_does_not_fit_is_named_with_the_way_out(tmp_path, change):
    path = tmp_path / "old.state"
    line_loop(path, 5).run(progress=False)
    state = torch.load(path, weights_only=True)
    if change == "another network":
        state["network"] = {"weight": torch.zeros(4)}
        torch.save(state, path)
    elif change == "no optimizer":
        torch.save({name: state[name] for name in state if name != "optimizer"}, path)
    else:
        damaged = {"truncated": path.read_bytes()[:500], "empty": b"", "text": b"steps = 5"}
        path.write_bytes(damaged[change])
    with pytest.raises(
        ValueError, match=r"old\.state is not a state .*; delete .*old\.\*state to train"
    ):
        line_loop(path, 5).run(progress=False)
