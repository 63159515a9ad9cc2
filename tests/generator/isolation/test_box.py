"""Boxes hold whatever a stranger left there: it is read with care, and all of it is deleted."""

from __future__ import annotations

import os
import resource

import pytest

from generator.isolation.box import (
    BoxError,
    delete_box,
    delete_stale_boxes,
    new_box,
    read_from_box,
    used_bytes,
)

LEVELS = 300
LONG = "a folder's name"  # their path is longer than a path may be


@pytest.fixture
def box(tmp_path):
    path = tmp_path / "box"
    path.mkdir()
    return path


def test_a_box_is_for_its_owner_and_goes_away():
    with pytest.raises(ZeroDivisionError), new_box() as box:
        assert box.stat().st_mode & 0o777 == 0o700
        (box / "a").mkdir()
        (box / "a/b").write_text("x")
        raise ZeroDivisionError
    assert not box.exists()


def test_links_are_deleted_and_what_they_lead_to_stays(box, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    (box / "link").symlink_to(kept)
    delete_box(box)
    assert (kept / "file").read_text() == "x"


@pytest.fixture
def few_files():
    """This process may open less files than there are levels."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (LEVELS - 100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_deep_and_guarded_folders_are_deleted(box, few_files):
    here = os.open(box, os.O_RDONLY)
    for _ in range(LEVELS):
        os.mkdir(LONG, dir_fd=here)
        inner = os.open(LONG, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (box / "guarded").mkdir(0)
    (box / "half").mkdir()
    (box / "half/inner").mkdir(0)
    (box / "half").chmod(0o300)
    delete_box(box)
    assert not box.exists()


def test_a_box_that_is_gone_is_no_trouble(box):
    box.rmdir()
    delete_box(box)


def test_what_a_box_takes_is_counted_in_all_folders_and_by_no_link(box, tmp_path):
    assert used_bytes(box) == 0
    big = tmp_path / "big"
    big.write_bytes(bytes(1 << 20))
    (box / "link").symlink_to(big)
    (box / "a").mkdir()
    (box / "a/b").write_bytes(bytes(100_000))
    assert 100_000 <= used_bytes(box) < 200_000


def test_boxes_of_makers_that_were_killed_are_deleted_after_a_while(tmp_path):
    for name in ("box-old", "box-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    for name in ("box-old", "other"):
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "box-link").symlink_to(tmp_path / "other")
    assert delete_stale_boxes(tmp_path, seconds=3600) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box-link", "box-new", "other"]
    assert (tmp_path / "other/file").exists()


def odd(box, kind):
    path = box / "result"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "second name":
        (box / "first").write_text("x")
        os.link(box / "first", path)
    elif kind == "long":
        path.write_bytes(bytes(101))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nothing", "there is none"),
        ("link", "it cannot be read"),
        ("pipe", "it is no plain file"),
        ("folder", "it is no plain file"),
        ("second name", "it is no plain file"),
        ("long", "101 bytes; 100 are the most"),
    ],
)
def test_only_a_plain_file_of_the_right_size_is_read(box, kind, reason):
    odd(box, kind)
    with pytest.raises(BoxError, match=reason):
        read_from_box(box, "result", 100)


def test_a_plain_file_is_read(box):
    (box / "result").write_bytes(bytes(100))
    assert read_from_box(box, "result", 100) == bytes(100)
