"""Coconet's view of a piece: a stack of piano rolls, one image of time by pitch for each voice.

Each voice has three channels: the known notes, those of them that begin, and where anything is
known. The published network has no second channel, and so cannot tell a held note from one that is
repeated. A known rest is known and has no note.

Legend: B batch, T steps, P pitches, from the lowest to the highest that any voice may use.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale

LOW = min(low for low, _ in VOICE_RANGES)
HIGH = max(high for _, high in VOICE_RANGES)
PITCHES = HIGH - LOW + 1
REST_ROW = PITCHES
"""A rest's place among the outcomes of a cell, after all pitches."""
CHANNELS = 12


def pitch_rows(chorale: Chorale) -> NDArray[np.int64]:
    """int64[4, T]: the row of each cell's pitch, or `REST_ROW`.

    A pitch that no voice uses is read in the nearest octave that one does.
    """
    pitch = chorale.pitch.astype(np.int64)
    inside = np.where(pitch < LOW, LOW + (pitch - LOW) % 12, pitch)
    inside = np.where(inside > HIGH, HIGH - (HIGH - inside) % 12, inside)
    return np.where(pitch == REST, REST_ROW, inside - LOW)


def writable() -> NDArray[np.bool_]:
    """bool[4, P + 1]: the rows that each voice may be written with. None of them is a rest."""
    pitch = np.arange(LOW, HIGH + 2)
    low, high = np.array(VOICE_RANGES).T[..., None]
    allowed: NDArray[np.bool_] = (low <= pitch) & (pitch <= high)
    allowed[:, REST_ROW] = False
    return allowed


def rolls(rows: Tensor, onset: Tensor, known: Tensor) -> Tensor:
    """The image of a batch.

    Parameters
    ----------
    rows : int64 (B, 4, T)
    onset, known : bool (B, 4, T)
        The notes of cells that are not known are not read.

    Returns
    -------
    float32 (B, 12, T, P)
        In memory the channels lie together, which is fastest for convolutions on a CPU.
    """
    sounding = (rows[..., None] == torch.arange(PITCHES, device=rows.device)) & known[..., None]
    begins = sounding & onset[..., None]
    image = torch.cat([sounding, begins, known[..., None].expand_as(sounding)], dim=1)
    return image.float().contiguous(memory_format=torch.channels_last)
