"""Files from outside: MIDI, MusicXML, kern or ABC. Their contents say which, not their names."""

from __future__ import annotations

from generator.music.formats.abc_reader.abc_score import abc_score, looks_like_abc
from generator.music.formats.format_errors import FormatError
from generator.music.formats.kern_reader.kern_score import kern_score, looks_like_kern
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.musicxml_reader.score_reader import musicxml_score
from generator.music.formats.played.midi_tracks import looks_like_midi
from generator.music.formats.score import Remark, Repeats, Score, chorale_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import Chorale

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_XML_BEGINS = (b"<", b"PK", b"\0<")


def score_of(
    data: bytes,
    source: str,
    *,
    quantise: bool = False,
    repeats: Repeats | None = None,
    texts: bool = True,
) -> Score:
    """The parts of a file on the grid.

    Parameters
    ----------
    quantise : bool
        Move notes that begin off the grid.
    repeats : "play" or "once", optional
        What becomes of repeats, as `musicxml_score` says.
    texts : bool
        Whether kern and ABC are read, too. music21 reads kern, which takes seconds.

    Raises
    ------
    FormatError
        If it is none of these, or is off the grid.
    """
    if looks_like_midi(data):
        return midi_score(data, source, quantise=quantise)
    text = _as_text(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_XML_BEGINS) or text.startswith("<"):
        return musicxml_score(data, source, quantise=quantise, repeats=repeats)
    if texts and looks_like_kern(text):
        return kern_score(text, source, quantise=quantise, repeats=repeats)
    if texts and looks_like_abc(text):
        return abc_score(text, source, quantise=quantise, repeats=repeats)
    others = ", and neither kern nor ABC" if texts else ""
    raise FormatError(f"{source} is neither a MIDI nor a MusicXML file{others}")


def four_part_chorale(data: bytes, source: str, remarks: list[Remark] | None = None) -> Chorale:
    """The chorale of a MIDI or MusicXML file with four voices, told apart as `read_midi` does.

    What the reader decided and bent is added to `remarks`.

    Raises
    ------
    FormatError
        As `score_of`, or if it does not have four single voices.
    """
    score = score_of(data, source, texts=False)
    said: list[Remark] = [] if remarks is None else remarks
    said += score.remarks
    return chorale_of(score, four_voices(score, said), said)


def _as_text(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Latin-1, with plain ends of lines."""
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
