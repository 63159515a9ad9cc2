from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from generator.atomic_write import atomic_write
from generator.music.formats.files import write_file
from generator.music.formats.format_errors import FormatError


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("step", [(os, "fsync"), (Path, "replace")], ids=["fsync", "replace"])
def test_an_interrupted_write_keeps_the_old_file_and_leaves_no_other(
    tmp_path, monkeypatch, step, stop
):
    def interrupted(*_: object) -> None:
        raise stop

    path = tmp_path / "piece.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(*step, interrupted)
    with pytest.raises(stop):
        atomic_write(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(path.name, b"old")]


def test_the_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    steps = []
    for owner, name in ((os, "fsync"), (Path, "replace")):
        real = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, n=name, f=real: (steps.append(n), f(*a)))
    atomic_write(tmp_path / "piece.json", b"new")
    assert steps == ["fsync", "replace"]
    assert (tmp_path / "piece.json").read_bytes() == b"new"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_may_be_read_by_whom_an_ordinary_one_may(tmp_path, monkeypatch, umask):
    set_umask = os.umask
    before = set_umask(umask)
    # Other threads would create files with whatever it were set to for a moment.
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask is that of all threads"))
    try:
        (tmp_path / "ordinary").write_bytes(b"x")
        atomic_write(tmp_path / "atomic", b"x")
    finally:
        set_umask(before)
    ordinary, atomic = (
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ordinary", "atomic")
    )
    assert atomic == ordinary == 0o666 & ~umask


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        atomic_write(tmp_path / "no" / "piece.mid", b"x")
    with pytest.raises(FormatError, match=r"cannot write .*piece\.mid: No such file.*writable"):
        write_file(tmp_path / "no" / "piece.mid", b"x")
