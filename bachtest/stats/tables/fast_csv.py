"""Plain text cut into the cells of a table at once: by places of separators, not cell by cell.

A column becomes codes by comparing its cells eight bytes at a time, as numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORD = 8
_SAMPLE = 4096
# Of a word's bytes the first k, least significant first.
_MASKS = np.array([(1 << 8 * k) - 1 for k in range(WORD + 1)], dtype=np.uint64)


class Cut:
    """Rows of cells; cell i of row n ends at `data[ends[n, i]]`, a separator."""

    def __init__(self, data: bytes, ends: NDArray[np.intp]) -> None:
        self.data, self.ends = data, ends
        padded = data + bytes(WORD)
        self.words = np.ndarray((len(data) + 1,), "<u8", padded, strides=(1,))

    def starts(self, at: int) -> NDArray[np.intp]:
        """Where the cells of a column start."""
        if at:
            return self.ends[:, at - 1] + 1
        return np.concatenate(([0], self.ends[:-1, -1] + 1))

    def column(self, at: int) -> tuple[NDArray[np.int32], list[str]]:
        """Codes int32[rows] into the different cells, in their order of appearance."""
        starts, ends = self.starts(at), self.ends[:, at]
        lengths = ends - starts
        codes = np.zeros(len(starts), dtype=np.intp)
        for offset in range(0, max(1, int(lengths.max())), WORD):
            left = np.clip(lengths - offset, 0, WORD)
            words = self.words[np.minimum(starts + offset, len(self.data))] & _MASKS[left]
            found = _numbered(words)
            codes = _numbered(codes * (found.max() + 1) + found) if offset else found
        first = np.empty(codes.max() + 1, dtype=np.intp)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last to be written is the first row
        order = first.argsort()
        ranks = np.empty(len(order), dtype=np.int32)
        ranks[order] = np.arange(len(order))
        rows = first[order]
        cells = [
            self.data[start:end].decode()
            for start, end in zip(starts[rows].tolist(), ends[rows].tolist(), strict=True)
        ]
        return ranks[codes], cells


def cut(text: str, sign: str, width: int) -> Cut | None:
    """The cells of `text`, whole lines, or None where it is not as plain as that.

    Plain are lines of `width` cells each, none of them quoted, not all of a line's cells empty, and
    a line end after the last.

    Examples
    --------
    >>> part = cut("l1,S\\nl2,AT\\nl3,S\\n", ",", 2)
    >>> part.column(1)
    (array([0, 1, 0], dtype=int32), ['S', 'AT'])
    """
    if not sign.isascii() or '"' in text or "\0" in text or not text.endswith("\n"):
        return None
    data = text.encode()
    values = np.frombuffer(data, dtype=np.uint8)
    new_line = values == ord("\n")
    places = np.flatnonzero(new_line | (values == ord(sign)))
    if len(places) % width:
        return None
    ends = places.reshape(-1, width)
    if len(ends) != np.count_nonzero(new_line) or not new_line[ends[:, -1]].all():
        return None
    part = Cut(data, ends)
    first = part.starts(0)
    for row in np.flatnonzero((values[first] <= ord(" ")) | (values[first] == ord(sign))):
        if not data[first[row] : ends[row, -1]].replace(sign.encode(), b"").strip():
            return None
    return part


def _numbered(values: NDArray[np.generic]) -> NDArray[np.intp]:
    """The place of each value among the different ones, sorted."""
    kinds = np.unique(values[:_SAMPLE])
    found = kinds.searchsorted(values).clip(max=len(kinds) - 1)
    if (kinds[found] == values).all():  # few kinds, as most columns have: all are met at once
        return found
    return np.unique(values).searchsorted(values)
