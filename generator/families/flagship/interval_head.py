"""What a pitch would make with the other voices: intervals and motion, for every candidate.

A network that names pitches one by one learns of each pitch anew which ones beside it are in
parallel. Here the score of a candidate is a sum over the other voices of a learned table that
knows no pitch, only how the two voices stand and move, and of one that knows chords by their
intervals: so one parallel seen teaches all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.families.flagship.window import BACK, SLOTS, VOICES

INTERVALS = 13  # mod 12, and unknown
MOTIONS = 4  # down, stay, up, unknown
ROWS = INTERVALS * MOTIONS
SCALE = 32.0
"""Scores are so many times their parameters: what is rarely met has to move far when it is."""


class Relations(nn.Module):
    """Scores (n, P) of candidates of one voice, beside what was before and what comes next.

    The tables hold `kinds` scores a relation; the cell says how much each of them counts, since a
    rule that holds on the beat need not hold between beats.
    """

    intervals: Tensor
    motions: Tensor

    def __init__(self, voice: int, pitches: int, hidden: int, kinds: int = 4) -> None:
        super().__init__()
        self.voice, self.kinds = voice, kinds
        size = kinds * 3 * ROWS, 12 * MOTIONS
        self.past = nn.Parameter(torch.zeros(size))
        self.coming = nn.Parameter(torch.zeros(size))
        self.chord = nn.Parameter(torch.zeros(kinds * 3 * 12, 12))
        self.weigh = nn.Linear(hidden, 3 * kinds)
        nn.init.constant_(self.weigh.bias, 1 / kinds)
        # Of a pitch (0: unknown) to every candidate: where in a row of the tables it lies.
        other, candidate = torch.arange(pitches + 1)[:, None], torch.arange(1, pitches + 1)
        self.register_buffer("intervals", (candidate - other) % 12 * MOTIONS, persistent=False)
        motions = torch.where(other > 0, (candidate - other).sign() + 1, MOTIONS - 1)
        self.register_buffer("motions", motions, persistent=False)

    def forward(self, x: Tensor, around: Tensor) -> Tensor:
        """`x` (n, hidden) of the cells; `around` (n, SLOTS) pitches of the window, 0 unknown."""
        beside = around[:, VOICES * BACK : VOICES * BACK + 3]
        last = around[:, VOICES * (BACK - 1) : VOICES * BACK]
        following = around[:, SLOTS - VOICES :]
        past, coming, chord = self.weigh(x).chunk(3, dim=-1)
        return (
            self._motion(self.past, past, beside, last)
            + self._motion(self.coming, coming, beside, following)
            + self._chord(chord, beside)
        )

    def _motion(self, table: Tensor, weights: Tensor, beside: Tensor, other: Tensor) -> Tensor:
        """One side of time; `other` (n, 4) is the step before or the step after."""
        own = other[:, self.voice, None]
        others = other[:, [v for v in range(VOICES) if v != self.voice]]
        known = others > 0
        interval = torch.where(known & (own > 0), (own - others) % 12, 12)
        motion = torch.where(known & (beside > 0), (beside - others).sign() + 1, MOTIONS - 1)
        rows = self._rows(table, interval * MOTIONS + motion, weights) * (beside > 0)[:, :, None]
        places = self.intervals[beside] + self.motions[own]
        total: Tensor = rows.gather(-1, places).sum(1)
        return total

    def _chord(self, weights: Tensor, beside: Tensor) -> Tensor:
        """What the candidate makes of the interval between two others that sound."""
        one, two = beside[:, [0, 0, 1]], beside[:, [1, 2, 2]]
        known = (one > 0) & (two > 0)
        rows = self._rows(self.chord, (two - one) % 12, weights) * known[:, :, None]
        total: Tensor = rows.gather(-1, self.intervals[one] // MOTIONS).sum(1)
        return total

    def _rows(self, table: Tensor, row: Tensor, weights: Tensor) -> Tensor:
        """Rows (n, 3, ...) of a table, weighed over its kinds."""
        size = len(table) // (3 * self.kinds)
        row = row + torch.arange(3, device=row.device) * size
        kinds = torch.arange(self.kinds, device=row.device) * 3 * size
        weights = weights * SCALE
        rows: Tensor = nn.functional.embedding_bag(
            (row[:, :, None] + kinds).flatten(0, 1),
            table,
            mode="sum",
            per_sample_weights=weights.repeat_interleave(3, dim=0),
        )
        return torch.unflatten(rows, 0, (-1, 3))
