from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachtest.stats.tables.csv_columns import TextFile, read_coded_csv
from bachtest.stats.tables.fast_csv import parse_csv

CELLS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Z"), blacklist_characters=',;"'), max_size=40
)


@given(st.integers(1, 5).flatmap(lambda width: st.lists(
    st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=30)))  # fmt: skip
def test_columns_are_those_of_the_rows(rows: list[list[str]]):
    rows = [row for row in rows if any(row)] or [["x"] * len(rows[0])]
    parsed = parse_csv("".join(",".join(row) + "\n" for row in rows), ",", len(rows[0]))
    assert parsed is not None
    for at, column in enumerate(zip(*rows, strict=True)):
        codes, cells = parsed.column(at)
        assert [cells[code] for code in codes] == list(column)
        assert cells == list(dict.fromkeys(column))


@pytest.mark.parametrize("text", ["a,b\nc,d", "a,b\nc\n", "a\nb,c,d\n", 'a,"b"\n', "a,\0\n"])
def test_text_that_is_not_plain_is_refused(text):
    assert parse_csv(text, ",", 2) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("blank", ["", "   ", " , , "])
def test_a_file_is_read_as_the_csv_module_reads_it(tmp_path: Path, end: str, last: bool, blank):
    lines = ["listener,item,correct", "l1, Präludium,1", "l2,an item of many words,0", "l1,x,1"]
    if blank:
        lines.insert(2, blank)
    file = tmp_path / "a.csv"
    file.write_bytes((end.join(lines) + end * last).encode())
    coded = read_coded_csv(TextFile(file), needed=lambda name: True)
    with file.open(newline="", encoding="utf-8") as text:
        stripped = [[cell.strip() for cell in row] for row in csv.reader(text)]
    rows = [row for row in stripped if any(row)][1:]
    for at, name in enumerate(coded.names):
        column = coded.columns[name]
        assert [column.values[code] for code in column.codes] == [row[at] for row in rows]
        assert column.codes.dtype == np.int32
