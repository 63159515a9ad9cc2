"""MusicVAE's network: an encoder of two bars, a conductor, and a decoder for four voices.

The encoder reads a segment in both directions and gives a normal distribution of z. The conductor
makes one embedding for each half bar out of z; it reads nothing else. The decoder writes the eight
steps of a half bar from its embedding: its state begins anew there, and it reads the embedding, the
place in the bar and what was heard a step before in all voices. The four voices of a step are drawn
independently of each other: only z can make them agree.

Legend: B batch, V = 4 voices, S = 32 steps of a segment, P = 4 parts, Z numbers of z, E embedding,
C conductor, D decoder, K events.

References
----------
Roberts, Engel, Raffel, Hawthorne, Eck 2018, "A hierarchical latent vector model for learning
long-term structure in music" (the system);
Kingma, Welling 2014, "Auto-encoding variational Bayes"; Bengio, Vinyals, Jaitly, Shazeer 2015,
"Scheduled sampling"; Duckworth, Neelakantan, Goodrich, Kaiser, Bengio 2019, "Parallel scheduled
sampling" (two passes instead of step by step).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.music_vae.tokens import (
    EVENTS,
    HEARD,
    LOW,
    NO_EVENT,
    NOTHING,
    PHASES,
    PITCHES,
    SEGMENT,
    next_heard,
)

ATTRIBUTES = ("more_notes", "higher")
"""Those whose direction is the same in all keys."""
KEYS = 24
PART = 8  # steps of a half bar
PARTS = SEGMENT // PART
MAX_SIZE = 4096  # far above any use: a checkpoint from anywhere says how large a network to build
INITIAL = 0.001  # sd of the weights that give the distribution of z
LEAST = 1e-4  # keeps standard deviations above 0


@dataclass(frozen=True)
class MusicVaeConfig:
    """Sizes of the network, and the vocabulary; travels inside the checkpoint."""

    embedding: int = 24
    encoder: int = 256
    latent: int = 64
    conductor: int = 128
    decoder: int = 256
    low: int = LOW
    pitches: int = PITCHES

    def __post_init__(self) -> None:
        for name in ("embedding", "encoder", "latent", "conductor", "decoder"):
            size = getattr(self, name)
            if type(size) is not int or not 1 <= size <= MAX_SIZE:
                raise ValueError(f"{name} {size!r}; use a whole number from 1 to {MAX_SIZE}")
        for name, own in (("low", LOW), ("pitches", PITCHES)):
            value = getattr(self, name)
            if type(value) is not int or value != own:
                raise ValueError(f"{name} {value!r}; the vocabulary of this code has {own}")


def shapes(config: MusicVaeConfig) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's tensors by name, without making one."""
    e, z, c, d = config.embedding, config.latent, config.conductor, config.decoder
    sizes: dict[str, tuple[int, ...]] = {
        "heard_embedding.weight": (4 * HEARD, e),
        "phase_embedding.weight": (PHASES, e),
        "directions": (len(ATTRIBUTES), z),
        "key_mean": (KEYS, z),
        "key_deviation": (KEYS, z),
        "neighbour": (z,),
    }
    for name, inputs, outputs in (
        ("to_mean", 2 * config.encoder, z),
        ("to_deviation", 2 * config.encoder, z),
        ("conductor_start", z, 2 * c),
        ("conductor", c, 4 * c),
        ("decoder_start", c, 2 * d),
        ("heads", d, 4 * EVENTS),
    ):
        sizes |= {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}
    for name, inputs, hidden, ways in (
        ("encoder", 5 * e, config.encoder, ("", "_reverse")),
        ("decoder", 5 * e + c, d, ("",)),
    ):
        for way in ways:
            sizes[f"{name}.weight_ih_l0{way}"] = (4 * hidden, inputs)
            sizes[f"{name}.weight_hh_l0{way}"] = (4 * hidden, hidden)
            sizes[f"{name}.bias_ih_l0{way}"] = sizes[f"{name}.bias_hh_l0{way}"] = (4 * hidden,)
    return sizes


class Posterior(NamedTuple):
    """The normal distributions of z, each (B, Z)."""

    mean: Tensor
    deviation: Tensor

    def nats(self) -> Tensor:
        """The divergence from the standard normal by numbers of z: (B, Z)."""
        variance = self.deviation**2
        return 0.5 * (self.mean**2 + variance - 1 - variance.log())


class MusicVaeNetwork(nn.Module):
    """The encoder, the conductor and the decoder; and what was measured of z after training."""

    directions: Tensor
    key_mean: Tensor
    key_deviation: Tensor
    neighbour: Tensor
    following: Tensor

    def __init__(self, config: MusicVaeConfig) -> None:
        super().__init__()
        self.config = config
        e, z, c, d = config.embedding, config.latent, config.conductor, config.decoder
        self.heard_embedding = nn.Embedding(4 * HEARD, e)
        self.phase_embedding = nn.Embedding(PHASES, e)
        self.encoder = nn.LSTM(5 * e, config.encoder, bidirectional=True, batch_first=True)
        self.to_mean = nn.Linear(2 * config.encoder, z)
        self.to_deviation = nn.Linear(2 * config.encoder, z)
        for layer in (self.to_mean, self.to_deviation):
            nn.init.normal_(layer.weight, std=INITIAL)
        self.conductor_start = nn.Linear(z, 2 * c)
        self.conductor = nn.Linear(c, 4 * c)  # an LSTM without inputs
        self.decoder_start = nn.Linear(c, 2 * d)
        self.decoder = nn.LSTM(5 * e + c, d, batch_first=True)
        self.heads = nn.Linear(d, 4 * EVENTS)
        # Measured on the training works after the training (`attributes`).
        self.register_buffer("directions", torch.zeros(len(ATTRIBUTES), z))
        self.register_buffer("key_mean", torch.zeros(KEYS, z))
        self.register_buffer("key_deviation", torch.ones(KEYS, z))
        self.register_buffer("neighbour", torch.zeros(z))
        self.register_buffer("following", torch.from_numpy(next_heard()), persistent=False)

    def encode(self, heard: Tensor, phase: Tensor) -> Posterior:
        """The distribution of z.

        Parameters
        ----------
        heard : int64 (B, V, S)
        phase : int64 (B, S)
        """
        _, (final, _) = self.encoder(self._inputs(heard, phase))
        states = final.transpose(0, 1).flatten(1)
        return Posterior(self.to_mean(states), F.softplus(self.to_deviation(states)) + LEAST)

    def conduct(self, z: Tensor) -> Tensor:
        """The embeddings of the half bars, from (B, Z) to (B, P, C)."""
        hidden, cell = torch.tanh(self.conductor_start(z)).chunk(2, dim=-1)
        parts = []
        for _ in range(PARTS):
            hidden, cell = lstm_step(self.conductor(hidden), cell)
            parts.append(hidden)
        return torch.stack(parts, dim=1)

    def start_states(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's states at the beginning of half bars, from (..., C) to twice (..., D)."""
        hidden, cell = torch.tanh(self.decoder_start(embeddings)).chunk(2, dim=-1)
        return hidden.contiguous(), cell.contiguous()

    def logits(self, embeddings: Tensor, before: Tensor, phase: Tensor) -> Tensor:
        """Logits (B, V, S, K) of all events, given what was heard a step before each.

        Parameters
        ----------
        embeddings : (B, P, C)
        before : int64 (B, V, S)
        phase : int64 (B, S)
        """
        size = len(before)
        inputs = self._inputs(before, phase).view(size * PARTS, PART, -1)
        conducted = embeddings.flatten(0, 1)
        hidden, cell = self.start_states(conducted)
        conducted = conducted[:, None].expand(-1, PART, -1)
        written, _ = self.decoder(torch.cat((inputs, conducted), -1), (hidden[None], cell[None]))
        logits: Tensor = self.heads(written).view(size, SEGMENT, 4, EVENTS)
        return logits.transpose(1, 2)

    def _inputs(self, heard: Tensor, phase: Tensor) -> Tensor:  # -> (B, S, 5 E)
        offsets = HEARD * torch.arange(4, device=heard.device)[:, None]
        voices = self.heard_embedding(heard + offsets).transpose(1, 2).flatten(2)
        return torch.cat((voices, self.phase_embedding(phase)), dim=-1)


def lstm_step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM from the sums of its gates (in, forget, candidate, out)."""
    into, forget, candidate, out = gates.chunk(4, dim=-1)
    cell = torch.sigmoid(forget) * cell + torch.sigmoid(into) * torch.tanh(candidate)
    return torch.sigmoid(out) * torch.tanh(cell), cell


class Losses(NamedTuple):
    """Of each example (B,), in nats; and whether the likeliest event is right."""

    reconstruction: Tensor
    divergence: Tensor  # (B, Z)
    cells: Tensor
    right: Tensor  # bool (B, V, S)
    real: Tensor  # bool (B, V, S)


def losses(
    network: MusicVaeNetwork,
    heard: Tensor,
    events: Tensor,
    phase: Tensor,
    *,
    sampled: float = 0.0,
    noise: bool = True,
) -> Losses:
    """The two terms of the evidence bound.

    Parameters
    ----------
    heard : int64 (B, V, S + 1)
        What is heard before the segment, then its steps.
    events : int64 (B, V, S)
    phase : int64 (B, S)
    sampled : float
        The share of steps at which the decoder reads an event of its own, not the true one.
    noise : bool
        Whether z is drawn; otherwise it is the mean.
    """
    before = heard[..., :-1]
    posterior = network.encode(heard[..., 1:], phase)
    z = posterior.mean
    if noise:
        z = z + posterior.deviation * torch.randn_like(z)
    embeddings = network.conduct(z)
    if sampled > 0:
        before = _sampled_inputs(network, embeddings, before, phase, sampled)
    logits = network.logits(embeddings, before, phase)
    nats = F.cross_entropy(
        logits.flatten(0, 2), events.flatten(), ignore_index=NO_EVENT, reduction="none"
    )
    real = events != NO_EVENT
    return Losses(
        nats.view(len(events), -1).sum(1),
        posterior.nats(),
        real.sum((1, 2)),
        logits.argmax(-1) == events,
        real,
    )


@torch.no_grad()
def _sampled_inputs(
    network: MusicVaeNetwork, embeddings: Tensor, before: Tensor, phase: Tensor, share: float
) -> Tensor:
    """`before` with a share of its steps drawn by the network itself, in one pass."""
    logits = network.logits(embeddings, before, phase)
    drawn = (logits - torch.empty_like(logits).exponential_().log()).argmax(-1)
    own = torch.cat((before[..., :1], network.following[before, drawn][..., :-1]), dim=-1)
    # Padding stays, and so does what a note goes on from.
    keep = (torch.rand_like(before[:, :1], dtype=torch.float32) >= share) | (before == NOTHING)
    return torch.where(keep, before, own)
