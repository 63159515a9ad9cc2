"""What a cell looks at when cells are written one after the other."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.flagship.tokens import Vocabulary

ORDER = (3, 0, 1, 2)
"""Voices inside a step: bass, soprano, alto, tenor."""
VOICES = 4
BACK = 4
SLOTS = 4 * BACK + 3 + 4


def window(
    voice: int,
    tokens: Tensor,
    visible: Tensor,
    at: tuple[Tensor, Tensor],
    vocabulary: Vocabulary,
) -> Tensor:
    """Tokens around cells of one voice, as they stand when their turn comes.

    Four steps back all cells are known; in the cell's own step those that are visible or come
    earlier in `ORDER`; one step ahead the visible ones. The others count as masked.

    Parameters
    ----------
    tokens, visible : int64 and bool (B, 4, T)
    at : rows and steps of the cells, each (n,)

    Returns
    -------
    int64 (n, SLOTS)
    """
    known = F.pad(tokens, (BACK, 1), value=vocabulary.padding)
    shown = F.pad(torch.where(visible, tokens, vocabulary.masked), (BACK, 1),
                  value=vocabulary.padding)  # fmt: skip
    both = torch.stack((known, shown))  # (2, B, 4, T + BACK + 1)
    _, batch, _, width = both.shape
    offsets = slots(voice, batch, width)
    rows, steps = at
    places = (rows * 4 * width + steps)[:, None] + offsets.to(rows.device)
    return both.flatten()[places]


def slot_voices(voice: int) -> Tensor:
    """int64 (SLOTS,): whose voice each slot of a window of `voice` is."""
    others = [v for v in range(VOICES) if v != voice]
    return torch.tensor([*range(VOICES)] * BACK + others + [*range(VOICES)])


def slots(voice: int, batch: int, width: int) -> Tensor:
    """int64 (SLOTS,): where each slot lies, from a cell's step in its row's first voice.

    In known and then shown tokens, each (batch, 4, width) and `BACK` steps wider to the left.
    """
    ahead = batch * 4 * width  # from what is known to what is shown
    places: list[int] = []
    for step in range(BACK):
        places += [v * width + step for v in range(VOICES)]
    turn = ORDER.index(voice)
    for v in range(VOICES):
        if v != voice:
            places.append(v * width + BACK + (ahead if ORDER.index(v) > turn else 0))
    places += [ahead + v * width + BACK + 1 for v in range(VOICES)]
    return torch.tensor(places)
