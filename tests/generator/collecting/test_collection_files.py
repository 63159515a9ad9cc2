from __future__ import annotations

import os
import stat
import struct
import tracemalloc
from pathlib import Path
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import pytest

from generator.collecting import collection_files
from generator.collecting.collection_error import CollectionError
from generator.collecting.collection_files import MAX_NAME, open_collection
from generator.music.formats.format_errors import FormatError
from tests.generator.collecting.material import many_entries, write_folder, write_zip

FILES = {"b.mid": b"2", "a/a.mid": b"1"}


def contents(path: Path) -> dict[str, bytes]:
    with open_collection(path) as files:
        return {name: files.read(name) for name in files.names}


def refusal(path: Path) -> str:
    with pytest.raises(CollectionError) as error:
        contents(path)
    return str(error.value)


def test_a_folder_and_its_zip_are_the_same_collection(tmp_path):
    folder = write_folder(tmp_path / "pieces", FILES)
    archive = write_zip(tmp_path / "pieces.zip", FILES)
    assert contents(folder) == contents(archive) == dict(sorted(FILES.items()))


def test_names_are_composed_as_one_system_or_the_other_wrote_them(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"e\u0301.mid": b"1"})
    assert list(contents(archive)) == ["\u00e9.mid"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.mid", "leads out"),
        ("a/../../a.mid", "leads out"),
        ("/etc/a.mid", "leads out"),
        ("C:/a.mid", "leads out"),
        ("a\\b.mid", "no file name needs"),
        ("a\nb.mid", "no file name needs"),
        ("a" * (MAX_NAME + 1), "longer than"),
    ],
)
def test_a_hostile_name_refuses_the_zip(tmp_path, name, reason):
    assert reason in refusal(write_zip(tmp_path / "a.zip", {name: b"1"}))


def test_a_name_that_stands_twice_refuses_the_zip(tmp_path):
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("\u00e9.mid", b"1")
        archive.writestr("e\u0301.mid", b"2")
    assert "twice" in refusal(path)


def test_a_link_refuses_zip_and_folder(tmp_path):
    link = ZipInfo("a.mid")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(path)
    folder = write_folder(tmp_path / "pieces", FILES)
    (folder / "c.mid").symlink_to("/etc/passwd")
    assert "link" in refusal(folder)


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path):
    os.mkfifo(write_folder(tmp_path / "pieces", FILES) / "c.mid")
    assert "no plain file" in refusal(tmp_path / "pieces")


def test_a_million_entries_are_refused_before_an_object_is_made_of_each(tmp_path):
    path = many_entries(tmp_path / "a.zip", 1_000_000)
    tracemalloc.start()
    assert "entries" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_entries_that_the_end_does_not_count_are_refused(tmp_path):
    path = many_entries(tmp_path / "a.zip", 1_000_000)
    data = bytearray(path.read_bytes())
    data[-14:-10] = (1).to_bytes(2, "little") * 2
    path.write_bytes(data)
    assert "1 entries" in refusal(path)


def test_more_files_than_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(collection_files, "MAX_FILES", 1)
    assert "more than 1 files" in refusal(write_folder(tmp_path / "pieces", FILES))
    assert "more than 1 files" in refusal(write_zip(tmp_path / "a.zip", FILES))


def test_more_bytes_than_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(collection_files, "MAX_TOTAL_BYTES", 1)
    assert "unpacked" in refusal(write_folder(tmp_path / "pieces", FILES))
    assert "unpacked" in refusal(write_zip(tmp_path / "a.zip", FILES))


def test_a_bomb_is_refused_unread(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.mid": bytes(5_000_000)})
    assert "times as much" in refusal(path)


def test_a_file_that_is_too_large_is_refused_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(collection_files, "MAX_BYTES", 3)
    path = write_zip(tmp_path / "a.zip", {"a.mid": b"1234", "b.mid": b"123"})
    with open_collection(path) as files:
        assert files.read("b.mid") == b"123"
        with pytest.raises(FormatError, match="larger"):
            files.read("a.mid")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.mid": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(path)


def test_rare_compressions_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", ZIP_LZMA) as archive:
        archive.writestr("a.mid", b"1")
    assert "rare" in refusal(path)


def test_a_truncated_or_damaged_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.mid": bytes(range(256)) * 4})
    data = path.read_bytes()
    for end in (0, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:end])
        assert "whole ZIP" in refusal(path)
    path.write_bytes(data[:60] + bytes([data[60] ^ 255]) + data[61:])
    assert "damaged" in refusal(path)
    assert "neither" in refusal(write_folder(tmp_path, {"a.txt": b"text"}) / "a.txt")
    assert "cannot read" in refusal(tmp_path / "missing.zip")


def test_an_entry_without_a_name_is_refused(tmp_path):
    path = tmp_path / "nameless.zip"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 0, 0)
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, *[0] * 5, 0, 0)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)
    path.write_bytes(local + entry + end)
    with pytest.raises(CollectionError, match="an entry without a name"), open_collection(path):
        pass
