"""How the flagship writes: all beats once, then annealed Gibbs over beats, then repair.

All are composable steps over the same draft; given cells are asserted untouched at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generator.families.flagship.network import Network
from generator.families.flagship.repair import faults
from generator.families.flagship.sampler_state import Draft, Heat
from generator.families.flagship.tokens import Grid
from generator.music.grid.chorale import STEPS_PER_QUARTER

BEHIND, AHEAD = 16, 8
"""Beats that the first writing of a beat looks at; Gibbs and repair look at all of the piece."""
LOUDEST = 10
"""The most that lines and biases may count; far beyond it scores leave what a float can hold."""
EVERY = 0.7
"""How often repair writes a beat anew in all of its open voices: some faults no one voice mends."""


@dataclass(frozen=True)
class SamplingPlan:
    """Settings of a fill; the defaults are what plays in the quiz."""

    sweeps: int = 36
    """Sweeps of Gibbs over beats."""
    spacing: int = 3
    """Every so many beats are written anew at once, too far apart to disturb each other."""
    temperature: float = 0.3
    """Of pitches."""
    rhythm: float = 0.7
    """Temperature of whether a note begins; where it is low, passing notes are lost."""
    cooling: float = 0.5
    """Factor on the temperature at the last sweep; between them it falls evenly."""
    lines: float = 0.5
    """How much a voice's own line counts; all of it, so cold, drowns the chords."""
    bias: float = 1.0
    """How much the biases against what comes too often count (`flagship_biases`)."""
    repairs: int = 24
    """Most rounds of repair; 0 leaves the faults in."""
    mending: float = 1.1
    """Temperature of repair: what was surest is what was wrong."""

    def __post_init__(self) -> None:
        if self.spacing < 1:
            raise ValueError(f"spacing {self.spacing}; it must be at least 1")
        for name in ("sweeps", "repairs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} {getattr(self, name)}; it must be at least 0")
        for name in ("lines", "bias"):
            if not 0 <= getattr(self, name) <= LOUDEST:
                raise ValueError(f"{name} {getattr(self, name)}; it must be 0 to {LOUDEST}")
        for name in ("temperature", "rhythm", "cooling", "mending"):
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
    state = Draft(network, grid, visible, shifts, seeds, plan.lines, plan.bias)
    in_time(state, plan)
    by_beats(state, plan)
    by_repair(state, plan)
    assert torch.equal(state.tokens[visible], grid.tokens[visible])
    return state.tokens


def in_time(state: Draft, plan: SamplingPlan) -> None:
    """Write from left to right, each plan seeing what is given and what was written around."""
    for beat in range(state.beats):
        past = torch.zeros_like(state.given)
        past[:, :, : beat * STEPS_PER_QUARTER] = True
        block = ~state.given & ~past
        block[:, :, (beat + 1) * STEPS_PER_QUARTER :] = False
        if block.any():
            within = max(0, beat - BEHIND), min(state.beats, beat + 1 + AHEAD)
            heat = Heat(plan.temperature, plan.rhythm)
            state.write(block, state.given | past, heat, within=within)


def by_beats(state: Draft, plan: SamplingPlan) -> None:
    """Write beats anew, each in one voice, cooler as it goes (annealed block Gibbs).

    All voices of a beat at once come out as chords that are new to Bach; the card has the figures.
    """
    for index in range(plan.sweeps):
        done = index / max(1, plan.sweeps - 1)
        heat = plan.temperature * (1 + (plan.cooling - 1) * done)
        block = _spread(_open_beats(state, plan.spacing)) & ~state.given
        state.write(block, ~block, Heat(heat, plan.rhythm))


def by_repair(state: Draft, plan: SamplingPlan) -> None:
    """Write beats with faults anew, alone and by twos in turn, and keep what is better."""
    vocabulary = state.network.vocabulary
    for index in range(plan.repairs):
        wrong = state.at_source(faults(state.tokens, vocabulary, state.ends))
        near = _mendable(state, wrong)
        if not near.any():
            return
        span = 1 + index % 2
        first = _faulty_beats(state, near, span)
        before = state.tokens.clone()
        blocks = [_spread(_later(first, beat)) & ~state.given for beat in range(span)]
        for done, block in enumerate(blocks):
            state.write(block, ~torch.stack(blocks[done:]).any(0), Heat(plan.mending, plan.rhythm))
        now = state.at_source(faults(state.tokens, vocabulary, state.ends))
        change = _by_beat(now) - _by_beat(wrong)
        # Notes can put their own beats wrong, or the one that follows.
        better = first.any(1) & (sum(_sooner(change, beat) for beat in range(span + 1)) < 0)
        kept = torch.stack([_later(better, beat) for beat in range(span)]).any(0)
        state.tokens = state.held_on(torch.where(_spread(kept)[:, None], state.tokens, before))


def _open_beats(state: Draft, spacing: int) -> Tensor:
    """bool (B, 4, N): every `spacing`-th beat, in one of its open voices."""
    draws = state.random(5)
    offset = (draws[:, 4, 0] * spacing).long()
    score = draws[:, :4] + state.open
    chosen = score == score.max(dim=1, keepdim=True).values
    place = torch.arange(state.beats)[None] + offset[:, None]
    return chosen & state.open & (place % spacing == 0)[:, None]


def _mendable(state: Draft, wrong: Tensor) -> Tensor:
    """bool (B, 4, N): voices at fault in a beat or in the next one, where they are open."""
    near = _any_by_beat(wrong)
    return (near | _sooner(near, 1)) & state.open


def _faulty_beats(state: Draft, near: Tensor, span: int) -> Tensor:
    """bool (B, 4, N): first beats of spans to write anew, in one voice that could mend or in all.

    Spans lie a beat apart, or each would be judged by the other's notes.
    """
    near = torch.stack([_sooner(near, beat) for beat in range(span)]).any(0)
    draws = state.random(6, near.flatten(1).any(1))
    score = draws[:, :4] * near
    chosen = (score == score.max(dim=1, keepdim=True).values) & (score > 0)
    every = near.any(1) & (draws[:, 5] < EVERY)
    chosen = torch.where(every[:, None], state.open, chosen)
    offset = (draws[:, 4, :1] * (span + 1)).long()
    return chosen & ((torch.arange(state.beats)[None] + offset) % (span + 1) == 0)[:, None]


def _spread(beats: Tensor) -> Tensor:
    """(..., N) of beats as (..., T) of steps."""
    return beats.repeat_interleave(STEPS_PER_QUARTER, dim=-1)


def _any_by_beat(cells: Tensor) -> Tensor:
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).any(-1)


def _by_beat(cells: Tensor) -> Tensor:
    """Number of cells (B, 4, T) that are true, in each beat (B, N)."""
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).sum((1, 3))


def _sooner(beats: Tensor, by: int) -> Tensor:
    """What is said of a beat (..., N), said `by` beats before it."""
    moved = torch.zeros_like(beats)
    moved[..., : max(0, beats.shape[-1] - by)] = beats[..., by:]
    return moved


def _later(beats: Tensor, by: int) -> Tensor:
    """What is said of a beat (..., N), said `by` beats after it."""
    moved = torch.zeros_like(beats)
    moved[..., by:] = beats[..., : max(0, beats.shape[-1] - by)]
    return moved
