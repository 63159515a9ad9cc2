"""A MusicXML file as a tree of elements, partwise and without namespaces, however it was packed.

The file is untrusted: it goes through defusedxml, with limits on all that is unpacked.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from generator.music.formats.files import MAX_BYTES
from generator.music.formats.format_errors import FormatError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CONTAINER = "META-INF/container.xml"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_SCORE_ENDINGS = (".musicxml", ".xml")
# Of expat.
_INVALID_TOKEN, _WRONG_ENCODING = 4, 19
_CUT_OFF = (3, 5, 6)


def score_element(data: bytes, source: str) -> Element:
    """The root of a score, as `score-partwise`.

    Raises
    ------
    FormatError
        If it is not MusicXML, or too much of it.
    """
    if data.startswith(b"PK"):
        data = _unpacked(data, source)
    try:
        root = _parsed(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        cut = isinstance(error, ParseError) and error.code in _CUT_OFF
        reason = f"it is cut off ({error}); get a whole copy, or export it again" if cut else error
        raise FormatError(f"{source} is not MusicXML that can be read: {reason}") from error
    if root.tag.startswith("{"):
        _drop_namespaces(root)
    if root.tag == "score-timewise":
        _make_partwise(root)
    if root.tag != "score-partwise":
        raise FormatError(
            f"{source} is not a MusicXML score: it begins with <{root.tag:.40}>; "
            "export it as MusicXML"
        )
    return root


def _drop_namespaces(root: Element) -> None:
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]


def _make_partwise(root: Element) -> None:
    """Turn measures that hold parts into parts that hold measures."""
    parts: dict[str, Element] = {}
    for measure in root.findall("measure"):
        for part in measure.findall("part"):
            name = part.get("id", "")
            if name not in parts:
                parts[name] = root.makeelement("part", {"id": name})
            part.tag = "measure"
            part.attrib = dict(measure.attrib)
            parts[name].append(part)
    root.tag = "score-partwise"
    root.extend(parts.values())


def _parsed(data: bytes) -> Element:
    """The root; text that is not in the encoding that it declares is read as what it must be."""
    if not data.startswith(_UTF_16):
        data = data.lstrip()
    try:
        return _parsed_as(data, None)
    except ParseError as error:
        if error.code not in (_INVALID_TOKEN, _WRONG_ENCODING):
            raise
        if data.startswith(_UTF_16):
            return _parsed_as(data, "utf-16")
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _parsed_as(data, "iso-8859-1")
        return _parsed_as(data, "utf-8")


def _parsed_as(data: bytes, encoding: str | None) -> Element:
    """A file that declares types of its own is refused: defaults of attributes, which each element
    gets, would take gigabytes."""
    parser = DefusedXMLParser(encoding=encoding)

    def no_types(name: str, system: str | None, public: str | None, has_own: int) -> None:
        if has_own:
            raise ValueError("it declares types of its own; export it again")

    parser.parser.StartDoctypeDeclHandler = no_types
    parser.feed(data)
    root: Element = parser.close()
    return root


# Errors of an untrusted zip file; their only common ancestor is Exception.
UNREADABLE = (
    zipfile.BadZipFile,  # not an archive, or a wrong checksum
    zlib.error, EOFError, OSError,  # damaged or truncated data
    LookupError,  # the container names a missing entry, or an unknown encoding
    OverflowError,  # a place beyond all numbers
    RuntimeError,  # encrypted, or an unknown compression
    ParseError, DefusedXmlException, ValueError,  # a container that is not XML, or is an attack
)  # fmt: skip


def _unpacked(data: bytes, source: str) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _limited(archive, _score_name(archive, source))
    except UNREADABLE as error:
        raise FormatError(
            f"{source} is not compressed MusicXML that can be read: {error}"
        ) from error


def _score_name(archive: zipfile.ZipFile, source: str) -> str:
    """The container's first score, whatever its name; without one that is there, the entry that
    looks like a score."""
    names = {name.casefold(): name for name in reversed(archive.namelist())}
    missing = ""
    if (container := names.get(CONTAINER.casefold())) is not None:
        for path in _rootfiles(_limited(archive, container)):
            plain = re.sub(r"^(\./|/)+", "", path.replace("\\", "/"))
            for each in (path, plain, unquote(plain)):
                if (name := names.get(each.casefold())) is not None:
                    return each if each in archive.namelist() else name
            missing = missing or f"; its container names {path:.60}, which is not there"
    for ending in _SCORE_ENDINGS:
        for name in archive.namelist():
            folders = name.split("/")[:-1]
            if name.casefold().endswith(ending) and not {"META-INF", "__MACOSX"} & {*folders}:
                return name
    raise FormatError(f"{source} is a zip file without a MusicXML score in it{missing}")


def _rootfiles(container: bytes) -> list[str]:
    """The paths of all scores, which are not pictures; none of a container that is no XML."""
    try:
        elements = list(_parsed(container).iter())
    except ParseError:
        return []
    return [
        element.get("full-path", "")
        for element in elements
        if element.tag.rpartition("}")[2] == "rootfile"
        and "xml" in element.get("media-type", "xml")
    ]


def _limited(archive: zipfile.ZipFile, name: str) -> bytes:
    # Others take as much memory as the file asks for.
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(
            f"{name} is not compressed MusicXML that can be read: its packing is rare; export the "
            "score again"
        )
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name} unpacks to more than {MAX_BYTES // 1_000_000} MB")
    return data
