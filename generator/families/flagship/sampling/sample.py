"""How the flagship writes: all beats once in time order, then annealed Gibbs, sweeps in which a
critic chooses, and repair.

Each is a step over the same state; given cells are asserted untouched at the end. A chorale from
nothing can get its cadences before all else.

Legend: B batch, T steps, N beats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from generator.families.fill_run import FillRun, Stretch
from generator.families.flagship.critic import Critic
from generator.families.flagship.sampling.beats import (
    advanced,
    any_by_beat,
    count_by_beat,
    delayed,
    steps_of,
)
from generator.families.flagship.sampling.cadence_plan import plan_cadences
from generator.families.flagship.sampling.config import SamplingConfig
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.gibbs import critic_scores, critic_sweeps, gibbs
from generator.families.flagship.sampling.phrase_closing import ROUNDS, close_phrases
from generator.families.flagship.sampling.repair import FaultFinder
from generator.families.flagship.sampling.state import SamplerState, Temperatures
from generator.families.flagship.tokens import TokenGrid
from generator.music.grid.chorale import STEPS_PER_QUARTER

BEATS_BEFORE, BEATS_AFTER = 16, 8
"""What the first writing of a beat sees; Gibbs and repair see the whole piece."""
ALL_VOICES = 0.7
"""How often repair rewrites a beat in all its written voices: some faults need more than one."""


@dataclass(frozen=True)
class WritingRules:
    """What belongs to the composer, not to a fill."""

    find_faults: FaultFinder
    """What repair removes."""
    critic: Critic | None = None
    """What chooses among drafts, once a piece is written."""
    released_fermatas: float = 0.0
    """The share of fermatas under which written voices may move."""
    open_heat: float = 1.0
    """A factor on the temperature of pitches in beats where nothing is given, until repair."""
    plans_ends: bool = False
    """Cadences of a chorale from nothing are written first, and open phrases closed last."""


def sample(
    ensemble: Ensemble,
    grid: TokenGrid,
    given: Tensor,
    *,
    shifts: list[int],
    seeds: list[int],
    config: SamplingConfig,
    run: FillRun,
    rules: WritingRules,
) -> Tensor:
    """Tokens (B, 4, T) with all cells written that are not `given` (bool (B, 4, T))."""
    if not config.critic:  # heat is there for a critic to choose from
        rules = replace(rules, critic=None, open_heat=1.0)
    state = SamplerState(
        ensemble, grid, given, shifts, seeds, config.melodic_weight, config.bias, rules.open_heat
    )
    writing = run.needed(state.beats)
    sweeps, repairs = run.steps(config.sweeps), run.steps(config.repairs)
    judged = run.steps(config.critic_sweeps if rules.critic else 0)
    closing = run.steps(ROUNDS if rules.plans_ends and config.repairs else 0)
    temperatures = Temperatures(config.temperature, config.rhythm)
    plan = plan_cadences(state, temperatures, run) if rules.plans_ends else None
    if plan is not None:
        state.keep(plan.goals | plan.approaches)
    write_in_time(state, config, writing)
    if plan is not None:
        state.keep(plan.basses)
    gibbs(state, config, sweeps, rules.released_fermatas)
    if rules.critic:
        critic_sweeps(state, config, judged, rules.critic)
    state.open_heat = 1.0
    repair(state, config, repairs, rules)
    if rules.plans_ends:
        temperatures = Temperatures(config.repair_temperature, config.rhythm)
        close_phrases(state, temperatures, closing)
    assert torch.equal(state.tokens[given], grid.tokens[given])
    return state.tokens


def write_in_time(state: SamplerState, config: SamplingConfig, writing: Stretch) -> None:
    """Write beat after beat; each sees what is given and what was written before it."""
    temperatures = Temperatures(config.temperature, config.rhythm)
    for beat in writing:
        past = torch.zeros_like(state.given)
        past[:, :, : beat * STEPS_PER_QUARTER] = True
        block = ~state.kept & ~past
        block[:, :, (beat + 1) * STEPS_PER_QUARTER :] = False
        if block.any():
            within = max(0, beat - BEATS_BEFORE), min(state.beats, beat + 1 + BEATS_AFTER)
            state.write(block, state.kept | past, temperatures, within=within)


def repair(
    state: SamplerState, config: SamplingConfig, repairs: Stretch, rules: WritingRules
) -> None:
    """Rewrite faulty beats, singly and in pairs by turns, and keep what has fewer faults.

    If there is a critic, it chooses among the drafts that have the fewest. Planned basses are
    rewritten in the last third of the rounds, if nothing else has helped.
    """
    rows = torch.ones(len(state.tokens), dtype=torch.bool)  # those that may have changed
    faulty = _faulty(state, state.tokens, rules, rows)
    for index in repairs:
        if index == 2 * len(repairs) // 3:
            state.keep(torch.zeros_like(state.given))
        candidates = _repairable(state, faulty)
        if not candidates.any():
            if torch.equal(state.kept, state.given):
                return
            continue
        span = 1 + index % 2
        first = _drawn_faulty_beats(state, candidates, span)
        rows = candidates.flatten(1).any(1)
        before = state.tokens
        drafts = _repair_drafts(state, config, rules, first, span)
        state.tokens = before
        counts = [count_by_beat(_faulty(state, draft, rules, rows)) for draft in drafts]
        change = torch.stack(counts) - count_by_beat(faulty & rows[:, None, None])
        # New notes can put their own beats at fault, or the beat that follows.
        changes = torch.stack([advanced(change, beat) for beat in range(span + 1)]).sum(0)
        fewest = changes.min(0).values
        chosen = _chosen_drafts(state, rules, drafts, changes == fewest, span)
        better = first.any(1) & (fewest < 0)
        taken = (chosen + 1) * better
        taken = torch.stack([delayed(taken, beat) for beat in range(span)]).sum(0)
        choices = torch.cat((before[None], drafts))
        place = steps_of(taken)[None, :, None].expand(1, *before.shape)
        state.tokens = state.extend_fermatas(choices.gather(0, place)[0])
        changed = _faulty(state, state.tokens, rules, rows)
        faulty = torch.where(rows[:, None, None], changed, faulty)


def _faulty(state: SamplerState, tokens: Tensor, rules: WritingRules, rows: Tensor) -> Tensor:
    return state.propagate_to_onset(rules.find_faults(tokens, state.phrase_ends, rows))


def _repair_drafts(
    state: SamplerState, config: SamplingConfig, rules: WritingRules, first: Tensor, span: int
) -> Tensor:
    """(K, B, 4, T): spans of beats from the `first` ones on, rewritten; drafts of their last."""
    temperatures = Temperatures(config.repair_temperature, config.rhythm)
    blocks = [steps_of(delayed(first, beat)) & ~state.kept for beat in range(span)]
    for done, block in enumerate(blocks[:-1]):
        state.write(block, ~torch.stack(blocks[done:]).any(0), temperatures)
    return state.drafts(blocks[-1], temperatures, config.repair_drafts if rules.critic else 1)


def _chosen_drafts(
    state: SamplerState, rules: WritingRules, drafts: Tensor, allowed: Tensor, span: int
) -> Tensor:
    """(B, N): for each span that begins there, the `allowed` draft that a critic likes best."""
    if rules.critic is None or len(drafts) == 1:
        return torch.zeros(allowed.shape[1:], dtype=torch.long)
    scores = critic_scores(state, drafts, rules.critic, span)
    return scores.masked_fill(~allowed, -torch.inf).argmax(0)


def _repairable(state: SamplerState, faulty: Tensor) -> Tensor:
    """bool (B, 4, N): written voices with a fault in the beat or in the next one."""
    beats = any_by_beat(faulty)
    return (beats | advanced(beats, 1)) & state.written_beats


def _drawn_faulty_beats(state: SamplerState, candidates: Tensor, span: int) -> Tensor:
    """bool (B, 4, N): first beats of the spans to rewrite, in one candidate voice or in all voices.

    Spans lie a beat apart, or each would be judged by the notes of the other.
    """
    candidates = torch.stack([advanced(candidates, beat) for beat in range(span)]).any(0)
    uniforms = state.uniforms(6, candidates.flatten(1).any(1))
    score = uniforms[:, :4] * candidates
    chosen = (score == score.max(dim=1, keepdim=True).values) & (score > 0)
    in_all_voices = candidates.any(1) & (uniforms[:, 5] < ALL_VOICES)
    chosen = torch.where(in_all_voices[:, None], state.written_beats, chosen)
    offset = (uniforms[:, 4, :1] * (span + 1)).long()
    return chosen & ((torch.arange(state.beats)[None] + offset) % (span + 1) == 0)[:, None]
