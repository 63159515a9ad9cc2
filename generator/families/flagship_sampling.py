"""How the flagship writes: confidence order, then annealed Gibbs over beats, then repair.

All are composable steps over the same state (tokens, visible cells); given cells are asserted
untouched at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from generator.families.flagship_repair import faults
from generator.families.flagship_tokens import Grid, Vocabulary
from generator.music.chorale import STEPS_PER_QUARTER

Conditionals = Callable[[Grid, Tensor], Tensor]


@dataclass(frozen=True)
class SamplingPlan:
    """Settings of a fill; the defaults are what plays in the quiz."""

    rounds: int = 32
    """Passes of the confidence order; each fixes the surest of the cells still open."""
    sweeps: int = 16
    """Sweeps of Gibbs over beats; each takes as many passes as a beat has steps."""
    spacing: int = 3
    """Every so many beats are written anew at once, too far apart to disturb each other."""
    temperature: float = 0.9
    cooling: float = 0.7
    """Factor on the temperature at the last sweep; between them it falls evenly."""
    repairs: int = 16
    """Most rounds of repair; 0 leaves the faults in."""


def sample(
    network: Conditionals,
    grid: Grid,
    visible: Tensor,
    *,
    plan: SamplingPlan,
    generator: torch.Generator,
) -> Tensor:
    """Tokens (1, 4, T) with all hidden cells written."""
    vocabulary: Vocabulary = network.vocabulary  # type: ignore[attr-defined]
    barred = ~vocabulary.allowed()[:, None, :]
    state = _State(network, grid, visible, barred, generator)
    by_confidence(state, plan)
    by_beats(state, plan)
    by_repair(state, plan)
    assert torch.equal(state.tokens[visible], grid.tokens[visible])
    return state.tokens


@dataclass
class _State:
    network: Conditionals
    grid: Grid
    given: Tensor
    barred: Tensor
    generator: torch.Generator

    def __post_init__(self) -> None:
        self.tokens = torch.where(self.given, self.grid.tokens, 0)
        self.visible = self.given.clone()

    def draw(self, temperature: float) -> tuple[Tensor, Tensor]:
        """A token for every cell, and the probability it had."""
        logits = self.network(Grid(self.tokens, self.grid.frame), self.visible)
        logits = logits.masked_fill(self.barred, -math.inf) / temperature
        uniform = torch.rand(logits.shape, generator=self.generator).clamp_(1e-9, 1 - 1e-7)
        drawn = (logits - (-uniform.log()).log()).argmax(dim=-1)
        chance = logits.softmax(dim=-1).gather(-1, drawn[..., None])[..., 0]
        return drawn, chance


def by_confidence(state: _State, plan: SamplingPlan) -> None:
    """Fix the surest cells first, by a cosine schedule: few at the start, many at the end."""
    open_cells = int((~state.visible).sum())
    rounds = min(plan.rounds, open_cells)
    for index in range(rounds):
        drawn, chance = state.draw(plan.temperature)
        left = math.floor(open_cells * math.cos(math.pi / 2 * (index + 1) / rounds))
        hidden = ~state.visible
        fix = int(hidden.sum()) - left
        if fix < 1:
            continue
        noise = torch.rand(chance.shape, generator=state.generator)
        score = torch.where(hidden, chance * (0.5 + noise), -1.0)
        chosen = torch.zeros_like(hidden).flatten()
        chosen[score.flatten().topk(fix).indices] = True
        chosen = chosen.view_as(hidden)
        state.tokens = torch.where(chosen, drawn, state.tokens)
        state.visible = state.visible | chosen


def by_beats(state: _State, plan: SamplingPlan) -> None:
    """Write beats of single voices anew, step by step, cooler as it goes (annealed block Gibbs).

    Within a beat every step sees the one before it, and no two beats near each other are open at
    once: cells drawn blindly side by side are what gives parallels and stray sixteenths.
    """
    written = ~state.given
    beat, place = _beats(state.grid)
    for index in range(plan.sweeps):
        done = index / max(1, plan.sweeps - 1)
        heat = plan.temperature * (1 + (plan.cooling - 1) * done)
        block = written & _open_beats(beat, plan.spacing, written, state.generator)
        _write_by_step(state, block, place, heat)


def by_repair(state: _State, plan: SamplingPlan) -> None:
    """Write beats with faults anew, in one of the voices at fault, and keep what is better."""
    written = ~state.given
    beat, place = _beats(state.grid)
    vocabulary: Vocabulary = state.network.vocabulary  # type: ignore[attr-defined]
    for _ in range(plan.repairs):
        wrong = faults(state.tokens[0], vocabulary)
        counts = _by_beat(wrong, beat)
        block = written & _faulty_beats(wrong, beat, written, state.generator)
        if not block.any():
            return
        before = state.tokens
        _write_by_step(state, block, place, plan.temperature)
        after = _by_beat(faults(state.tokens[0], vocabulary), beat)
        # A beat's notes can put its own beat or the next one wrong.
        better = after + after.roll(-1) < counts + counts.roll(-1)
        state.tokens = torch.where(better[beat], state.tokens, before)


def _write_by_step(state: _State, block: Tensor, place: Tensor, heat: float) -> None:
    state.visible = ~block
    for step in range(STEPS_PER_QUARTER):
        now = block & (place == step)
        if not now.any():
            continue
        drawn, _ = state.draw(heat)
        state.tokens = torch.where(now, drawn, state.tokens)
        state.visible = state.visible | now
    state.visible = torch.ones_like(state.given)


def _by_beat(cells: Tensor, beat: Tensor) -> Tensor:
    """Number of cells (4, T) that are true, in each beat."""
    return torch.zeros(int(beat[-1]) + 1).index_add_(0, beat, cells.sum(0).float())


def _faulty_beats(
    wrong: Tensor, beat: Tensor, written: Tensor, generator: torch.Generator
) -> Tensor:
    """(1, 4, T): each beat with a fault, or before one, in one voice that is written there."""
    count = int(beat[-1]) + 1
    near = wrong.clone()
    near[:, :-1] |= wrong[:, 1:]
    there = torch.zeros(4, count).index_add_(1, beat, (near & written[0]).float())
    score = torch.rand(4, count, generator=generator) * (there > 0)
    chosen = (score == score.max(dim=0).values) & (score > 0)
    # Two beats side by side would each be judged by the other's notes.
    parity = int(torch.randint(2, (1,), generator=generator))
    chosen &= torch.arange(count) % 2 == parity
    return chosen[:, beat][None]


def _beats(grid: Grid) -> tuple[Tensor, Tensor]:
    """Number of the beat and place in it, each (T,), from the frame's place in the bar."""
    place = grid.frame[0, 0] % STEPS_PER_QUARTER
    starts = place == 0
    starts = starts.clone()
    starts[0] = True
    return starts.cumsum(0) - 1, place


def _open_beats(beat: Tensor, spacing: int, written: Tensor, generator: torch.Generator) -> Tensor:
    """(1, 4, T): every `spacing`-th beat in one voice, drawn among those written there."""
    count = int(beat[-1]) + 1
    offset = int(torch.randint(spacing, (1,), generator=generator))
    there = torch.zeros(4, count).index_add_(1, beat, written[0].float())
    score = torch.rand(4, count, generator=generator) + (there > 0)
    chosen = score == score.max(dim=0).values
    chosen &= (torch.arange(count) + offset) % spacing == 0
    return chosen[:, beat][None]
