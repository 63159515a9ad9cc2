"""Debian's midicsv and csvmidi, which our converters are compared with."""

from __future__ import annotations

import subprocess
from pathlib import Path


def midicsv(data: bytes, folder: Path) -> bytes:
    """What the program prints for a MIDI file."""
    return _converted("midicsv", data, folder)


def csvmidi(data: bytes, folder: Path) -> bytes:
    """The MIDI file that the program makes of a CSV."""
    return _converted("csvmidi", data, folder)


def _converted(program: str, data: bytes, folder: Path) -> bytes:
    source, target = folder / "source", folder / "target"
    source.write_bytes(data)
    subprocess.run([program, source, target], check=True, capture_output=True)
    return target.read_bytes()
