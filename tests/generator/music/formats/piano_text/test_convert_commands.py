from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator.music.formats.midi import write_midi
from generator.music.formats.piano_text.midi_chunks import read_records
from generator.music.formats.piano_text.record_keys import records_to_keys
from generator.music.grid.voice_assignment import key_sets
from tests.generator.families.material import a_chorale


@pytest.fixture
def midi(tmp_path) -> Path:
    path = tmp_path / "piece.mid"
    write_midi(a_chorale(), path)
    return path


def test_files_go_from_midi_to_text_and_back(midi, tmp_path):
    paths = [str(tmp_path / name) for name in ("a.csv", "a.txt", "b.csv", "b.mid")]
    call_command("midi_to_csv", str(midi), paths[0])
    call_command("csv_to_text", paths[0], paths[1], "--transpose=-6")
    call_command("text_to_csv", paths[1], paths[2], "--transpose=6")
    call_command("csv_to_midi", paths[2], paths[3])
    keys = records_to_keys(read_records(Path(paths[3]).read_bytes()))
    assert np.array_equal(keys, key_sets(a_chorale()))


def test_standard_input_and_output_pass_bytes_on(midi, monkeypatch, capfdbinary):
    data = midi.read_bytes()
    for command in ("midi_to_csv", "csv_to_text", "text_to_csv"):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(data)))
        call_command(command, "-", "-")
        data, errors = capfdbinary.readouterr()
        assert errors == b""
    assert data.startswith(b"0, 0, Header, 0, 1, 480\n1, 0, Start_track\n")


@pytest.mark.parametrize(
    ("command", "content", "message"),
    [
        ("midi_to_csv", b"text", "does not begin with MThd"),
        ("csv_to_midi", b"1, 2", "line 1: a record has a track"),
        ("csv_to_text", b"\xff\x00", "line 1: a record has a track"),
        ("text_to_csv", b"HL\xe9 ", "line 1, character 3: '\xe9' where a key should be"),
        ("text_to_csv", b"", "is empty"),
    ],
)
def test_where_a_file_is_wrong_nothing_is_written(command, content, message, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    target.write_bytes(b"old")
    with pytest.raises(CommandError, match=message):
        call_command(command, str(source), str(target))
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]


def test_a_file_that_is_missing_and_a_folder_that_is_missing_are_named(midi, tmp_path):
    with pytest.raises(CommandError, match=r"cannot read .*nothing\.mid: No such file"):
        call_command("midi_to_csv", str(tmp_path / "nothing.mid"), "-")
    with pytest.raises(CommandError, match=r"cannot write .*choose a folder that is writable"):
        call_command("midi_to_csv", str(midi), str(tmp_path / "nowhere" / "a.csv"))


def test_standard_input_that_is_empty_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO()))
    with pytest.raises(CommandError, match="standard input is empty"):
        call_command("midi_to_csv", "-", "-")


def test_a_transposition_off_the_piano_is_refused(midi, tmp_path):
    csv = str(tmp_path / "a.csv")
    call_command("midi_to_csv", str(midi), csv)
    with pytest.raises(CommandError, match="is not on the piano"):
        call_command("csv_to_text", csv, "-", "--transpose=-30")


def test_a_transposition_beyond_all_numbers_is_refused(midi, tmp_path):
    csv = str(tmp_path / "a.csv")
    call_command("midi_to_csv", str(midi), csv)
    with pytest.raises(CommandError, match="cannot be transposed by 9999999999999999999"):
        call_command("csv_to_text", csv, "-", "--transpose", "99999999999999999999")
