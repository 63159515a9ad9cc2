"""What goes wrong in a version's pieces: copies, and notes out of a voice's range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.models import Piece, Version
from generator.music.grid.chorale import REST, VOICE_NAMES, VOICE_RANGES, VOICES
from generator.music.grid.conditions import VOICE_CONDITIONS
from generator.music.grid.spelling import note_name
from generator.services.pairs import MAX_COPIED_RUN

# Grids are read for the ranges alone: so many of the newest pieces.
READ = 100


@dataclass(frozen=True)
class CopyFaults:
    pieces: int
    copies: int
    median: int
    ninetieth: int
    longest: int

    @property
    def share(self) -> float:
        return self.copies / self.pieces


@dataclass(frozen=True)
class RangeFaults:
    voice: str
    usual: str
    notes: int
    outside: int

    @property
    def share(self) -> float:
        return self.outside / self.notes


@dataclass(frozen=True)
class Faults:
    copies: CopyFaults | None
    ranges: tuple[RangeFaults, ...]
    read: int
    """Pieces that the ranges were counted in."""
    max_copied_run: int = MAX_COPIED_RUN


def faults_of(version: Version) -> Faults | None:
    """Counted in the pieces that the site has, samples among them; None if there are none."""
    done = Piece.objects.filter(version=version, status=Piece.Status.DONE)
    if not done.exists():
        return None
    runs = list(done.filter(copied_run__isnull=False).values_list("copied_run", flat=True))
    grids = list(done.order_by("-id").values_list("condition", "grid")[:READ])
    return Faults(_copies(runs), _ranges(grids), len(grids))


def _copies(runs: Sequence[int | None]) -> CopyFaults | None:
    known = sorted(run for run in runs if run is not None)
    if not known:
        return None
    return CopyFaults(
        len(known),
        sum(run > MAX_COPIED_RUN for run in known),
        _quantile(known, 0.5),
        _quantile(known, 0.9),
        known[-1],
    )


def _quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest run that so many pieces do not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def _ranges(grids: Sequence[tuple[str, Mapping[str, Any] | None]]) -> tuple[RangeFaults, ...]:
    notes, outside = np.zeros(4, dtype=int), np.zeros(4, dtype=int)
    for condition, grid in grids:
        if not grid:
            continue
        pitch, onset = np.array(grid["pitch"]), np.array(grid["onset"], dtype=bool)
        begins = onset & (pitch != REST) & _written(condition)
        low, high = np.array(VOICE_RANGES).T[:, :, None]
        notes += begins.sum(axis=1)
        outside += (begins & ((pitch < low) | (pitch > high))).sum(axis=1)
    return tuple(
        RangeFaults(name, _usual(voice), int(notes[voice]), int(outside[voice]))
        for voice, name in enumerate(VOICE_NAMES)
        if notes[voice]
    )


def _written(condition: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Voices with written notes; of a span of time, all of them."""
    letters = condition if condition in VOICE_CONDITIONS else VOICES
    return np.array([[letter in letters] for letter in VOICES])


def _usual(voice: int) -> str:
    low, high = VOICE_RANGES[voice]
    return f"{note_name(low)} to {note_name(high)}"
