"""How the flagship writes: in time order, then annealed Gibbs over beats, then repair.

All are composable steps over the same draft; given cells are asserted untouched at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generator.families.flagship_draft import Draft
from generator.families.flagship_network import Network
from generator.families.flagship_repair import faults
from generator.families.flagship_tokens import Grid
from generator.music.chorale import STEPS_PER_QUARTER


@dataclass(frozen=True)
class SamplingPlan:
    """Settings of a fill; the defaults are what plays in the quiz."""

    stride: int = 1
    """Beats that are written on one plan, from left to right, before the next plan is made."""
    sweeps: int = 12
    """Sweeps of Gibbs over beats."""
    spacing: int = 3
    """Every so many beats are written anew at once, too far apart to disturb each other."""
    temperature: float = 0.5
    cooling: float = 0.5
    """Factor on the temperature at the last sweep; between them it falls evenly."""
    repairs: int = 16
    """Most rounds of repair; 0 leaves the faults in."""
    mending: float = 0.7
    """Temperature of repair: what was surest is what was wrong."""

    def __post_init__(self) -> None:
        for name in ("stride", "spacing"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)}; it must be at least 1")
        for name in ("sweeps", "repairs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)}; it must be at least 0")
        for name in ("temperature", "cooling", "mending"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} {getattr(self, name)}; it must be above 0")


def sample(
    network: Network,
    grid: Grid,
    visible: Tensor,
    *,
    shifts: list[int],
    seeds: list[int],
    plan: SamplingPlan,
) -> Tensor:
    """Tokens (B, 4, T) with all hidden cells written."""
    state = Draft(network, grid, visible, shifts, seeds)
    in_time(state, plan)
    by_beats(state, plan)
    by_repair(state, plan)
    assert torch.equal(state.tokens[visible], grid.tokens[visible])
    return state.tokens


def in_time(state: Draft, plan: SamplingPlan) -> None:
    """Write from left to right, each plan seeing all that is given and all that was written."""
    for first in range(0, state.beats, plan.stride):
        past = torch.zeros_like(state.given)
        past[:, :, : first * STEPS_PER_QUARTER] = True
        block = ~state.given & ~past
        block[:, :, (first + plan.stride) * STEPS_PER_QUARTER :] = False
        if block.any():
            state.write(block, state.given | past, plan.temperature)


def by_beats(state: Draft, plan: SamplingPlan) -> None:
    """Write beats anew, in one voice or in all, cooler as it goes (annealed block Gibbs)."""
    for index in range(plan.sweeps):
        done = index / max(1, plan.sweeps - 1)
        heat = plan.temperature * (1 + (plan.cooling - 1) * done)
        block = _spread(_open_beats(state, plan.spacing)) & ~state.given
        state.write(block, ~block, heat)


def by_repair(state: Draft, plan: SamplingPlan) -> None:
    """Write beats with faults anew, in one of the voices at fault, and keep what is better."""
    vocabulary = state.network.vocabulary
    for _ in range(plan.repairs):
        wrong = faults(state.tokens, vocabulary)
        near = _mendable(state, wrong)
        if not near.any():
            return
        block = _spread(_faulty_beats(state, near)) & ~state.given
        before = state.tokens.clone()
        counts = _by_beat(wrong)
        state.write(block, ~block, plan.mending)
        after = _by_beat(faults(state.tokens, vocabulary))
        # A beat's notes can put its own beat or the next one wrong.
        better = after + _next(after) < counts + _next(counts)
        state.tokens = torch.where(_spread(better)[:, None], state.tokens, before)


def _open_beats(state: Draft, spacing: int) -> Tensor:
    """bool (B, 4, N): every `spacing`-th beat, in one of its open voices or in all of them."""
    draws = state.random(5)
    offset = (draws[:, 4, 0] * spacing).long()
    score = draws[:, :4] + state.open
    chosen = score == score.max(dim=1, keepdim=True).values
    chosen |= (draws[:, 4] < 0.5)[:, None]
    place = torch.arange(state.beats)[None] + offset[:, None]
    return chosen & state.open & (place % spacing == 0)[:, None]


def _mendable(state: Draft, wrong: Tensor) -> Tensor:
    """bool (B, 4, N): voices at fault in a beat or in the next one, where they are open."""
    near = _any_by_beat(wrong)
    near = near | torch.nn.functional.pad(near[..., 1:], (0, 1))
    return near & state.open


def _faulty_beats(state: Draft, near: Tensor) -> Tensor:
    """bool (B, 4, N): every other beat, in one of the voices that could mend it."""
    draws = state.random(5, near.flatten(1).any(1))
    score = draws[:, :4] * near
    chosen = (score == score.max(dim=1, keepdim=True).values) & (score > 0)
    # Two beats side by side would each be judged by the other's notes.
    parity = (draws[:, 4, :1] < 0.5).long()
    return chosen & ((torch.arange(state.beats)[None] + parity) % 2 == 0)[:, None]


def _spread(beats: Tensor) -> Tensor:
    """(..., N) of beats as (..., T) of steps."""
    return beats.repeat_interleave(STEPS_PER_QUARTER, dim=-1)


def _any_by_beat(cells: Tensor) -> Tensor:
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).any(-1)


def _by_beat(cells: Tensor) -> Tensor:
    """Number of cells (B, 4, T) that are true, in each beat (B, N)."""
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).sum((1, 3))


def _next(counts: Tensor) -> Tensor:
    return torch.nn.functional.pad(counts[..., 1:], (0, 1))
