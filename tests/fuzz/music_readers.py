"""What must hold of any bytes that somebody calls music or a checkpoint."""

from __future__ import annotations

import io

from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_json import HeaderError
from generator.families.checkpoint_metadata import checked_metadata
from generator.music.corpus.foreign_phrases import foreign_spans, with_fermatas
from generator.music.formats.format_errors import FormatError
from generator.music.formats.gridjson import from_json, to_json
from generator.music.formats.outside_files import four_part_chorale


def check_music(data: bytes) -> None:
    """It is refused in words, or it is a chorale that can be stored, cut and shown."""
    try:
        chorale = four_part_chorale(data, "file")
    except FormatError as error:
        assert str(error)
        return
    for start, stop in foreign_spans(chorale):
        part = with_fermatas(chorale).slice(start, stop)
        assert from_json(to_json(part)) == part


def check_header(data: bytes) -> None:
    """It is refused in words, or its tensors fill the file."""
    try:
        header = read_header(io.BytesIO(data))
        checked_metadata(header.metadata, ["markov", "flagship"])
    except HeaderError as error:
        assert 0 < len(str(error)) < 1000
