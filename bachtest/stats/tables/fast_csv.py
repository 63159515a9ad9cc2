"""Parses plain CSV text all at once, by the positions of its separators.

A column becomes codes by comparing its cells eight bytes at a time, as numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORD = 8
_SAMPLE = 4096
# Masks for the first k bytes of a word, least significant byte first.
_MASKS = np.array([(1 << 8 * k) - 1 for k in range(WORD + 1)], dtype=np.uint64)


class ParsedCsv:
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
        """Codes int32[rows] into the distinct cells, in their order of appearance."""
        starts, ends = self.starts(at), self.ends[:, at]
        lengths = ends - starts
        codes = np.zeros(len(starts), dtype=np.intp)
        for offset in range(0, max(1, int(lengths.max())), WORD):
            remaining = np.clip(lengths - offset, 0, WORD)
            words = self.words[np.minimum(starts + offset, len(self.data))] & _MASKS[remaining]
            ranks = _ranks(words)
            codes = _ranks(codes * (ranks.max() + 1) + ranks) if offset else ranks
        first = np.empty(codes.max() + 1, dtype=np.intp)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # written last: the first row of a code
        order = first.argsort()
        appearance = np.empty(len(order), dtype=np.int32)
        appearance[order] = np.arange(len(order))
        rows = first[order]
        cells = [
            self.data[start:end].decode()
            for start, end in zip(starts[rows].tolist(), ends[rows].tolist(), strict=True)
        ]
        return appearance[codes], cells


def parse_csv(text: str, delimiter: str, width: int) -> ParsedCsv | None:
    """The cells of `text`, which holds whole lines; None where the text is not plain.

    Plain text has lines of `width` cells each. No cell is quoted, no line consists of empty cells
    alone, and the last line ends with a line end too.

    Examples
    --------
    >>> parsed = parse_csv("l1,S\\nl2,AT\\nl3,S\\n", ",", 2)
    >>> parsed.column(1)
    (array([0, 1, 0], dtype=int32), ['S', 'AT'])
    """
    if not delimiter.isascii() or '"' in text or "\0" in text or not text.endswith("\n"):
        return None
    data = text.encode()
    characters = np.frombuffer(data, dtype=np.uint8)
    line_end = characters == ord("\n")
    separators = np.flatnonzero(line_end | (characters == ord(delimiter)))
    if len(separators) % width:
        return None
    ends = separators.reshape(-1, width)
    if len(ends) != np.count_nonzero(line_end) or not line_end[ends[:, -1]].all():
        return None
    parsed = ParsedCsv(data, ends)
    starts = parsed.starts(0)
    blank = (characters[starts] <= ord(" ")) | (characters[starts] == ord(delimiter))
    for row in np.flatnonzero(blank):
        if not data[starts[row] : ends[row, -1]].replace(delimiter.encode(), b"").strip():
            return None
    return parsed


def _ranks(values: NDArray[np.generic]) -> NDArray[np.intp]:
    """The rank of each value among the distinct ones."""
    distinct = np.unique(values[:_SAMPLE])
    ranks = distinct.searchsorted(values).clip(max=len(distinct) - 1)
    if (distinct[ranks] == values).all():  # few distinct values, as in most columns
        return ranks
    return np.unique(values).searchsorted(values)
