"""How the flagship writes: confidence order first, then annealed block Gibbs.

Both are composable steps over the same state (tokens, visible cells); given cells are asserted
untouched at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from generator.families.flagship_tokens import Grid, Vocabulary

Conditionals = Callable[[Grid, Tensor], Tensor]


@dataclass(frozen=True)
class SamplingPlan:
    """Settings of a fill; the defaults are what plays in the quiz."""

    rounds: int = 48
    """Passes of the confidence order; each fixes the surest of the cells still open."""
    sweeps: int = 48
    """Passes of Gibbs; each writes a block of the cells anew."""
    first_block: float = 0.5
    last_block: float = 0.04
    """Shares of the written cells in the first and in the last block."""
    temperature: float = 1.0
    cooling: float = 0.6
    """Factor on the temperature at the last sweep; between them it falls evenly."""


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
    by_gibbs(state, plan)
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


def by_gibbs(state: _State, plan: SamplingPlan) -> None:
    """Write blocks anew, smaller and cooler as it goes (Yao et al. 2014, annealed block Gibbs)."""
    written = ~state.given
    for index in range(plan.sweeps):
        done = index / max(1, plan.sweeps - 1)
        share = plan.first_block + (plan.last_block - plan.first_block) * done
        heat = plan.temperature * (1 + (plan.cooling - 1) * done)
        block = written & (torch.rand(written.shape, generator=state.generator) < share)
        state.visible = ~block
        drawn, _ = state.draw(heat)
        state.tokens = torch.where(block, drawn, state.tokens)
    state.visible = torch.ones_like(state.given)
