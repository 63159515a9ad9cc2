"""MusicVAE's decoder step by step, for many z at once: some cells are given, the others are drawn.

The parts of an LSTM's gates that depend on a token or on the place in the bar alone are looked up
in tables, which are made once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from generator.families.fill_run import FillRun
from generator.families.music_vae.network import PART, MusicVaeNetwork, lstm_step
from generator.families.music_vae.tokens import EVENTS, HEARD, NO_EVENT, writable


class Written(NamedTuple):
    """Drafts of one segment."""

    heard: Tensor  # int64 (B, V, n)
    nats: Tensor  # (B,), log-probability of the given events


class Writer:
    """Writes segments with the weights of a network."""

    def __init__(self, network: MusicVaeNetwork) -> None:
        self.network = network
        e = network.config.embedding
        with torch.inference_mode():
            inward, hidden, *biases = network.decoder.all_weights[0]  # inward (4 D, 5 E + C)
            heard = network.heard_embedding.weight.view(4, HEARD, e)
            parts = [heard[voice] @ inward[:, voice * e : (voice + 1) * e].T for voice in range(4)]
            self.heard_gates = torch.cat(parts)  # (4 HEARD, 4 D)
            phase = network.phase_embedding.weight @ inward[:, 4 * e : 5 * e].T
            self.phase_gates = phase + biases[0] + biases[1]
            self.conducted = inward[:, 5 * e :].T.contiguous()
            self.hidden = hidden.T.contiguous()
            self.offsets = HEARD * torch.arange(4)
            # 0 where a voice may write an event after what is heard, else minus infinity.
            forbidden = torch.zeros(4 * HEARD, EVENTS)
            forbidden[~torch.from_numpy(writable()).flatten(0, 1)] = -torch.inf
            self.forbidden = forbidden

    def write(
        self,
        z: Tensor,
        before: Tensor,
        phase: Tensor,
        given: Tensor,
        *,
        temperature: float,
        generator: torch.Generator,
        run: FillRun,
    ) -> Written:
        """Draw what is not given.

        Parameters
        ----------
        z : (B, Z)
        before : int64 (V,)
            What is heard before the segment.
        phase : int64 (n,)
        given : int64 (V, n)
            Events, or `NO_EVENT` where a cell is to be written.
        temperature : float
            Of the drawing; the log-probabilities of given events are at 1.
        """
        size, steps = len(z), len(phase)
        embeddings = self.network.conduct(z)
        hidden, cell = self.network.start_states(embeddings)  # each (B, P, D)
        conducted = embeddings @ self.conducted  # (B, P, 4 D)
        chances = 1 - torch.rand(steps, size, 4, 1, generator=generator)  # above 0
        known = given != NO_EVENT
        tokens = before.expand(size, 4)
        heard, logits = [], []
        for part in run.needed(-(-steps // PART)):
            h, c = hidden[:, part], cell[:, part]
            for step in range(PART * part, min(PART * (part + 1), steps)):
                rows = tokens + self.offsets
                gates = self.heard_gates[rows].sum(1) + self.phase_gates[phase[step]]
                gates = torch.addmm(gates + conducted[:, part], h, self.hidden)
                h, c = lstm_step(gates, c)
                scores = self.network.heads(h).view(size, 4, EVENTS)
                drawn = _drawn(scores / temperature + self.forbidden[rows], chances[step])
                events = torch.where(known[:, step], given[:, step], drawn)
                tokens = self.network.following[tokens, events]
                heard.append(tokens)
                logits.append(scores)
        sounding = torch.stack(heard, dim=-1)
        return Written(sounding, _nats(torch.stack(logits, dim=2), given))


def _drawn(scores: Tensor, chances: Tensor) -> Tensor:
    """An event for each row of scores (..., K), by a number (..., 1) above 0 and up to 1."""
    sums = scores.softmax(-1).cumsum(-1)
    # The first sum that reaches it: an event of probability 0 raises no sum.
    return torch.searchsorted(sums, chances * sums[..., -1:])[..., 0]


def _nats(logits: Tensor, given: Tensor) -> Tensor:
    """The log-probabilities (B,) of the given events (V, n), from logits (B, V, n, K)."""
    known = given != NO_EVENT
    if not known.any():
        return torch.zeros(len(logits))
    chosen = logits[:, known].log_softmax(-1)  # (B, k, K)
    events = given[known].expand(len(logits), -1)
    return chosen.gather(-1, events[..., None]).sum((1, 2))
