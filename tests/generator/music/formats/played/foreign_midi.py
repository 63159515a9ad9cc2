"""MIDI files of other programs, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Event = tuple[int, bytes]
Played = tuple[int, int, int]
"""Start, end and pitch, in ticks."""


def varying(number: int) -> bytes:
    data = [number & 0x7F]
    while number := number >> 7:
        data.append(number & 0x7F | 0x80)
    return bytes(reversed(data))


def meta(kind: int, data: bytes, tick: int = 0) -> Event:
    return tick, bytes([0xFF, kind]) + varying(len(data)) + data


def name(text: str | bytes) -> Event:
    return meta(3, text if isinstance(text, bytes) else text.encode())


def metre(over: int, under_power: int, tick: int = 0) -> Event:
    return meta(0x58, bytes([over, under_power, 24, 8]), tick)


def key(sharps: int, mode: int = 0, tick: int = 0) -> Event:
    return meta(0x59, bytes([sharps % 256, mode]), tick)


def program(number: int, channel: int = 0) -> Event:
    return 0, bytes([0xC0 | channel, number])


def on(tick: int, pitch: int, channel: int = 0, velocity: int = 80) -> Event:
    return tick, bytes([0x90 | channel, pitch, velocity])


def off(tick: int, pitch: int, channel: int = 0) -> Event:
    return tick, bytes([0x80 | channel, pitch, 64])


def notes(played: Iterable[Played], channel: int = 0) -> list[Event]:
    """Ends before beginnings, as most programs write them."""
    played = list(played)
    events = [off(end, pitch, channel) for _, end, pitch in played]
    events += [on(start, pitch, channel) for start, _, pitch in played]
    return sorted(events, key=lambda event: event[0])


def line(*pitches: int, length: int = 480, at: int = 0) -> list[Played]:
    return [(at + i * length, at + (i + 1) * length, p) for i, p in enumerate(pitches)]


def track(events: Sequence[Event], end: int | None = 0, *, running: bool = False) -> bytes:
    """A track chunk; events of one tick stay in their order. Without `end`, nothing ends it."""
    body, now, status = b"", 0, -1
    events = sorted(events, key=lambda event: event[0])
    for tick, event in events:
        body += varying(tick - now)
        body += event[1:] if running and event[0] == status < 0xF0 else event
        now, status = tick, event[0]
    if end is not None:
        body += varying(max(end - now, 0)) + b"\xff\x2f\0"
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def midi(*tracks: bytes, ticks: int = 480, kind: int = 1) -> bytes:
    numbers = b"".join(number.to_bytes(2, "big") for number in (kind, len(tracks), ticks))
    return b"MThd" + (6).to_bytes(4, "big") + numbers + b"".join(tracks)
