from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bachtest.lib.short_lived_files import DIGEST_BYTES, ShortLivedFiles


@pytest.fixture
def files(tmp_path: Path) -> ShortLivedFiles:
    return ShortLivedFiles(tmp_path / "kept", seconds=60, max_bytes=3 * (DIGEST_BYTES + 10))


def age(files: ShortLivedFiles, key: str, seconds: float) -> None:
    os.utime(files._path(key), (time.time() - seconds,) * 2)


def test_what_was_kept_is_read_until_it_is_dropped(files):
    assert files.read("a") is None
    files.keep("a", b"content")
    assert (files.has("a"), files.read("a")) == (True, b"content")
    files.drop("a")
    files.drop("a")
    assert (files.has("a"), files.read("a")) == (False, None)


def test_a_torn_file_is_not_believed(files):
    files.keep("a", b"content")
    whole = files._path("a").read_bytes()
    for torn in (b"", whole[:10], whole[:-1], whole + b"x"):
        files._path("a").write_bytes(torn)
        assert files.read("a") is None


def test_what_is_old_goes_and_so_does_the_oldest_of_too_much(files):
    for number, key in enumerate("abcde"):
        files.keep(key, b"0123456789")
        age(files, key, 100 if key == "e" else 30 - number)
    files._tidied = 0.0
    files.tidy()
    assert [key for key in "abcde" if files.has(key)] == ["b", "c", "d"]


def test_no_name_gives_a_key_away(files):
    files.keep("secret", b"x")
    assert "secret" not in " ".join(path.name for path in files.folder.iterdir())
