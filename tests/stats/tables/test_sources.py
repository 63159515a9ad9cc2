"""Where a table comes from: a file, a pipe, a gzip file; and what is no table of text."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from bachtest.stats.__main__ import source_of
from bachtest.stats.tables.text_file import TableError

ROOT = Path(__file__).parents[3]
TEXT = b"listener,item,condition,correct\np,a,S,1\np,b,S,0\n"


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT)], ids=["plain", "gzip"])
def test_standard_input_is_read(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    table = source_of(["-"]).table
    assert table.correct.tolist() == [1, 0]
    assert str(table.path) == "standard input"
    assert table.values("item") == ["a", "b"]


def test_faults_of_standard_input_are_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT + b"q,a,S,perhaps\n")))
    with pytest.raises(TableError, match="standard input, line 4: correct is 'perhaps'"):
        source_of(["-"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(TableError, match="standard input: the file is empty"):
        source_of(["-"])
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(TableError, match="nothing is piped in"):
        source_of(["-"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(TEXT,))
    writer.start()
    table = source_of([str(pipe)]).table
    writer.join()
    assert table.values("listener") == ["p", "p"]
    assert table.correct.tolist() == [1, 0]


def test_a_gzip_file_is_read_whatever_its_name(read, refused):
    assert read(gzip.compress(TEXT), name="a.csv.gz").correct.tolist() == [1, 0]
    assert read(gzip.compress(TEXT), name="a.csv").correct.tolist() == [1, 0]
    assert "a.csv.gz: the gzip file is cut off" in refused(
        gzip.compress(TEXT)[:-9], name="a.csv.gz"
    )
    damaged = bytearray(gzip.compress(TEXT))
    damaged[20] ^= 0xFF
    assert "the gzip file is damaged" in refused(bytes(damaged), name="a.csv.gz")


KINDS = {
    "a.parquet": (b"PAR1\x15\x04", "a Parquet file, not CSV; in Python, pandas.read_parquet"),
    "a.feather": (b"ARROW1\0\0\xff", "a Feather (Arrow) file"),
    "a.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    "a.xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook (.xlsx), not"),
    "xlsx": (zipped("xl/workbook.xml"), "an Excel workbook (.xlsx), not CSV; open it and save"),
    "a.ods": (zipped("mimetype", "content.xml"), "an OpenDocument sheet (.ods)"),
    "ods": (zipped("mimetype", "content.xml"), "an OpenDocument sheet (.ods)"),
    "a.zip": (zipped("a.csv"), "a ZIP archive, not CSV; unpack it first"),
    "a.sav": (b"$FL2@(#) SPSS DATA FILE", "an SPSS file (.sav)"),
    "a.dta": (b"<stata_dta><header>", "a Stata file"),
    "old.dta": (b"r\2\1\0", "a Stata file"),
    "a.rds": (gzip.compress(b"X\n\0\0\0\3"), "R data (.rds), not CSV; in R, write.csv(readRDS('a"),
    "a.rda": (gzip.compress(b"RDX3\nX\n"), "an R workspace (.rda)"),
    "a.json": (b'\xef\xbb\xbf [\n  {"listener": 1}]', "a JSON file, not CSV; jsPsych writes CSV"),
    "16.json": ('{"a": 1}'.encode("utf-16"), "a JSON file"),
    "a.jsonl": (b'{"a": 1}\n{"a": 2}\n', "a JSON Lines file"),
    "a.html": (b"<!DOCTYPE html><table>", "a web page or an XML file"),
    "sheet.xls": (b"<table border=1>", "a web page or an XML file"),
    "a.pdf": (b"%PDF-1.7", "a PDF"),
    "a.csv.bz2": (b"BZh91AY&SY", "a bzip2 file, not CSV; unpack it first"),
    "a.csv.xz": (b"\xfd7zXZ\0\0", "an xz file"),
    "a.tar.gz": (gzip.compress(b"a.csv" + bytes(252) + b"ustar"), "a tar archive, not CSV; unpack"),
    "a.csv.gz": (gzip.compress(gzip.compress(TEXT)), "a gzip file in a gzip file"),
    "a.png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a binary file, not CSV; export the table"),
    "a.wav": (b"RIFF\x24\0\0\0WAVEfmt ", "a binary file"),
    "a.pptx": (zipped("[Content_Types].xml", "ppt/x.xml"), "a PowerPoint file"),
    "a.omv": (zipped("meta", "metadata.json"), "a jamovi file"),
    "a.xpt": (b"HEADER RECORD*******LIBRARY", "a SAS file (.xpt)"),
    "one.jsonl": (b'{"a": 1}\n', "a JSON Lines file"),
    "saved.html": (b"<!-- saved from --><html>", "a web page or an XML file"),
    "a.sqlite": (b"SQLite format 3\0", "an SQLite database"),
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=list(KINDS))
def test_other_kinds_of_files_are_named_with_the_way_to_csv(refused, name, kind):
    data, words = kind
    message = refused(data, name=name)
    assert message.startswith(f"{name}: {words}")


@pytest.mark.parametrize("first", ["PAR1", "RDX", "A", "[n", "{", "Rar", "BZh", "<5", "r", "$FL"])
def test_a_column_that_begins_like_another_kind_is_a_column(read, first):
    table = read(f"{first},n,correct\nx,5,3\n")
    assert table.columns == (first, "n", "correct")


def test_what_the_system_does_not_hand_out_is_named(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        done = subprocess.run(
            [
                *(sys.executable, "-c"),
                f"from bachtest.stats.__main__ import main; main([{str(path)!r}])",
            ],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("error: ")
