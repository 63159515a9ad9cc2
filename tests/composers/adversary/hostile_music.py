"""Files of music that no program writes: MIDI and MusicXML."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

from generator.music.formats.midi import midi_bytes
from generator.music.formats.musicxml_writer import musicxml_bytes
from tests.composers.adversary.attack import Attack
from tests.generator.collecting.material import phrases

END = b"\x00\xff\x2f\x00"
ON, OFF = b"\x90\x3c\x40", b"\x80\x3c\x00"
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE score-partwise'
HEAD = "<score-partwise><part-list><score-part id='P'/></part-list><part id='P'>"
TAIL = "</part></score-partwise>"
HOUR = 7200 * 480
"""Ticks, at 480 to the quarter and 120 quarters to the minute."""


def variable(number: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte."""
    places = [number & 127]
    while number := number >> 7:
        places.append(number & 127 | 128)
    return bytes(reversed(places))


def track(events: bytes, length: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if length is None else length) + events


def midi(*tracks: bytes, division: int = 480, kind: int = 1, count: int | None = None) -> bytes:
    said = len(tracks) if count is None else count
    return b"MThd" + struct.pack(">IHHH", 6, kind, said, division & 0xFFFF) + b"".join(tracks)


def note(ticks: int = 480) -> bytes:
    return b"\x00" + ON + variable(ticks) + OFF + END


def sound_midi() -> bytes:
    return midi_bytes(phrases())


def sound_xml() -> bytes:
    return musicxml_bytes(phrases())


def many_events(size: int) -> bytes:
    """As many events as fit: pressures of two bytes each, whose kind is said once."""
    events = b"\x00\xd0\x01" + b"\x00\x01" * (size // 2)
    return midi(track(events + END))


def meta(kind: int, data: bytes) -> bytes:
    return b"\x00\xff" + bytes([kind]) + variable(len(data)) + data


def many_entities(entity: str, count: int) -> str:
    return f"<part>{f'&{entity};' * count}</part></score-partwise>"


def default_attributes() -> str:
    """Two hundred kB that a parser would turn into more than a gigabyte."""
    defaults = " ".join(f'x{number} CDATA "y"' for number in range(1000))
    return f"{DOCTYPE} [<!ATTLIST a {defaults}>]><score-partwise>{'<a/>' * 50_000}</score-partwise>"


def billion_laughs() -> str:
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"{DOCTYPE} [{''.join(lines)}]><score-partwise>{many_entities('a9', 1)}"


def quadratic() -> str:
    entity = f'<!ENTITY a "{"x" * 50_000}">'
    return f"{DOCTYPE} [{entity}]><score-partwise>{many_entities('a', 50_000)}"


def external(address: str) -> str:
    entity = f'<!ENTITY a SYSTEM "{address}">'
    return f"{DOCTYPE} [{entity}]><score-partwise>{many_entities('a', 1)}"


def bars(inside: Iterable[str], parts: int = 1) -> str:
    measures = "".join(f"<measure>{each}</measure>" for each in inside)
    return HEAD + "</part><part>".join([measures] * parts) + TAIL


def mxl(name: str, data: bytes, method: int = ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", method) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def mxl_of_many(count: int = 60_000) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for number in range(count):
            archive.writestr(str(number), b"")
    return file.getvalue()


MIDI = {
    "ten hours": Attack(lambda: midi(track(note(10 * HOUR))), "sixteenths, more than 10000"),
    "200 tracks": Attack(lambda: midi(*[track(note())] * 200), "has 200 tracks"),
    "65,535 tracks": Attack(lambda: midi(*[track(note())] * 65_535), "bytes|65,535 tracks"),
    "5 million events": Attack(lambda: many_events(7_900_000), "has 7,900,0.. bytes"),
    "a quarter million events": Attack(lambda: many_events(499_000), "no notes|has 0 with notes"),
    "broken running status": Attack(
        lambda: midi(track(b"\x00\x3c\x40" + END)), "has the status byte 0"
    ),
    "an undefined status": Attack(lambda: midi(track(b"\x00\xf5" + END)), "that can be read"),
    "truncated": Attack(lambda: sound_midi()[:300], "not a MIDI file that can be read"),
    "no tracks": Attack(midi, "no notes|has 0 with notes"),
    "an empty track": Attack(lambda: midi(track(b"")), "no notes|has 0 with notes"),
    "a tempo of 0": Attack(lambda: midi(track(meta(0x51, bytes(3)) + note())), "has 1 with notes"),
    "division 0": Attack(lambda: midi(track(note()), division=0), "has no beats"),
    "SMPTE time": Attack(lambda: midi(track(note()), division=-6400), "has no beats"),
    "type 2": Attack(lambda: midi(track(note()), kind=2), "has no beats"),
    "a metre of 0 over 2^255": Attack(
        lambda: midi(*[track(meta(0x58, b"\x00\xff\x18\x08") + note())] * 4), "metre"
    ),
    "a number that never ends": Attack(
        lambda: midi(track(b"\xff" * 400_000)), "a number that never ends"
    ),
    "a wait of 2^200 ticks": Attack(
        lambda: midi(*[track(b"\x00" + ON + variable(2**200 + 1) + OFF + END)] * 4), "never ends"
    ),
    "a text longer than the file": Attack(
        lambda: midi(track(b"\x00\xff\x01" + variable(900_000) + b"x")), "that can be read"
    ),
    "a track longer than the file": Attack(
        lambda: midi(track(note(), length=2**32 - 1)), "that can be read"
    ),
    "names with NUL and newlines": Attack(
        lambda: midi(*[track(meta(3, b"\x00a\nERROR b\x1b[31m") + note())] * 5), "has 5 with notes"
    ),
    "a name of 400 kB": Attack(
        lambda: midi(*[track(meta(3, b"x" * 200_000) + note())] * 2), "has 2 with notes"
    ),
}

XML = {
    "billion laughs": Attack(lambda: billion_laughs().encode(), "declares types of its own"),
    "quadratic entities": Attack(lambda: quadratic().encode(), "declares types of its own"),
    "an external file": Attack(
        lambda: external("file:///etc/passwd").encode(), "declares types of its own"
    ),
    "an external address": Attack(
        lambda: external("http://127.0.0.1/a").encode(), "declares types of its own"
    ),
    "an external type": Attack(
        lambda: f'{DOCTYPE} SYSTEM "file:///etc/passwd"><score-partwise/>'.encode(), "no measures"
    ),
    "a thousand default attributes for 50,000 elements": Attack(
        lambda: default_attributes().encode(), "declares types of its own"
    ),
    "a compressed bomb": Attack(
        lambda: mxl("a.xml", b"<a>" + bytes(9_000_000)), "unpacks to more than 8 MB"
    ),
    "a rare compression": Attack(
        lambda: mxl("a.xml", sound_xml(), ZIP_LZMA), "its packing is rare"
    ),
    "60,000 files in one": Attack(mxl_of_many, "without a MusicXML score"),
    "300,000 bars": Attack(lambda: bars([""] * 300_000).encode(), "more than 10000 bars"),
    "300,000 parts": Attack(
        lambda: f"<score-partwise>{'<part/>' * 300_000}</score-partwise>".encode(),
        "more than 100 parts",
    ),
    "a million elements in one another": Attack(
        lambda: b"<a>" * 10**6 + b"</a>" * 10**6, "begins with <a>"
    ),
    "a million attributes": Attack(
        lambda: b"<a " + b" ".join(b'a%d=""' % n for n in range(500_000)) + b"/>", "begins with <a>"
    ),
    "half of a score": Attack(lambda: sound_xml()[:2000], "is not MusicXML that can be read"),
    "UTF-7": Attack(lambda: b'<?xml version="1.0" encoding="utf-7"?><a/>', "that can be read"),
    "a chord without a first note": Attack(
        lambda: bars(
            [
                "<attributes><divisions>1</divisions></attributes><forward><duration>99</duration>"
                "</forward><note><rest/><duration>1</duration></note>",
                "<note><chord/><pitch><step>C</step><octave>4</octave></pitch><duration>1"
                "</duration></note>",
            ],
            parts=4,
        ).encode(),
        "no whole phrases",
    ),
    "divisions of 0": Attack(
        lambda: bars(["<attributes><divisions>0</divisions></attributes>"]).encode(), "divisions"
    ),
    "a metre of a million digits": Attack(
        lambda: bars(
            [
                f"<attributes><time><beats>{'9' * 10**6}</beats><beat-type>4</beat-type></time>"
                "</attributes>"
            ]
        ).encode(),
        "beats is",
    ),
    "a bar with a name of 1 MB": Attack(
        lambda: f"{HEAD}<measure number='{'x' * 10**6}'><note/></measure>{TAIL}".encode(),
        "duration is",
    ),
}
