"""Songs in ABC notation, one line of music a phrase, as the Essen folk songs and our hymns are.

Only what such files have is read: notes, rests, ties, accidentals, bar lines, a whole key and
metre. Other ABC files are no matter of this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from generator.music.grid.chorale import REST, Chorale, bar_steps
from generator.music.grid.notes import note_table
from generator.music.grid.spelling import midi_number, signature

_UNITS = {"1/32": 0.5, "1/16": 1, "1/8": 2, "1/4": 4, "1/2": 8, "1/1": 16}
_TOKEN = re.compile(r"([_=^]*)([A-Ga-gz])([,']*)(\d*)(-?)|([|\n])")
_FRAME = re.compile(r"[A-G][#b]? \d+/(2|4|8|16)")
_ALTERED = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SHARPS, _FLATS = "FCGDAEB", "BEADGCF"


@dataclass(frozen=True)
class MarkedSong:
    """A melody in the soprano, and the indices of the notes with which its phrases end."""

    title: str
    origin: str
    chorale: Chorale
    ends: tuple[int, ...]


@dataclass
class _Body:
    """What has been read of the music so far."""

    unit: float
    altered: dict[str, int]
    notes: list[tuple[int, int, int]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    at: float = 0
    first_bar_line: int | None = None
    tied: bool = False
    in_bar: dict[tuple[str, int], int] = field(default_factory=dict)


def read_songs(text: str) -> Iterator[MarkedSong]:
    """The songs of a file; those that do not fit the grid, or have no metre or notes, are left out.

    Examples
    --------
    >>> song, = read_songs("X:1\\nT:Short\\nM:2/4\\nL:1/8\\nK:G\\nG|F2A2\\nB4|G3")
    >>> song.chorale.anacrusis, song.chorale.key, song.ends
    (2, 'G major', (2, 4))
    """
    for part in re.split(r"^(?=X:)", text, flags=re.MULTILINE):
        if (song := _song(part)) is not None:
            yield song


def _song(text: str) -> MarkedSong | None:
    lines = [line.strip() for line in text.splitlines()]
    fields: dict[str, str] = {}
    for line in lines:
        if line[1:2] == ":":
            fields.setdefault(line[0], line[2:].strip())
    music = "\n".join(line for line in lines if line and line[0] != "%" and line[1:2] != ":")
    tonic, metre = fields.get("K", ""), fields.get("M", "")
    if fields.get("L") not in _UNITS or not _FRAME.fullmatch(f"{tonic} {metre}"):
        return None
    key = f"{tonic} major"
    try:
        body = _read(music, _UNITS[fields["L"]], _signature(key))
        chorale = _chorale(body, key, metre, fields.get("T", ""))
    except ValueError:
        return None
    ends = sorted({*body.ends, len(body.notes) - 1})
    assert len(note_table(chorale, 0)) == len(body.notes)
    return MarkedSong(fields.get("T", ""), fields.get("N", fields.get("C", "")), chorale, (*ends,))


def _signature(key: str) -> dict[str, int]:
    sharps = signature(key)
    letters = (_SHARPS if sharps > 0 else _FLATS)[: abs(sharps)]
    return dict.fromkeys(letters, 1 if sharps > 0 else -1)


def _read(music: str, unit: float, altered: dict[str, int]) -> _Body:
    body = _Body(unit, altered)
    for signs, letter, octave, length, tie, other in _TOKEN.findall(music):
        if other == "|":
            body.in_bar.clear()
            if body.first_bar_line is None:
                body.first_bar_line = _whole(body.at)
        elif other:
            body.ends += [len(body.notes) - 1] if body.notes else []
        else:
            start = _whole(body.at)
            body.at += int(length or 1) * unit
            if letter != "z":
                _add(body, start, _pitch(body, signs, letter, octave))
            body.tied = bool(tie)
    return body


def _pitch(body: _Body, signs: str, letter: str, marks: str) -> int:
    octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
    letter = letter.upper()
    if signs:
        body.in_bar[letter, octave] = _ALTERED[signs]
    alter = body.in_bar.get((letter, octave), body.altered.get(letter, 0))
    return midi_number(letter, alter, octave)


def _add(body: _Body, start: int, pitch: int) -> None:
    end = _whole(body.at)
    if body.tied and body.notes and body.notes[-1][1:] == (start, pitch):
        start = body.notes.pop()[0]
    body.notes.append((start, end, pitch))


def _whole(time: float) -> int:
    if time != int(time):
        raise ValueError(f"a note at {time} sixteenths is off the grid")
    return int(time)


def _chorale(body: _Body, key: str, metre: str, title: str) -> Chorale:
    if not body.notes:
        raise ValueError("the song has no notes")
    steps = _whole(body.at)
    pitch = np.full((4, steps), REST)
    onset = np.zeros((4, steps), dtype=np.bool_)
    for start, end, number in body.notes:
        pitch[0, start:end] = number
        onset[0, start] = True
    pickup = body.first_bar_line or 0
    return Chorale(
        pitch=pitch,
        onset=onset,
        metre=((0, metre),),
        key=key,
        anacrusis=pickup if pickup < bar_steps(metre) else 0,
        title=title,
    )
