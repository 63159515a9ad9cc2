"""Scores of candidates by the intervals of their own voice.

What `interval_head` does for pairs of voices, this does for a single line: learned tables that know
no pitch, only how a line has moved and where it goes next. A turn seen once is known everywhere.

Legend: n cells, P pitches, C classes of a cell, H width of a cell, K mixed tables of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship.interval_head import SCALE
from generator.families.flagship.tokens import Vocabulary

MAX_INTERVAL = 12  # semitones; a wider interval counts as this
MOVES = 2 * MAX_INTERVAL + 1
STEPS = MOVES + 1  # of a line so far: an interval, or unknown
REACH = 4  # distances to the next given note that are told apart, in steps


@dataclass(frozen=True)
class MelodicContext:
    """The line around some cells; each (n,), pitches 1..P or 0 where unknown.

    `previous` sounds in the step before, and the line came to it from `before_previous`.
    `following` is the next given cell within `REACH` steps, `gap` the number of cells in between,
    and `after_following` the pitch that the line goes to from there.
    """

    previous: Tensor
    before_previous: Tensor
    following: Tensor
    after_following: Tensor
    gap: Tensor

    def joined(self, other: MelodicContext) -> MelodicContext:
        """These cells and then those of the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return MelodicContext(*(torch.cat(pair) for pair in pairs))


def melodic_context(
    voice: int, tokens: Tensor, given: Tensor, at: tuple[Tensor, Tensor], vocabulary: Vocabulary
) -> MelodicContext:
    """The line of a voice around its cells `at` (rows and steps): all before, only given after.

    `tokens` and `given` are (B, 4, T), as for `window`.
    """
    rows, steps = at
    before = vocabulary.pitch_of(tokens[:, voice])
    place = torch.arange(before.shape[-1], device=before.device).expand_as(before)
    changes = F.pad(before.diff() != 0, (1, 0), value=True)
    begun = torch.where(changes, place, 0).cummax(-1).values
    # An unknown pitch is put before the first, so step t is found at t + 1.
    shifted = F.pad(before, (1, 0))
    previous = shifted[rows, steps]
    before_previous = shifted[rows, F.pad(begun, (1, 0))[rows, steps]]

    known = given[:, voice] & (tokens[:, voice] < vocabulary.masked)
    after = torch.where(known, before, 0)
    length = after.shape[-1]
    nearest = torch.where(known, place, length).flip(-1).cummin(-1).values.flip(-1)
    changes = F.pad(after.diff() != 0, (0, 1), value=True)
    ended = torch.where(changes, place, length).flip(-1).cummin(-1).values.flip(-1)
    padded = F.pad(after, (0, 2))
    reached = F.pad(nearest, (0, 1), value=length)[rows, steps + 1]
    gap = reached - steps - 1
    following = torch.where(gap < REACH, padded[rows, reached], 0)
    beyond = F.pad(ended, (0, 1), value=length)[rows, reached] + 1
    after_following = torch.where(following > 0, padded[rows, beyond], 0)
    gap = gap.clamp(max=REACH - 1)
    return MelodicContext(previous, before_previous, following, after_following, gap)


class MelodicHead(nn.Module):
    """Scores (n, C) of the candidates of one voice, by the line up to them and on from them.

    A held pitch makes no interval with the previous one and has a place of its own.
    """

    def __init__(self, pitches: int, hidden: int, kinds: int = 4) -> None:
        super().__init__()
        self.kinds, self.pitches = kinds, pitches
        self.past_table = nn.Parameter(torch.zeros(kinds * STEPS, STEPS))
        self.future_table = nn.Parameter(torch.zeros(kinds * REACH * STEPS, MOVES))
        self.mix_weights = nn.Linear(hidden, 2 * kinds)
        nn.init.constant_(self.mix_weights.bias, 1 / kinds)

    def forward(self, x: Tensor, line: MelodicContext) -> Tensor:
        """`x` (n, H) are the cells."""
        past_weights, future_weights = (SCALE * self.mix_weights(x)).chunk(2, dim=-1)
        candidates = torch.arange(1, self.pitches + 1, device=x.device)
        row = _interval(line.before_previous, line.previous)
        past = self._mixed(self.past_table, row, past_weights) * (line.previous > 0)[:, None]
        begun = past.gather(-1, _place(candidates - line.previous[:, None]))
        held = past[:, -1:].expand_as(begun)
        row = line.gap * STEPS + _interval(line.following, line.after_following)
        future = self._mixed(self.future_table, row, future_weights)
        future = future * (line.following > 0)[:, None]
        future = future.gather(-1, _place(line.following[:, None] - candidates))
        return F.pad(torch.cat((held + future, begun + future), dim=-1), (1, 0))

    def _mixed(self, table: Tensor, row: Tensor, weights: Tensor) -> Tensor:
        """Rows (n, ...) of a table, summed over its kinds by their weights."""
        kinds = torch.arange(self.kinds, device=row.device) * (len(table) // self.kinds)
        rows: Tensor = F.embedding_bag(
            row[:, None] + kinds, table, mode="sum", per_sample_weights=weights
        )
        return rows


def _place(interval: Tensor) -> Tensor:
    return interval.clamp(-MAX_INTERVAL, MAX_INTERVAL) + MAX_INTERVAL


def _interval(one: Tensor, two: Tensor) -> Tensor:
    """The interval from one pitch to another, as a row; the last row is for unknown ones."""
    return torch.where((one > 0) & (two > 0), _place(two - one), MOVES)
