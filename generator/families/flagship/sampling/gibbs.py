"""Gibbs sampling of beats: each is written again, given all others.

Later a critic chooses among several drafts.

Legend: B batch, N beats.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from generator.families.fill_run import Stretch
from generator.families.flagship.critic import Critic
from generator.families.flagship.sampling.beats import advanced, delayed, steps_of
from generator.families.flagship.sampling.config import SamplingConfig
from generator.families.flagship.sampling.state import SamplerState, Temperatures

CRITIC_BEFORE, CRITIC_AFTER = 1, 3
"""A rewritten beat changes what critics say of so many beats before and after it."""


def gibbs(
    state: SamplerState, config: SamplingConfig, sweeps: Stretch, released_fermatas: float = 0.0
) -> None:
    """Rewrite beats, each in one voice, and cool down on the way (annealed block Gibbs).

    Rewriting all voices of a beat at once gives chords that Bach does not use; the card has the
    figures. When two thirds are done, voices may move under a share of the fermatas.
    """
    for index in sweeps:
        if released_fermatas and index == 2 * len(sweeps) // 3:
            state.release_fermatas(released_fermatas)
        progress = index / max(1, len(sweeps) - 1)
        temperature = config.temperature * (1 + (config.cooling - 1) * progress)
        block = steps_of(_drawn_beats(state, config.block_spacing)) & ~state.kept
        state.write(block, ~block, Temperatures(temperature, config.rhythm))
    if released_fermatas and not len(sweeps):
        state.release_fermatas(released_fermatas)


def critic_sweeps(
    state: SamplerState, config: SamplingConfig, sweeps: Stretch, critic: Critic
) -> None:
    """More Gibbs sweeps, in which a critic chooses among what stands and some drafts of a beat.

    The network drafts, and each is chosen in proportion to the exponential of the critic's score
    (iterated sampling importance resampling, Andrieu, Lee and Vihola 2018). So pieces come nearly
    in proportion to the network's probability at this temperature, times that exponential: beats
    a spacing apart are judged by each other's drafts, and what long notes lead to is not judged.
    """
    temperatures = Temperatures(config.reheating * config.temperature, config.rhythm)
    for _ in sweeps:
        drawn = _drawn_beats(state, config.critic_spacing)
        block = steps_of(drawn) & ~state.kept
        drafts = state.drafts(block, temperatures, config.drafts)
        choices = torch.cat((state.tokens[None], drafts))  # (K, B, 4, T)
        scores = config.critic * critic_scores(state, choices, critic)
        # The largest of some scores with Gumbel noise is a draw from their exponentials.
        uniforms = state.uniforms(len(choices)).clamp(1e-7, 1 - 1e-7)
        noise = -(-uniforms.log()).log().transpose(0, 1)
        chosen = (scores + noise).argmax(0) * drawn.any(1)
        place = steps_of(chosen)[None, :, None].expand(1, *state.tokens.shape)
        state.tokens = state.extend_fermatas(choices.gather(0, place)[0])


def critic_scores(state: SamplerState, tokens: Tensor, critic: Critic, span: int = 1) -> Tensor:
    """(K, B, N): what it says of several writings (K, B, 4, T).

    For each beat, that is of all beats that change if this and the next ones of a span are
    rewritten.
    """
    grids = [state.grid.with_tokens(each) for each in tokens]
    vocabulary = state.ensemble.vocabulary
    scores = torch.from_numpy(
        np.stack([critic.scores(grid, vocabulary, state.open_beats) for grid in grids])
    )
    near = [advanced(scores, beat) for beat in range(CRITIC_AFTER + span)]
    near += [delayed(scores, beat) for beat in range(1, CRITIC_BEFORE + 1)]
    return torch.stack(near).sum(0)


def _drawn_beats(state: SamplerState, spacing: int) -> Tensor:
    """bool (B, 4, N): every `spacing`-th beat, each in one of its written voices."""
    uniforms = state.uniforms(5)
    offset = (uniforms[:, 4, 0] * spacing).long()
    score = uniforms[:, :4] + state.written_beats
    chosen = score == score.max(dim=1, keepdim=True).values
    place = torch.arange(state.beats)[None] + offset[:, None]
    return chosen & state.written_beats & (place % spacing == 0)[:, None]
