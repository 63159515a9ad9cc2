"""Types that a file declares of its own: defaults of attributes would take gigabytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.musicxml_reader.score_reader import musicxml_score

DEFAULTS = " ".join(f'a{number} CDATA "y"' for number in range(1000))
TYPES = f"<!DOCTYPE score-partwise [<!ATTLIST a {DEFAULTS}>]>"
BOMB = f"{TYPES}<score-partwise>{'<a/>' * 9}</score-partwise>"
CONTAINER = (
    "<?xml version='1.0' encoding='{}'?><container><rootfile full-path='a.xml'/></container>"
)


def packed(container: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("a.xml", "<score-partwise/>")
    return file.getvalue()


def test_a_file_with_types_of_its_own_is_refused():
    with pytest.raises(FormatError, match="declares types of its own"):
        musicxml_score(BOMB.encode(), "bomb.xml")
    with pytest.raises(FormatError, match="declares types of its own"):
        musicxml_score(packed(BOMB), "bomb.mxl")


@pytest.mark.parametrize("encoding", ["rot13", "hex", "klingon"])
def test_a_container_of_a_rare_encoding_is_refused(encoding):
    with pytest.raises(FormatError, match=r"rare.mxl is not compressed MusicXML"):
        musicxml_score(packed(CONTAINER.format(encoding)), "rare.mxl")
