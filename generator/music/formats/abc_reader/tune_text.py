"""The text of an ABC file: one tune, its header, and its lines by voice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.assembly import MAX_NAME, MAX_PARTS

_TUNE = re.compile(r"(?m)^X: *\d*")
_FIELD = re.compile(r"([A-Za-z+]):(?![|:])\s*(.*)")
_INLINE_VOICE = re.compile(r"\[V: *([^\]\n]{1,200})\]")
_PROPERTY = re.compile(r'(\w{1,20}) *= *("[^"\n]{0,200}"|[^\s"]{1,60})')
_NAMES = ("name", "nm", "subname", "snm", "sname")


@dataclass
class VoiceText:
    """What stands in one voice: fields such as ``("M", "3/4")``, and music as ``("", "ABc|")``.

    `moved` are the semitones by which it sounds higher than it is written, if it says so.
    """

    name: str
    moved: int | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class TuneText:
    """A tune: the fields of its header, and its voices in their order."""

    title: str = ""
    key: str = ""
    metre: str | None = None
    unit: str = ""
    moved: int = 0
    voices: dict[str, VoiceText] = field(default_factory=dict)


def first_tune(text: str) -> tuple[TuneText, int]:
    """The first tune of a book, and how many there are."""
    starts = [match.start() for match in _TUNE.finditer(text)]
    lines = text[starts[0] : starts[1] if len(starts) > 1 else None] if starts else text
    # Fields before the first tune are those of all.
    before = text[: starts[0]] if starts else ""
    tune = TuneText()
    for letter, value in _fields(before):
        _header_field(tune, letter, value)
    _read(tune, lines.split("\n"))
    return tune, len(starts)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        if match := _FIELD.fullmatch(_without_comment(line)):
            yield match[1], match[2].strip()


def _read(tune: TuneText, lines: list[str]) -> None:
    in_body, voice, ended = False, "", False
    for raw in lines:
        line = _without_comment(raw)
        match = _FIELD.fullmatch(line)
        if not line:
            ended = in_body
            continue
        if ended and match is None and "|" not in line:
            continue  # words after the tune
        if match is None:
            if in_body:
                voice = _music(tune, line, voice)
            continue
        letter, value = match[1], match[2].strip()
        if letter == "V":
            voice = _voice(tune, value)
        elif not in_body:
            _header_field(tune, letter, value)
            in_body = letter == "K"
        elif letter in "KLMw":
            _voice_text(tune, voice).lines.append((letter, value))


def _without_comment(line: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", line).strip()


def _header_field(tune: TuneText, letter: str, value: str) -> None:
    match letter:
        case "T":
            tune.title = tune.title or value[:200]
        case "K":
            tune.key = value
            tune.moved = moved_by(_properties(value))
        case "M":
            tune.metre = value
        case "L":
            tune.unit = value


def _music(tune: TuneText, line: str, voice: str) -> str:
    """Deal a line to its voice, or to several that it names; the voice at its end."""
    pieces = _INLINE_VOICE.split(line)
    if pieces[0].strip():
        _voice_text(tune, voice).lines.append(("", pieces[0]))
    for named, music in zip(pieces[1::2], pieces[2::2], strict=True):
        voice = _voice(tune, named)
        _voice_text(tune, voice).lines.append(("", music))
    return voice


def _voice_text(tune: TuneText, voice: str) -> VoiceText:
    if voice not in tune.voices:
        if not voice and tune.voices:
            # Music before the first V: belongs to the first voice.
            return next(iter(tune.voices.values()))
        if len(tune.voices) == MAX_PARTS:
            raise FormatError(f"the tune has more than {MAX_PARTS} voices; give a single chorale")
        tune.voices[voice] = VoiceText(f"voice {voice}" if voice else "tune")
    return tune.voices[voice]


def _voice(tune: TuneText, value: str) -> str:
    """Note what a V: field says of its voice, which it names."""
    voice = (value.split() or [""])[0][:20]
    text = _voice_text(tune, voice)
    told = _properties(value)
    name = next((told[each] for each in _NAMES if told.get(each)), "")
    if name or not voice.isdecimal():
        text.name = (" ".join(name.split()) or text.name.removeprefix("voice "))[:MAX_NAME]
    if "octave" in told or "transpose" in told or "clef" in told:
        text.moved = moved_by(told)
    return voice


def _properties(value: str) -> dict[str, str]:
    return {name.lower(): word.strip('"') for name, word in _PROPERTY.findall(value)}


def moved_by(told: dict[str, str]) -> int:
    """Semitones up, from ``octave=-1``, ``transpose=-2`` and ``clef=treble-8``.

    Examples
    --------
    >>> moved_by({"octave": "-1"}), moved_by({"clef": "treble-8"}), moved_by({"clef": "bass"})
    (-12, -12, 0)
    """
    moved = 0
    for name, unit in (("octave", 12), ("transpose", 1)):
        if re.fullmatch(r"[-+]?\d{1,2}", told.get(name, "")):
            moved += unit * int(told[name])
    clef = told.get("clef", "")
    return moved + 12 * (clef.endswith("+8") - clef.endswith("-8"))
