"""How the flagship writes: all beats once in time order, then annealed Gibbs, then repair.

Each is a step over the same state; given cells are asserted untouched at the end. A chorale from
nothing can get its cadences before all else.

Legend: B batch, T steps, N beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generator.families.fill_run import FillRun, Stretch
from generator.families.flagship.sampling.cadence_plan import plan_cadences
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.phrase_closing import ROUNDS, close_phrases
from generator.families.flagship.sampling.repair import FaultFinder
from generator.families.flagship.sampling.state import SamplerState, Temperatures
from generator.families.flagship.tokens import TokenGrid
from generator.families.settings import Setting
from generator.music.grid.chorale import STEPS_PER_QUARTER

BEATS_BEFORE, BEATS_AFTER = 16, 8
"""What the first writing of a beat sees; Gibbs and repair see the whole piece."""
MAX_WEIGHT = 10.0
"""The most that the melodic head and the biases may count; far above, logits overflow a float."""
ALL_VOICES = 0.7
"""How often repair rewrites a beat in all its written voices: some faults need more than one."""


TEMPERATURES = (0.001, 100.0)
SETTINGS = {
    "sweeps": Setting(36, 0, 1000, "Gibbs sweeps over the beats"),
    "block_spacing": Setting(
        3, 1, 64, "a sweep rewrites every n-th beat, too far apart to affect each other"
    ),
    "temperature": Setting(0.3, *TEMPERATURES, "temperature of pitches"),
    "rhythm": Setting(
        0.7,
        *TEMPERATURES,
        "temperature of whether a note begins; if it is low, passing notes are lost",
    ),
    "cooling": Setting(
        0.5,
        *TEMPERATURES,
        "factor on the temperature in the last sweep; it falls evenly until then",
    ),
    "melodic_weight": Setting(
        0.5, 0.0, MAX_WEIGHT, "how much the melodic head counts; at 1 it outweighs the harmony"
    ),
    "bias": Setting(
        1.0, 0.0, MAX_WEIGHT, "how much the biases against habits of the sampler count"
    ),
    "repairs": Setting(24, 0, 1000, "rounds of repair at most; 0 leaves the faults in"),
    "repair_temperature": Setting(
        1.1, *TEMPERATURES, "temperature of pitches in repair: what was most probable was wrong"
    ),
}
"""Settings of a fill; the defaults are what plays in the quiz."""


@dataclass(frozen=True)
class SamplingConfig:
    """The values of `SETTINGS` in one fill."""

    sweeps: int
    block_spacing: int
    temperature: float
    rhythm: float
    cooling: float
    melodic_weight: float
    bias: float
    repairs: int
    repair_temperature: float


def sample(
    ensemble: Ensemble,
    grid: TokenGrid,
    given: Tensor,
    *,
    shifts: list[int],
    seeds: list[int],
    config: SamplingConfig,
    run: FillRun,
    find_faults: FaultFinder,
    plans_ends: bool = False,
) -> Tensor:
    """Tokens (B, 4, T) with all cells written that are not `given` (bool (B, 4, T)).

    With `plans_ends` the cadences of a chorale from nothing are written first, and phrases that
    repair leaves open are closed by `phrase_closing`. Repair removes what `find_faults` finds.
    """
    state = SamplerState(ensemble, grid, given, shifts, seeds, config.melodic_weight, config.bias)
    writing = run.needed(state.beats)
    sweeps, repairs = run.steps(config.sweeps), run.steps(config.repairs)
    closing = run.steps(ROUNDS if plans_ends and config.repairs else 0)
    temperatures = Temperatures(config.temperature, config.rhythm)
    plan = plan_cadences(state, temperatures, run) if plans_ends else None
    if plan is not None:
        state.keep(plan.goals | plan.approaches)
    write_in_time(state, config, writing)
    if plan is not None:
        state.keep(plan.basses)
    gibbs(state, config, sweeps)
    repair(state, config, repairs, find_faults)
    if plans_ends:
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


def gibbs(state: SamplerState, config: SamplingConfig, sweeps: Stretch) -> None:
    """Rewrite beats, each in one voice, and cool down on the way (annealed block Gibbs).

    Rewriting all voices of a beat at once gives chords that Bach does not use; the card has the
    figures.
    """
    for index in sweeps:
        progress = index / max(1, len(sweeps) - 1)
        temperature = config.temperature * (1 + (config.cooling - 1) * progress)
        block = _steps(_drawn_beats(state, config.block_spacing)) & ~state.kept
        state.write(block, ~block, Temperatures(temperature, config.rhythm))


def repair(
    state: SamplerState, config: SamplingConfig, repairs: Stretch, find_faults: FaultFinder
) -> None:
    """Rewrite faulty beats, singly and in pairs by turns, and keep what has fewer faults.

    Planned basses are rewritten in the last third of the rounds, if nothing else has helped.
    """
    temperatures = Temperatures(config.repair_temperature, config.rhythm)
    for index in repairs:
        if index == 2 * len(repairs) // 3:
            state.keep(torch.zeros_like(state.given))
        faulty = state.propagate_to_onset(find_faults(state.tokens, state.phrase_ends))
        candidates = _repairable(state, faulty)
        if not candidates.any():
            if torch.equal(state.kept, state.given):
                return
            continue
        span = 1 + index % 2
        first = _drawn_faulty_beats(state, candidates, span)
        before = state.tokens.clone()
        blocks = [_steps(_delayed(first, beat)) & ~state.kept for beat in range(span)]
        for done, block in enumerate(blocks):
            state.write(block, ~torch.stack(blocks[done:]).any(0), temperatures)
        after = state.propagate_to_onset(find_faults(state.tokens, state.phrase_ends))
        change = _count_by_beat(after) - _count_by_beat(faulty)
        # New notes can put their own beats at fault, or the beat that follows.
        changes = sum(_advanced(change, beat) for beat in range(span + 1))
        better = first.any(1) & (changes < 0)
        accepted = torch.stack([_delayed(better, beat) for beat in range(span)]).any(0)
        tokens = torch.where(_steps(accepted)[:, None], state.tokens, before)
        state.tokens = state.extend_fermatas(tokens)


def _drawn_beats(state: SamplerState, spacing: int) -> Tensor:
    """bool (B, 4, N): every `spacing`-th beat, each in one of its written voices."""
    uniforms = state.uniforms(5)
    offset = (uniforms[:, 4, 0] * spacing).long()
    score = uniforms[:, :4] + state.written_beats
    chosen = score == score.max(dim=1, keepdim=True).values
    place = torch.arange(state.beats)[None] + offset[:, None]
    return chosen & state.written_beats & (place % spacing == 0)[:, None]


def _repairable(state: SamplerState, faulty: Tensor) -> Tensor:
    """bool (B, 4, N): written voices with a fault in the beat or in the next one."""
    beats = _any_by_beat(faulty)
    return (beats | _advanced(beats, 1)) & state.written_beats


def _drawn_faulty_beats(state: SamplerState, candidates: Tensor, span: int) -> Tensor:
    """bool (B, 4, N): first beats of the spans to rewrite, in one candidate voice or in all voices.

    Spans lie a beat apart, or each would be judged by the notes of the other.
    """
    candidates = torch.stack([_advanced(candidates, beat) for beat in range(span)]).any(0)
    uniforms = state.uniforms(6, candidates.flatten(1).any(1))
    score = uniforms[:, :4] * candidates
    chosen = (score == score.max(dim=1, keepdim=True).values) & (score > 0)
    in_all_voices = candidates.any(1) & (uniforms[:, 5] < ALL_VOICES)
    chosen = torch.where(in_all_voices[:, None], state.written_beats, chosen)
    offset = (uniforms[:, 4, :1] * (span + 1)).long()
    return chosen & ((torch.arange(state.beats)[None] + offset) % (span + 1) == 0)[:, None]


def _steps(beats: Tensor) -> Tensor:
    """Flags of beats (..., N) as flags of steps (..., T)."""
    return beats.repeat_interleave(STEPS_PER_QUARTER, dim=-1)


def _any_by_beat(cells: Tensor) -> Tensor:
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).any(-1)


def _count_by_beat(cells: Tensor) -> Tensor:
    """Number of cells (B, 4, T) that are true in each beat: (B, N)."""
    return cells.view(*cells.shape[:-1], -1, STEPS_PER_QUARTER).sum((1, 3))


def _advanced(beats: Tensor, by: int) -> Tensor:
    """Values of beats (..., N), moved `by` beats earlier."""
    moved = torch.zeros_like(beats)
    moved[..., : max(0, beats.shape[-1] - by)] = beats[..., by:]
    return moved


def _delayed(beats: Tensor, by: int) -> Tensor:
    """Values of beats (..., N), moved `by` beats later."""
    moved = torch.zeros_like(beats)
    moved[..., by:] = beats[..., : max(0, beats.shape[-1] - by)]
    return moved
