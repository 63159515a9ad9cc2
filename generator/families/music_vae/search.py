"""The search for a point of the latent space that fits the given cells of a segment.

1. Points are drawn near that of the segment before, among those of the key. Each is decoded with
   the given cells forced, which makes a draft, and says how probable the given cells are by it.
2. In each round the drafts are drawn anew by their weights, encoded, a point is drawn from each
   encoding, and decoded in the same way. So drafts and points come to fit each other and what is
   given: a Markov chain that converges to the joint distribution if the encoder is right.
3. One draft is drawn by its weight. If attributes are asked for, they are added to its point, which
   is decoded once more.

The weight of a point is how probable the given cells are by it, times its density in the prior,
divided by its density in what it was drawn from.

References
----------
Rezende, Mohamed, Wierstra 2014, "Stochastic backpropagation and approximate inference in deep
generative models", appendix F (missing data); Rubin 1988, "Using the SIR algorithm to simulate
posterior distributions" (sampling, importance, resampling).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.fill_run import FillRun
from generator.families.music_vae.network import MusicVaeNetwork, Posterior
from generator.families.music_vae.tokens import NO_EVENT, NOTHING, SEGMENT, IntArray
from generator.families.music_vae.writing import Writer, Written
from generator.families.settings import Values


@dataclass(frozen=True)
class Prior:
    """Normal distribution of z, each (Z,), and how much of the last z stays."""

    key_mean: Tensor
    deviation: Tensor
    stays: Tensor
    mean: Tensor

    @classmethod
    def of_key(cls, network: MusicVaeNetwork, key: int) -> Prior:
        mean = network.key_mean[key]
        return cls(mean, network.key_deviation[key], network.neighbour, mean)

    def after(self, z: Tensor | None) -> Prior:
        """That of the segment after the one with this z (Z,); None if it is the first."""
        if z is None:
            return self
        mean = self.key_mean + self.stays * (z - self.key_mean)
        deviation = self.deviation * (1 - self.stays**2).sqrt()
        return Prior(mean, deviation, self.stays, mean)


@dataclass(frozen=True)
class SegmentTask:
    """A segment of n steps to be written.

    Parameters
    ----------
    before : int64 (V,), what is heard before it
    phase : int64[n]
    given : int64[V, n], events, or `NO_EVENT`
    """

    before: Tensor
    phase: IntArray
    given: IntArray


class Found(NamedTuple):
    heard: IntArray  # (V, n)
    z: Tensor  # (Z,)


def search(
    writer: Writer,
    task: SegmentTask,
    prior: Prior,
    *,
    settings: Values,
    shift: Tensor,
    generator: torch.Generator,
    run: FillRun,
) -> Found:
    """A draft of the segment with the given cells, and its point.

    Parameters
    ----------
    settings : Values
        `temperature`, `candidates` and `rounds`.
    shift : Tensor
        (Z,), added to the point in the end.
    """
    given, phase = torch.from_numpy(task.given), torch.from_numpy(task.phase)
    known = given != NO_EVENT

    def drafts(z: Tensor) -> Written:
        return writer.write(
            z, task.before, phase, given,
            temperature=float(settings["temperature"]), generator=generator, run=run,
        )  # fmt: skip

    size = int(settings["candidates"]) if known.any() else 1
    z = prior.mean + prior.deviation * torch.randn(size, len(prior.mean), generator=generator)
    if not known.any():  # any point of the prior will do
        return Found(drafts(z + shift).heard[0].numpy(), z[0])
    if known.all():
        whole = drafts(z[:1])
        return Found(whole.heard[0].numpy(), _encoded(writer, whole, task).mean[0])
    drafted = drafts(z)
    weights = drafted.nats
    for _ in run.steps(int(settings["rounds"])):
        picks = _drawn(weights, size, generator)
        posterior = _encoded(writer, Written(drafted.heard[picks], weights[picks]), task)
        z = posterior.mean + posterior.deviation * torch.randn(z.shape, generator=generator)
        drafted = drafts(z)
        weights = drafted.nats + _density(z, prior.mean, prior.deviation) - _density(z, *posterior)
    best = _drawn(weights, 1, generator)
    if shift.any():
        return Found(drafts(z[best] + shift).heard[0].numpy(), z[best][0])
    return Found(drafted.heard[best][0].numpy(), z[best][0])


def _encoded(writer: Writer, drafted: Written, task: SegmentTask) -> Posterior:
    """The distributions of z of the drafts, filled up with nothing to a whole segment."""
    missing = SEGMENT - len(task.phase)
    heard = F.pad(drafted.heard, (0, missing), value=NOTHING)
    phase = F.pad(torch.from_numpy(task.phase), (0, missing))
    return writer.network.encode(heard, phase.expand(len(heard), -1))


def _drawn(weights: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Indices int64 (size,), drawn by their weights, which are logarithms."""
    return torch.multinomial(weights.softmax(0), size, replacement=True, generator=generator)


def _density(z: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """The logarithm of the normal density of each z (B, Z), but for a constant."""
    return -(((z - mean) / deviation) ** 2 / 2 + deviation.log()).sum(-1)
