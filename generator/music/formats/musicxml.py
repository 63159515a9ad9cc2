"""MusicXML files: the grid written as a score and read back unchanged, and foreign scores.

The reader is our own instead of music21's: a foreign file is untrusted XML, so it goes through
defusedxml with limits; errors name the part and the bar; and it is seven times as fast.
"""

from __future__ import annotations

from pathlib import Path

from generator.music.formats.files import read_limited, write_file
from generator.music.formats.musicxml_reader.score_reader import musicxml_score
from generator.music.formats.musicxml_writer import musicxml_bytes
from generator.music.formats.score import chorale_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import Chorale


def write_musicxml(chorale: Chorale, path: Path | str) -> None:
    """Write a score, whole or not at all; the same chorale gives the same bytes."""
    write_file(path, musicxml_bytes(chorale))


def read_musicxml(path: Path | str) -> Chorale:
    """The chorale of a score with four voices, plain or compressed (`.mxl`), ours or foreign.

    Voices are parts, or the voices of a staff: by name if they are called Soprano, Alto, Tenor and
    Bass, otherwise from high to low mean pitch. Repeats are read once, as written.

    Raises
    ------
    FormatError
        If it is not MusicXML, is off the grid, or does not have four single voices.
    """
    score = musicxml_score(read_limited(path), Path(path).name)
    return chorale_of(score, four_voices(score))
