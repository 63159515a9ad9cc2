"""Scores of candidates by the intervals and the motion that they would make with other voices.

A network that names pitches must learn anew for each pitch which other pitches are in parallel with
it. Here the score of a candidate is a sum over the other voices of learned tables that know no
pitch: one of how two voices stand and move, one of chords by their intervals. A parallel seen once
teaches them all.

Legend: n cells, P pitches, S slots of a window, H width of a cell, K mixed tables of each kind.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generator.families.flagship.window import BACK, SLOTS, VOICES

INTERVALS = 13  # mod 12, and unknown
MOTIONS = 4  # down, stay, up, unknown
ROWS = INTERVALS * MOTIONS
SCALE = 32.0
"""A score is its parameter times this, so that rarely used entries move far enough each update."""


class IntervalHead(nn.Module):
    """Scores (n, P) of the candidates of one voice, from the step before, its own and the next.

    Each table comes `kinds` times and the cell says how much each counts: a rule that holds on the
    beat need not hold between beats.
    """

    intervals: Tensor
    motions: Tensor

    def __init__(self, voice: int, pitches: int, hidden: int, kinds: int = 4) -> None:
        super().__init__()
        self.voice, self.kinds = voice, kinds
        size = kinds * 3 * ROWS, 12 * MOTIONS
        self.past_table = nn.Parameter(torch.zeros(size))
        self.future_table = nn.Parameter(torch.zeros(size))
        self.chord_table = nn.Parameter(torch.zeros(kinds * 3 * 12, 12))
        self.mix_weights = nn.Linear(hidden, 3 * kinds)
        nn.init.constant_(self.mix_weights.bias, 1 / kinds)
        # From a pitch (0: unknown) to every candidate: its place in a row of the tables.
        other, candidate = torch.arange(pitches + 1)[:, None], torch.arange(1, pitches + 1)
        self.register_buffer("intervals", (candidate - other) % 12 * MOTIONS, persistent=False)
        motions = torch.where(other > 0, (candidate - other).sign() + 1, MOTIONS - 1)
        self.register_buffer("motions", motions, persistent=False)

    def forward(self, x: Tensor, window: Tensor) -> Tensor:
        """`x` (n, H) are the cells; `window` (n, S) holds pitches, 0 where unknown."""
        others = window[:, VOICES * BACK : VOICES * BACK + 3]
        before = window[:, VOICES * (BACK - 1) : VOICES * BACK]
        after = window[:, SLOTS - VOICES :]
        past, future, chord = self.mix_weights(x).chunk(3, dim=-1)
        return (
            self._motion(self.past_table, past, others, before)
            + self._motion(self.future_table, future, others, after)
            + self._chord(chord, others)
        )

    def _motion(self, table: Tensor, weights: Tensor, others: Tensor, step: Tensor) -> Tensor:
        """Motion between this step, with the `others` (n, 3), and a neighbouring `step` (n, 4)."""
        voice = step[:, self.voice, None]
        origins = step[:, [v for v in range(VOICES) if v != self.voice]]
        known = origins > 0
        interval = torch.where(known & (voice > 0), (voice - origins) % 12, 12)
        motion = torch.where(known & (others > 0), (others - origins).sign() + 1, MOTIONS - 1)
        rows = self._mixed(table, interval * MOTIONS + motion, weights) * (others > 0)[:, :, None]
        places = self.intervals[others] + self.motions[voice]
        total: Tensor = rows.gather(-1, places).sum(1)
        return total

    def _chord(self, weights: Tensor, others: Tensor) -> Tensor:
        """What a candidate adds to the interval between two other sounding voices."""
        one, two = others[:, [0, 0, 1]], others[:, [1, 2, 2]]
        known = (one > 0) & (two > 0)
        rows = self._mixed(self.chord_table, (two - one) % 12, weights) * known[:, :, None]
        total: Tensor = rows.gather(-1, self.intervals[one] // MOTIONS).sum(1)
        return total

    def _mixed(self, table: Tensor, row: Tensor, weights: Tensor) -> Tensor:
        """Rows (n, 3, ...) of a table, summed over its kinds by their weights."""
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
