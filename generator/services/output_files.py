"""A chorale as a file, score or sound: the extension of the name says which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from generator.errors import OrderError
from generator.music.formats.files import write_file
from generator.music.formats.gridjson import write_json
from generator.music.formats.midi import write_midi
from generator.music.formats.musicxml import write_musicxml
from generator.music.grid.chorale import Chorale
from generator.rendering.clip import render_clip, render_wav

Writer = Callable[[Chorale, Path], None]


def write_mp3(chorale: Chorale, path: Path) -> None:
    write_file(path, render_clip(chorale, soundfont=settings.SOUNDFONT, or_softer=True).mp3)


def write_wav(chorale: Chorale, path: Path) -> None:
    write_file(path, render_wav(chorale, soundfont=settings.SOUNDFONT, or_softer=True))


WRITERS: dict[str, Writer] = {
    ".mid": write_midi,
    ".musicxml": write_musicxml,
    ".json": write_json,
    ".mp3": write_mp3,
    ".wav": write_wav,
}


def writer_for(path: Path) -> Writer:
    """The writer for this file; the folder must exist.

    Raises
    ------
    OrderError
        Naming the extension or the folder.
    """
    if path.suffix.lower() not in WRITERS:
        raise OrderError(f"unknown extension {path.suffix!r} of {path}; use {' '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise OrderError(f"no folder {path.parent}; make it, or choose another for {path.name}")
    if path.is_dir():
        raise OrderError(f"{path} is a folder; name a file")
    return WRITERS[path.suffix.lower()]
