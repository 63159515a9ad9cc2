"""Rows of a table in the order of their first columns, however many there are.

So many rows are sorted in memory; where there are more, each such run goes to a file, and reading
merges the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

Row = Sequence[Any]
RUN = 10_000


class RowProgress:
    """How many rows were read and written, of how many; whoever shows it looks at it."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0

    def expect(self, rows: int) -> None:
        self.total += rows

    def advance(self) -> None:
        self.done += 1


class SortedRows:
    """Can be read as often as its folder is there. Values are what JSON knows."""

    def __init__(self, rows: Iterable[Row], *, sort: int, spool: Path, name: str) -> None:
        self.sort = sort
        self.files: list[Path] = []
        self.rows: list[Row] = []
        self.count = 0
        rows = iter(rows)
        while run := sorted(islice(rows, RUN), key=self._key):
            self.count += len(run)
            if len(run) == self.count < RUN:
                self.rows = run
            else:
                self.files.append(spool / f"{name}-{len(self.files)}.jsonl")
                _write(self.files[-1], run)

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[: self.sort])

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Row]:
        return merge(self.rows, *map(_read, self.files), key=self._key)


def _write(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
