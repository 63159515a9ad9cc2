from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from bachtest.results.export import sorted_rows
from bachtest.results.export.sorted_rows import SortedRows


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
def test_rows_come_in_the_order_of_their_first_columns(tmp_path, monkeypatch, count):
    monkeypatch.setattr(sorted_rows, "RUN", 10)
    rows = [(f"é{i % 7}", i % 3, "", 0.1 + i, 'a "quote", and a\nline') for i in range(count)]
    mixed = Random(1).sample(rows, count)
    table = SortedRows(iter(mixed), sort=2, spool=tmp_path, name="rows")
    assert len(table) == count
    for _ in range(2):
        read = [tuple(row) for row in table]
        assert [row[:2] for row in read] == sorted(row[:2] for row in rows)
        assert sorted(read) == sorted(rows)
    assert len(list(tmp_path.iterdir())) == (0 if count < 10 else -(-count // 10))


def test_memory_holds_some_runs_and_not_all_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(sorted_rows, "RUN", 2000)

    def peak(count: int) -> int:
        tracemalloc.start()
        rows = ((i * 7919 % count, "x" * 100 + str(i)) for i in range(count))
        table = SortedRows(rows, sort=1, spool=tmp_path, name=f"of-{count}")
        assert sum(1 for _ in table) == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(8 * sorted_rows.RUN) < 1.5 * peak(2 * sorted_rows.RUN)
