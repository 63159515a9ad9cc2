"""What is measured of z once the network is trained: attributes, keys, and neighbouring segments.

An attribute's direction is the mean z of the segments that have it minus the mean z of those that
have not. Half of the segments have *more notes*, and half of them are *higher*, than the middle
one. *Minor* has a direction for each key signature, from the segments of works in the major key to
those in the minor key: keys lie on a circle, so one direction for all would be nearly nothing. A
key's z are those of the segments of works in that key, so
that a piece can begin in its key; `neighbour` is how much of z stays from one segment to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.families.music_vae.network import ATTRIBUTES, KEYS, MusicVaeNetwork
from generator.families.music_vae.tokens import (
    FIRST_BEGUN,
    FIRST_HELD,
    Segment,
    heard_tokens,
    segments,
    shifts_of,
    transposed,
)
from generator.music.grid.chorale import Chorale
from generator.music.grid.keys import tonic_class

TRANSPOSITIONS = 4
"""How often each work is read, each time moved by another number of semitones."""
AT_ONCE = 256
FEWEST = 20
"""Segments of a key from which its own z are told apart from those of its mode."""
TRUST = 0.95
"""The most of z that stays: a chain of segments always moves."""

FloatArray = NDArray[np.float32]


class ReadSegments(NamedTuple):
    """Segments as the encoder reads them, and what they are like."""

    z: FloatArray  # (N, Z), posterior means
    uncertainty: FloatArray  # (N, Z), posterior standard deviations
    notes: NDArray[np.float64]  # that begin, a step
    height: NDArray[np.float64]  # mean pitch
    key: NDArray[np.int64]  # of `key_index`
    follows: NDArray[np.bool_]  # the segment before it in the list is the one before it in the work


def key_index(key: str, shift: int = 0) -> int:
    """0..11 for the tonics of major keys, 12..23 for those of minor ones.

    Examples
    --------
    >>> key_index("D minor"), key_index("Bb major", 3)
    (14, 1)
    """
    return (tonic_class(key) + shift) % 12 + 12 * key.endswith("minor")


def read_segments(
    network: MusicVaeNetwork, chorales: Sequence[Chorale], *, transposed: bool
) -> ReadSegments:
    """All segments of chorales, each chorale transposed in several ways if wanted."""
    found: list[Segment] = []
    keys, follows = [], []
    for number, chorale in enumerate(chorales):
        heard = heard_tokens(chorale)
        shifts = shifts_of(heard)
        for turn in range(TRANSPOSITIONS if transposed else 1):
            # Another place in the range for each work and turn, without a random number.
            shift = shifts[(number + turn * len(shifts) // TRANSPOSITIONS) % len(shifts)]
            own = _moved(chorale, shift if transposed else 0)
            found += own
            keys += [key_index(chorale.key, shift if transposed else 0)] * len(own)
            follows += [False] + [True] * (len(own) - 1)
    heard_all = np.stack([each.heard for each in found])[..., 1:]
    begins, sounds = heard_all >= FIRST_BEGUN, heard_all >= FIRST_HELD
    pitch = np.where(begins, heard_all - FIRST_BEGUN, heard_all - FIRST_HELD)
    real = np.maximum((heard_all > 0).all(1).sum(1), 1)
    return ReadSegments(
        *posteriors(network, found),
        begins.sum((1, 2)) / real,
        (pitch * sounds).sum((1, 2)) / np.maximum(sounds.sum((1, 2)), 1),
        np.array(keys),
        np.array(follows),
    )


@torch.inference_mode()
def posteriors(network: MusicVaeNetwork, found: Sequence[Segment]) -> tuple[FloatArray, FloatArray]:
    """The means and the standard deviations of z: each float32 (N, Z)."""
    device = network.directions.device
    parts = []
    for first in range(0, len(found), AT_ONCE):
        chunk = found[first : first + AT_ONCE]
        heard = torch.from_numpy(np.stack([each.heard[:, 1:] for each in chunk]))
        phase = torch.from_numpy(np.stack([each.phase for each in chunk]))
        parts.append(network.encode(heard.to(device), phase.to(device)))
    mean, deviation = (torch.cat(each).cpu().numpy() for each in zip(*parts, strict=True))
    return mean, deviation


def direction(z: FloatArray, having: NDArray[np.bool_]) -> FloatArray:
    """The mean z with an attribute minus the mean z without; 0 if all or none have it."""
    if having.all() or not having.any():
        return np.zeros(z.shape[1], dtype=np.float32)
    difference: FloatArray = z[having].mean(axis=0) - z[~having].mean(axis=0)
    return difference


def minor_direction(key_mean: Tensor, key: int) -> Tensor:
    """From the major key of a signature to the minor one: (Z,).

    Parameters
    ----------
    key_mean : (KEYS, Z)
    key : int
        Of `key_index`: any key of the signature.

    Examples
    --------
    >>> means = torch.arange(24.0)[:, None]
    >>> [float(minor_direction(means, key_index(key))) for key in ("C major", "A minor")]
    [21.0, 21.0]
    """
    major = key if key < KEYS // 2 else (key + 3) % 12
    return key_mean[KEYS // 2 + (major + 9) % 12] - key_mean[major]


@torch.inference_mode()
def measure_latents(
    network: MusicVaeNetwork, chorales: Sequence[Chorale], *, transposed: bool
) -> None:
    """Fill the network's tables of z from these chorales."""
    read = read_segments(network, chorales, transposed=transposed)
    having = {
        "more_notes": read.notes > np.median(read.notes),
        "higher": read.height > np.median(read.height),
    }
    directions = np.stack([direction(read.z, having[name]) for name in ATTRIBUTES])
    mean, deviation = _of_keys(read)
    _store(network.directions, directions)
    _store(network.key_mean, mean)
    _store(network.key_deviation, deviation)
    _store(network.neighbour, _neighbour(read, mean))


def _moved(chorale: Chorale, shift: int) -> list[Segment]:
    return [Segment(transposed(each.heard, shift), each.phase) for each in segments(chorale)]


def _of_keys(read: ReadSegments) -> tuple[FloatArray, FloatArray]:
    """Means and standard deviations of z by key; a rare key has those of all segments."""
    mean = np.tile(read.z.mean(axis=0), (KEYS, 1))
    deviation = np.tile(_total(read, slice(None)), (KEYS, 1))
    for key in range(KEYS):
        own = read.key == key
        if own.sum() >= FEWEST:
            mean[key], deviation[key] = read.z[own].mean(axis=0), _total(read, own)
    return mean, deviation


def _total(read: ReadSegments, own: NDArray[np.bool_] | slice) -> FloatArray:
    """The standard deviation of z: of its means, and around each of them."""
    variance = read.z[own].var(axis=0) + (read.uncertainty[own] ** 2).mean(axis=0)
    deviation: FloatArray = np.sqrt(variance)
    return deviation


def _neighbour(read: ReadSegments, mean: FloatArray) -> FloatArray:
    """How much of each number of z stays from one segment to the next, within a key."""
    residual = read.z - mean[read.key]
    after = np.flatnonzero(read.follows)
    if not after.size:
        return np.zeros(read.z.shape[1], dtype=np.float32)
    product = (residual[after] * residual[after - 1]).mean(axis=0)
    variance = (residual**2).mean(axis=0) + (read.uncertainty**2).mean(axis=0)
    stays: FloatArray = np.clip(product / variance, 0, TRUST)
    return stays


def _store(table: Tensor, values: FloatArray) -> None:
    table.copy_(torch.from_numpy(np.asarray(values, dtype=np.float32)))
