"""What a note would make of its own voice: intervals of a line, for every candidate.

As `flagship_relations` does for pairs of voices: learned tables that know no pitch, only how a
line has moved and where it goes on, so that a turn seen once is known everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.families.flagship.interval_head import SCALE
from generator.families.flagship.tokens import Vocabulary

WIDEST = 12  # semitones; wider intervals count as these
MOVES = 2 * WIDEST + 1
STEPS = MOVES + 1  # of a line before: an interval, or unknown
REACH = 4  # steps to the next note of the line that are told apart


@dataclass(frozen=True)
class Course:
    """A line around some cells, each (n,); pitches are 1..P, 0 unknown.

    `last` sounds in the step before, `earlier` is what the line came from to it; `coming` is the
    next cell that is seen, within `REACH` steps, `gap` the number of cells between, and `later`
    what the line goes on to from there.
    """

    last: Tensor
    earlier: Tensor
    coming: Tensor
    later: Tensor
    gap: Tensor

    def joined(self, other: Course) -> Course:
        """These cells and then the other's."""
        mine, theirs = vars(self).values(), vars(other).values()
        return Course(*(torch.cat(pair) for pair in zip(mine, theirs, strict=True)))


def course(
    voice: int, tokens: Tensor, visible: Tensor, at: tuple[Tensor, Tensor], vocabulary: Vocabulary
) -> Course:
    """How a voice's line stands around its cells `at` (rows and steps): all before, seen after.

    `tokens` and `visible` are (B, 4, T), as for `flagship_window.window`.
    """
    rows, steps = at
    before = vocabulary.pitch_of(tokens[:, voice])
    place = torch.arange(before.shape[-1], device=before.device).expand_as(before)
    turns = F.pad(before.diff() != 0, (1, 0), value=True)
    begun = torch.where(turns, place, 0).cummax(-1).values
    # Pitches with an unknown one in front of the first: step t is found at t + 1.
    fore = F.pad(before, (1, 0))
    last = fore[rows, steps]
    earlier = fore[rows, F.pad(begun, (1, 0))[rows, steps]]

    seen = visible[:, voice] & (tokens[:, voice] < vocabulary.masked)
    after = torch.where(seen, before, 0)
    length = after.shape[-1]
    nearest = torch.where(seen, place, length).flip(-1).cummin(-1).values.flip(-1)
    turns = F.pad(after.diff() != 0, (0, 1), value=True)
    ended = torch.where(turns, place, length).flip(-1).cummin(-1).values.flip(-1)
    wide = F.pad(after, (0, 2))
    reached = F.pad(nearest, (0, 1), value=length)[rows, steps + 1]
    gap = reached - steps - 1
    coming = torch.where(gap < REACH, wide[rows, reached], 0)
    beyond = F.pad(ended, (0, 1), value=length)[rows, reached] + 1
    later = torch.where(coming > 0, wide[rows, beyond], 0)
    return Course(last, earlier, coming, later, gap.clamp(max=REACH - 1))


class Lines(nn.Module):
    """Scores of candidates (n, C) of one voice, by how they would go on and be gone on from.

    A pitch that is held makes no interval with the last one and has a place of its own.
    """

    def __init__(self, pitches: int, hidden: int, kinds: int = 4) -> None:
        super().__init__()
        self.kinds, self.pitches = kinds, pitches
        self.past = nn.Parameter(torch.zeros(kinds * STEPS, STEPS))
        self.coming = nn.Parameter(torch.zeros(kinds * REACH * STEPS, MOVES))
        self.weigh = nn.Linear(hidden, 2 * kinds)
        nn.init.constant_(self.weigh.bias, 1 / kinds)

    def forward(self, x: Tensor, line: Course) -> Tensor:
        """`x` (n, hidden) of the cells."""
        past, coming = (SCALE * self.weigh(x)).chunk(2, dim=-1)
        candidates = torch.arange(1, self.pitches + 1, device=x.device)
        row = _interval(line.earlier, line.last)
        went = self._row(self.past, row, past) * (line.last > 0)[:, None]
        begun = went.gather(-1, _place(candidates - line.last[:, None]))
        held = went[:, -1:].expand_as(begun)
        row = line.gap * STEPS + _interval(line.coming, line.later)
        goes = self._row(self.coming, row, coming) * (line.coming > 0)[:, None]
        goes = goes.gather(-1, _place(line.coming[:, None] - candidates))
        return F.pad(torch.cat((held + goes, begun + goes), dim=-1), (1, 0))

    def _row(self, table: Tensor, row: Tensor, weights: Tensor) -> Tensor:
        """Rows (n, ...) of a table, weighed over its kinds."""
        kinds = torch.arange(self.kinds, device=row.device) * (len(table) // self.kinds)
        rows: Tensor = F.embedding_bag(
            row[:, None] + kinds, table, mode="sum", per_sample_weights=weights
        )
        return rows


def _place(interval: Tensor) -> Tensor:
    return interval.clamp(-WIDEST, WIDEST) + WIDEST


def _interval(one: Tensor, two: Tensor) -> Tensor:
    """From one pitch to another, as a row; the last is for what is unknown."""
    return torch.where((one > 0) & (two > 0), _place(two - one), MOVES)
