"""Where the phrases of a chorale from nothing lead: their last chords, and the beats before them.

A cold sampler ends nearly every phrase on the tonic, and does not see from afar that the piece will
end. So where nothing is given but the close, the cadences are written first, from the last back to
the first. The chord that ends a phrase is drawn from `GOALS`, by how often Bach's phrases end on it
when the next one ends where it does. The network chooses its notes, and then the beat before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.fill_run import FillRun
from generator.families.flagship.sampling.state import SamplerState, Temperatures
from generator.families.flagship.tokens import KEY_ROW, Vocabulary
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

BASS = 3
MAJOR, MINOR = "major", "minor"
FIFTH = 7
SEMITONES = {
    MAJOR: {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 10},
    MINOR: {"I": 0, "II": 2, "III": 3, "IV": 5, "V": 7, "VI": 8, "VII": 10},
}
"""Roots above the tonic."""

_COUNTS = {  # python -m experiments.phrase_goals
    "major": {
        "I": "173 V, 109 I, 57 vi, 32 IV, 26 VI, 19 III, 17 ii, 13 iii, 9 VII, 4 v",
        "V": "144 I, 89 V, 32 IV, 19 vi, 15 VI, 9 III, 8 ii, 6 II, 5 iii, 3 VII",
        "vi": "33 I, 31 V, 5 III, 3 ii, 3 vi",
        "IV": "19 V, 15 I, 12 ii, 4 IV, 4 vi",
        "VI": "27 V, 13 I, 3 ii",
        "ii": "24 I, 13 V, 4 IV, 3 ii",
        "III": "17 V, 10 I",
        "iii": "9 I, 5 V",
        "II": "7 I",
        "VII": "4 I",
        "v": "3 I",
    },
    "minor": {
        "I": "54 III, 44 V, 26 VII, 24 iv, 21 I, 19 VI, 15 i, 7 v",
        "V": "64 i, 34 III, 26 V, 24 VII, 10 I, 6 iv, 4 v",
        "III": "51 i, 39 V, 25 III, 12 VII, 9 I, 8 v, 5 iv, 3 IV, 3 VI",
        "i": "60 V, 33 III, 12 i, 11 VII, 11 v, 8 iv, 8 VI, 5 I",
        "VII": "24 V, 20 III, 20 i, 6 I, 4 iv, 4 VII",
        "iv": "13 I, 8 V, 7 i, 6 VI, 5 III, 3 VII",
        "VI": "9 I, 8 III, 6 i, 5 V, 4 iv",
        "v": "8 i, 7 III, 4 VII, 3 V",
        "IV": "3 I",
    },
}
GOALS = {
    mode: {
        following: {name: int(count) for count, name in map(str.split, listed.split(","))}
        for following, listed in rows.items()
    }
    for mode, rows in _COUNTS.items()
}
"""By mode and by the triad that ends the next phrase: triads, and how many of Bach's phrases end on
them. Capitals are major triads. Triads that he has less than three times are left out."""


class Chord(NamedTuple):
    """A triad by its root, in semitones above the tonic, and by its third above the root."""

    root: int
    third: int

    @classmethod
    def named(cls, name: str, mode: str) -> Chord:
        """
        Examples
        --------
        >>> Chord.named("vi", "major")
        Chord(root=9, third=3)
        """
        return cls(SEMITONES[mode][name.upper()], 4 if name.isupper() else 3)


@dataclass(frozen=True)
class CadencePlan:
    """What was written first; each is bool (B, 4, T)."""

    goals: Tensor
    approaches: Tensor

    @property
    def basses(self) -> Tensor:
        """The roots at the ends of phrases."""
        basses = torch.zeros_like(self.goals)
        basses[:, BASS] = self.goals[:, BASS]
        return basses


def plan_cadences(
    state: SamplerState, temperatures: Temperatures, run: FillRun
) -> CadencePlan | None:
    """Write the cadences of those pieces of which only the close is given; None if there are none.

    All else is left as it is: whoever calls says which of these cells are kept, and for how long.
    """
    from_nothing = _from_nothing(state)
    if not from_nothing.any():
        return None
    starts = _by_beat(state.fermata_starts) & from_nothing[:, None]
    goals, approaches = torch.zeros_like(state.given), torch.zeros_like(state.given)
    goal_drawer = _GoalDrawer(state, from_nothing)
    backwards = range(state.beats - 1, -1, -1)
    for step in run.needed(state.beats):
        block = _cells(starts, backwards[step]) & ~state.given
        if block.any():
            forbidden = goal_drawer.forbidden(starts, backwards[step])
            state.write(block, state.given | goals, temperatures, forbidden=forbidden)
            goals |= block
    before = F.pad(starts[:, 1:], (0, 1))
    for step in run.needed(state.beats):
        block = _cells(before, backwards[step]) & ~(state.given | goals)
        if block.any():
            state.write(block, state.given | goals | approaches, temperatures)
            approaches |= block
    return CadencePlan(goals, approaches)


class _GoalDrawer:
    """Draws the triads at the ends of phrases, the last phrase first."""

    def __init__(self, state: SamplerState, from_nothing: Tensor) -> None:
        self.state = state
        self.uniforms = state.uniforms(1, from_nothing)[:, 0]
        keys = state.grid.frame[:, KEY_ROW, 0].tolist()
        self.tonics = [key % 12 for key in keys]
        self.modes = [MINOR if key >= 12 else MAJOR for key in keys]
        self.following = ["i" if mode == MINOR else "I" for mode in self.modes]

    def forbidden(self, starts: Tensor, beat: int) -> BoolArray:
        """(B, 4, C): what is outside the triads drawn for this beat; the close has its own.

        `starts` (B, N) are the beats in which phrase ends begin.
        """
        forbidden = self.state.forbidden.copy()
        for row in starts[:, beat].nonzero()[:, 0].tolist():
            if self.state.given[row, BASS, beat * STEPS_PER_QUARTER]:
                continue
            options = GOALS[self.modes[row]][self.following[row]]
            self.following[row] = _drawn(options, float(self.uniforms[row, beat]))
            chord = Chord.named(self.following[row], self.modes[row])
            forbidden[row] |= _outside(
                chord, self.tonics[row], self.state.ensemble.vocabulary
            ).numpy()
        return forbidden


def _from_nothing(state: SamplerState) -> Tensor:
    """bool (B,): pieces of which nothing is given but notes under the last fermata."""
    if not state.ensemble.vocabulary.onsets:
        return torch.zeros(len(state.given), dtype=torch.bool)
    real = state.given & (state.grid.tokens != state.ensemble.vocabulary.padding)
    last = state.fermata_starts.long().cumsum(1)
    last = (last == last[:, -1:]) & state.fermata
    return real.flatten(1).any(1) & ~(real & ~last[:, None]).flatten(1).any(1)


def _drawn(options: dict[str, int], uniform: float) -> str:
    left = uniform * sum(options.values())
    for name, count in options.items():
        left -= count
        if left < 0:
            return name
    return name


def _outside(chord: Chord, tonic: int, vocabulary: Vocabulary) -> Tensor:
    """bool (4, C): what does not belong to a chord in root position; rests do not."""
    root = (tonic + chord.root) % 12
    classes = vocabulary.pitch_classes()
    triad = torch.tensor([root, root + chord.third, root + FIFTH]) % 12
    outside = ~torch.isin(classes, triad).repeat(4, 1)
    outside[BASS] = classes != root
    return outside


def _cells(beats: Tensor, beat: int) -> Tensor:
    """bool (B, 4, T): all cells of one beat, where it is true in `beats` (B, N)."""
    only = torch.zeros_like(beats)
    only[:, beat] = beats[:, beat]
    return only.repeat_interleave(STEPS_PER_QUARTER, 1)[:, None].repeat(1, 4, 1)


def _by_beat(steps: Tensor) -> Tensor:
    return steps.view(len(steps), -1, STEPS_PER_QUARTER).any(-1)
