"""Files that people take for tables of text: what they are, and how to make a CSV file of them."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

_SPREADSHEET = "open it and save it as CSV (UTF-8)"
_UNPACK = "unpack it first"
_WORKSPACE = "load it in R, and write.csv the table in it"


@dataclass(frozen=True)
class FileKind:
    """A kind of file by its first bytes. `way` leads to CSV; {name} and {stem} are the file's."""

    magic: bytes
    name: str
    way: str


def _pandas(reader: str) -> str:
    return f"in Python, pandas.{reader}('{{name}}').to_csv('{{stem}}.csv', index=False) makes one"


def _from_r(reader: str) -> str:
    return f"in R, write.csv({reader}('{{name}}'), '{{stem}}.csv', row.names = FALSE) makes one"


_KINDS = (
    FileKind(b"PAR1\x15", "a Parquet file", _pandas("read_parquet")),
    FileKind(b"ARROW1\0\0", "a Feather (Arrow) file", _pandas("read_feather")),
    FileKind(b"FEA1\0", "a Feather file", _pandas("read_feather")),
    FileKind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)", _SPREADSHEET),
    FileKind(b"$FL2@(#)", "an SPSS file (.sav)", _pandas("read_spss")),
    FileKind(b"$FL3@(#)", "an SPSS file (.zsav)", _pandas("read_spss")),
    FileKind(b"ASCII SPSS PORT FILE", "an SPSS file (.por)", "save it as CSV in SPSS"),
    FileKind(b"HEADER RECORD*******", "a SAS file (.xpt)", _pandas("read_sas")),
    FileKind(b"<stata_dta>", "a Stata file", _pandas("read_stata")),
    FileKind(bytes(12) + b"\xc2\xea\x81\x60", "a SAS file", _pandas("read_sas")),
    FileKind(b"X\n\0\0\0", "R data (.rds)", _from_r("readRDS")),
    FileKind(b"A\n2\n", "R data (.rds)", _from_r("readRDS")),
    FileKind(b"A\n3\n", "R data (.rds)", _from_r("readRDS")),
    *(FileKind(magic, "an R workspace (.rda)", _WORKSPACE) for magic in (b"RDX2\n", b"RDX3\n")),
    *(FileKind(magic, "an R workspace (.rda)", _WORKSPACE) for magic in (b"RDA2\n", b"RDA3\n")),
    FileKind(b"SQLite format 3\0", "an SQLite database", "export its table of answers as CSV"),
    FileKind(b"\x89HDF\r\n", "an HDF5 file", _pandas("read_hdf")),
    FileKind(b"MATLAB 5.0 MAT", "a MATLAB file", "in MATLAB, writetable writes a CSV file"),
    FileKind(b"MATLAB 7.3 MAT", "a MATLAB file", "in MATLAB, writetable writes a CSV file"),
    FileKind(b"\x93NUMPY", "a NumPy array", "numpy.savetxt writes it as text"),
    *(
        FileKind(magic, "a pickle", "write the table with to_csv instead")
        for magic in (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")
    ),
    FileKind(b"%PDF-", "a PDF", "export the table as CSV from the program that made it"),
    FileKind(b"{\\rtf", "a text document (RTF)", "save the table as CSV from a spreadsheet"),
    *(FileKind(b"BZh%d1AY&SY" % level, "a bzip2 file", _UNPACK) for level in range(1, 10)),
    FileKind(b"\xfd7zXZ\0", "an xz file", _UNPACK),
    FileKind(b"\x28\xb5\x2f\xfd", "a Zstandard file", _UNPACK),
    FileKind(b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    FileKind(b"Rar!\x1a", "a RAR archive", _UNPACK),
    FileKind(b"\x1f\x8b", "a gzip file in a gzip file", _UNPACK),
    FileKind(b"\x1f\x9d", "a compressed file (.Z)", _UNPACK),
    FileKind(b"version https://git-lfs", "a pointer of Git LFS", "run git lfs pull first"),
)
# What a ZIP holds, by how the names inside begin; an office file is a ZIP too.
_ZIPS = (
    ("xl/", "an Excel workbook (.xlsx)", _SPREADSHEET),
    ("word/", "a Word document", "save the table as CSV from a spreadsheet"),
    ("ppt/", "a PowerPoint file", "save the table as CSV from a spreadsheet"),
    ("Index/", "a Numbers sheet", _SPREADSHEET),
    ("content.xml", "an OpenDocument sheet (.ods)", _SPREADSHEET),
    ("[Content_Types].xml", "an Excel workbook (.xlsx)", _SPREADSHEET),
)
_OFFICE = {
    ".xlsx": "an Excel workbook (.xlsx)",
    ".xlsm": "an Excel workbook (.xlsm)",
    ".xlsb": "an Excel workbook (.xlsb)",
    ".ods": "an OpenDocument sheet (.ods)",
    ".numbers": "a Numbers sheet",
    ".omv": "a jamovi file",
    ".jasp": "a JASP file",
}
# A file of text in UTF-8 has no byte 0; in UTF-16 and UTF-32 every second is one, or three in four.
_PROBED, _BINARY = 256, "export the table as CSV from the program that made it"
_TEXT_DOCUMENT = b"application/vnd.oasis.opendocument.text"
_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*[{\["\]])')
_JSON_WAY = "jsPsych writes CSV with jsPsych.data.get().csv(); for a list of answers " + _pandas(
    "read_json"
)
_JSON_LINES_WAY = (
    "in Python, pandas.read_json('{name}', lines=True).to_csv('{stem}.csv', index=False) makes one"
)
_MARKUP = re.compile(
    r"\s*<(!--|(\?xml|!doctype|html|head|body|div|svg|table|workbook)\b)", re.IGNORECASE
)


def kind_of(head: bytes, name: str) -> str:
    """What a file is if it is no CSV file, and the way to one; "" if it may be CSV.

    Parameters
    ----------
    head : bytes
        How the file begins.
    name : str
        Its name, for what its first bytes do not say.

    Examples
    --------
    >>> kind_of(b"BZh91AY&SY", "a.csv.bz2")
    'a bzip2 file, not CSV; unpack it first'
    """
    kind, way = _named(head, name)
    if not kind:
        return ""
    plain = name.replace("{", "").replace("}", "").replace("'", "")
    return f"{kind}, not CSV; {way.format(name=plain, stem=PurePath(plain).stem)}"


def _named(head: bytes, name: str) -> tuple[str, str]:
    for kind in _KINDS:
        if head.startswith(kind.magic):
            return kind.name, kind.way
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(head, name)
    if head[:1] in b"qrs" and head[1:4] in (b"\1\1\0", b"\2\1\0"):
        return "a Stata file", _pandas("read_stata")
    if _is_binary(head[:_PROBED]):
        archive = head[257:262] == b"ustar"
        return ("a tar archive", _UNPACK) if archive else ("a binary file", _BINARY)
    return _text_kind(head, name)


def _is_binary(start: bytes) -> bool:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or 0 not in start[:128]:
        return False
    zeros = sorted(start[at::4].count(0) / (len(start) / 4) for at in range(4))
    # Two of four bytes, or three, are nearly always 0, and the others never.
    return not (zeros[0] < 0.1 and zeros[3] > 0.8 and zeros[2] > 0.6)


def _zipped(head: bytes, name: str) -> tuple[str, str]:
    if _TEXT_DOCUMENT in head[:100]:
        return "a text document (.odt)", "save the table as CSV from a spreadsheet"
    suffix = PurePath(name).suffix.lower()
    if suffix in _OFFICE:
        return _OFFICE[suffix], _SPREADSHEET
    # The names stand at the end of the file, too, but a pipe or a long file may not have come here.
    try:
        with zipfile.ZipFile(io.BytesIO(head)) as archive:
            inside = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        inside = []
    for start, kind, way in _ZIPS:
        listed = any(entry.startswith(start) for entry in inside)
        if listed or (not inside and start.encode() in head):
            return kind, way
    return "a ZIP archive", _UNPACK


def _text_kind(head: bytes, name: str) -> tuple[str, str]:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, "ignore")
    if _JSON.match(text):
        # One object a line; an array that was printed nicely begins with a lone bracket.
        lines = [line for line in text.split("\n")[:2] if line.strip()]
        objects = len(lines) == 2 and lines[1].lstrip()[:1] == "{"
        if name.lower().endswith((".jsonl", ".ndjson")) or (text.lstrip()[:1] == "{" and objects):
            return "a JSON Lines file", _JSON_LINES_WAY
        return "a JSON file", _JSON_WAY
    if _MARKUP.match(text):
        return "a web page or an XML file", "open it in a spreadsheet and save it as CSV (UTF-8)"
    return "", ""
