from __future__ import annotations

import pytest

from bachtest.stats.__main__ import source_of
from bachtest.stats.tables.text_file import TableError


@pytest.fixture
def read(tmp_path):
    """The table that a text holds, read with these options of the program."""

    def write_and_read(text, *options, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return source_of([str(path), *options]).table

    return write_and_read


@pytest.fixture
def refused(read, tmp_path):
    """Why a text is not read: one line that names the file, which is left out here."""

    def message(text, *options, name="table.csv"):
        with pytest.raises(TableError) as caught:
            read(text, *options, name=name)
        error = str(caught.value)
        assert len(error.splitlines()) == 1
        return error.replace(f"{tmp_path}/", "")

    return message
