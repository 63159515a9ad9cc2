"""MusicVAE as a composer: two bars are a point of a latent space, and a piece is a chain of points.

Where cells are given, a point is searched for that makes them likely; `search` has how. Otherwise
each point is drawn near the one before, among the points of the piece's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.base import Family
from generator.families.fill_run import FillClock, FillRun
from generator.families.latent import Points, slerp_points
from generator.families.music_vae.attributes import key_index, minor_direction, posteriors
from generator.families.music_vae.network import ATTRIBUTES, MusicVaeConfig, MusicVaeNetwork, shapes
from generator.families.music_vae.search import Prior, SegmentTask, search
from generator.families.music_vae.tokens import (
    NO_EVENT,
    NOTHING,
    SEGMENT,
    IntArray,
    events_of,
    heard_tokens,
    notes_of,
    phases,
    segment,
    segments,
)
from generator.families.music_vae.writing import Writer
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets

FURTHEST = 5.0


class MusicVae(Family):
    """The network as a composer."""

    name = "music_vae"
    Config = MusicVaeConfig
    settings = {
        "temperature": Setting(0.5, 0.01, 100.0, "how freely notes are drawn"),
        "candidates": Setting(32, 1, 256, "points of the latent space that are tried at once"),
        "rounds": Setting(4, 0, 100, "rounds of the search for points that fit what is given"),
        "more_notes": Setting(0.0, -FURTHEST, FURTHEST, "1 goes as far as busy bars are from calm"),
        "higher": Setting(0.0, -FURTHEST, FURTHEST, "1 goes as far as high bars are from low"),
        "minor": Setting(0.0, -FURTHEST, FURTHEST, "1 goes as far as minor is from its major"),
    }
    config: MusicVaeConfig
    segment_steps = SEGMENT

    def __init__(self, network: MusicVaeNetwork) -> None:
        self.network = network.eval()
        self.config = network.config
        self.writer = Writer(network)

    @classmethod
    def debug(cls) -> Self:
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            network = MusicVaeNetwork(
                MusicVaeConfig(embedding=2, encoder=4, latent=4, conductor=4, decoder=8)
            )
        # As it would come back from a file, whose numbers are shorter.
        return cls.from_tensors(network.config, cls(network).to_tensors())

    @classmethod
    def tensors(cls, config: MusicVaeConfig) -> Mapping[str, TensorForm]:
        return {name: ("float16", shape) for name, shape in shapes(config).items()}

    @classmethod
    def from_tensors(cls, config: MusicVaeConfig, tensors: Tensors) -> Self:
        with torch.random.fork_rng([]):
            network = MusicVaeNetwork(config)
        network.load_state_dict(
            {name: torch.from_numpy(np.asarray(v, np.float32)) for name, v in tensors.items()}
        )
        if not (network.key_deviation > 0).all():
            raise ValueError("tensor 'key_deviation' holds a number that is not above 0")
        return cls(network)

    def to_tensors(self) -> Tensors:
        state = self.network.state_dict()
        return {name: value.cpu().numpy().astype(np.float16) for name, value in state.items()}

    # Filling.

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        generator = torch.Generator().manual_seed(seed)
        heard, phase = np.where(given, heard_tokens(chorale), NOTHING), phases(chorale)
        events = np.where(given, events_of(heard), NO_EVENT)
        prior = Prior.of_key(self.network, key_index(chorale.key))
        z: Tensor | None = None
        with torch.inference_mode():
            for start in range(0, chorale.steps, SEGMENT):
                span = slice(start, min(start + SEGMENT, chorale.steps))
                task = SegmentTask(
                    before=_before(heard, start), phase=phase[span], given=events[:, span]
                )
                found = search(
                    self.writer,
                    task,
                    prior.after(z),
                    settings=settings,
                    shift=self._shift(chorale.key, settings),
                    generator=generator,
                    run=run,
                )
                heard[:, span], z = found.heard, found.z
        return _assembled(chorale, given, heard)

    def _shift(self, key: str, settings: Values) -> Tensor:
        """What the attributes add to z."""
        strengths = torch.tensor([float(settings[name]) for name in ATTRIBUTES])
        minor = minor_direction(self.network.key_mean, key_index(key))
        return strengths @ self.network.directions + float(settings["minor"]) * minor

    # The latent space.

    def posterior(self, chorale: Chorale) -> tuple[Points, Points]:
        """The means and standard deviations of z of a chorale's segments: each float32[N, Z]."""
        return posteriors(self.network, segments(chorale))

    def encode(self, chorale: Chorale) -> Points:
        """The posterior means of a chorale's segments."""
        return self.posterior(chorale)[0]

    def decode(self, points: Points, frame: Chorale, *, seed: int, settings: Values) -> Chorale:
        """A chorale from points; `candidates` and `rounds` change nothing, since none is given."""
        starts = range(0, frame.steps, SEGMENT)
        if np.shape(points) != (len(starts), self.config.latent):
            raise ValueError(
                f"points of shape {np.shape(points)}; {frame.steps} steps need "
                f"{(len(starts), self.config.latent)}"
            )
        generator = torch.Generator().manual_seed(seed)
        heard = np.full((4, frame.steps), NOTHING, dtype=np.int64)
        phase, run = phases(frame), FillClock(self.name).run
        with torch.inference_mode():
            shifted = torch.from_numpy(np.array(points, np.float32, order="C"))
            shifted = shifted + self._shift(frame.key, settings)
            for z, start in zip(shifted, starts, strict=True):
                span = slice(start, min(start + SEGMENT, frame.steps))
                own = torch.from_numpy(phase[span])
                written = self.writer.write(
                    z[None],
                    _before(heard, start),
                    own,
                    torch.full((4, len(own)), NO_EVENT),
                    temperature=float(settings["temperature"]),
                    generator=generator,
                    run=run,
                )
                heard[:, span] = written.heard[0].numpy()
        return _assembled(frame, np.zeros(heard.shape, dtype=np.bool_), heard)

    def interpolate(self, start: Points, end: Points, steps: int) -> Points:
        """Along the arcs between the points, as published."""
        return slerp_points(start, end, steps)


def _before(heard: IntArray, start: int) -> Tensor:
    """int64 (V,): what is heard just before a step."""
    return torch.from_numpy(segment(heard, np.zeros(heard.shape[1], np.int64), start).heard[:, 0])


def _assembled(chorale: Chorale, given: BoolArray, heard: IntArray) -> Chorale:
    """The notes that were written around those that were given."""
    own_pitch, own_onset = notes_of(heard)
    pitch: NDArray[np.int16] = np.where(given, chorale.pitch, own_pitch)
    onset = np.where(given, chorale.onset, repaired_onsets(pitch, own_onset))
    return chorale.with_voices(pitch, onset)
