"""Files from outside, MIDI or MusicXML: their contents say which, not their names."""

from __future__ import annotations

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.musicxml_reader import musicxml_score
from generator.music.formats.score import Score, chorale_of, four_voices
from generator.music.grid.chorale import Chorale

_XML_BEGINS = (b"<", b"PK", b"\xff\xfe", b"\xfe\xff")


def looks_like_midi(data: bytes) -> bool:
    return data.startswith(b"MThd")


def score_of(data: bytes, source: str) -> Score:
    """The parts of a file on the grid.

    Raises
    ------
    FormatError
        If it is neither MIDI nor MusicXML, or is off the grid.
    """
    if looks_like_midi(data):
        return midi_score(data, source)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_XML_BEGINS):
        return musicxml_score(data, source)
    raise FormatError(f"{source} is neither a MIDI nor a MusicXML file")


def four_part_chorale(data: bytes, source: str) -> Chorale:
    """The chorale of a file with four voices, which are told apart as `read_midi` does.

    Raises
    ------
    FormatError
        As `score_of`, or if it does not have four single voices.
    """
    score = score_of(data, source)
    return chorale_of(score, four_voices(score))
