"""The cells around a cell, as they stand when its turn comes in the order of writing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.families.flagship.tokens import Vocabulary

ORDER = (3, 0, 1, 2)
"""The voices of a step in the order of writing: bass, soprano, alto, tenor."""
VOICES = 4
BACK = 4
"""Steps before a cell's own that its window shows."""
SLOTS = 4 * BACK + 3 + 4


def window(
    voice: int,
    tokens: Tensor,
    given: Tensor,
    at: tuple[Tensor, Tensor],
    vocabulary: Vocabulary,
) -> Tensor:
    """The tokens around cells of one voice.

    All cells are known in the four steps before. In the cell's own step those are known that are
    given or come earlier in `ORDER`; in the step after only the given ones. The rest are masked.

    Parameters
    ----------
    tokens, given : int64 and bool (B, 4, T)
    at : rows and steps of the cells, each (n,)

    Returns
    -------
    int64 (n, SLOTS)
    """
    padded = padded_tokens(tokens, given, vocabulary)
    _, batch, _, width = padded.shape
    rows, steps = at
    first = (rows * 4 * width + steps)[:, None]
    return padded.flatten()[first + slot_offsets(voice, batch, width).to(rows.device)]


def padded_tokens(tokens: Tensor, given: Tensor, vocabulary: Vocabulary) -> Tensor:
    """All tokens, and the same with all but the given ones masked: (2, B, 4, BACK + T + 1).

    `BACK` steps of padding come before the first step and one after the last, so that no window
    reaches beyond.
    """
    halves = torch.stack((tokens, torch.where(given, tokens, vocabulary.masked)))
    return F.pad(halves, (BACK, 1), value=vocabulary.padding)


def slot_voices(voice: int) -> Tensor:
    """int64 (SLOTS,): the voice of each slot in a window of `voice`."""
    others = [v for v in range(VOICES) if v != voice]
    return torch.tensor([*range(VOICES)] * BACK + others + [*range(VOICES)])


def slot_offsets(voice: int, batch: int, width: int) -> Tensor:
    """int64 (SLOTS,): how far each slot lies from a cell's step in the first voice of its row.

    Counted in flattened `padded_tokens` of shape (2, batch, 4, width).
    """
    to_given = batch * 4 * width  # from all tokens to the given ones
    offsets: list[int] = []
    for step in range(BACK):
        offsets += [v * width + step for v in range(VOICES)]
    turn = ORDER.index(voice)
    for v in range(VOICES):
        if v != voice:
            offsets.append(v * width + BACK + (to_given if ORDER.index(v) > turn else 0))
    offsets += [to_given + v * width + BACK + 1 for v in range(VOICES)]
    return torch.tensor(offsets)
