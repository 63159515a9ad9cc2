"""How a file with music is to be read: the options that `compose` and `read_file` share.

A further option has its place here and in `generator.services.compose_order.Melody`.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generator.services.compose_order import Melody

READING_OPTIONS = ("voice", "quantise", "repeats", "phrases")
"""Those that mean nothing without a file."""
_KEY = re.compile(r"[A-G][#b]? (major|minor)")


def add_reading_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--voice",
        help="which voice the melody is: S, A, T or B, or several; of several notes at once, S is "
        "the top line and B the lowest",
    )
    parser.add_argument(
        "--key", help="the key of the melody, such as 'D minor', instead of the file's"
    )
    parser.add_argument(
        "--quantise",
        action="store_true",
        default=None,
        help="move notes that begin off the grid to the nearest sixteenth",
    )
    parser.add_argument(
        "--repeats",
        choices=("play", "once"),
        help="of a score: play its repeats and endings, or read it once, with the last ending",
    )
    parser.add_argument(
        "--phrases",
        metavar="BARS",
        help="bars in which phrases end, such as 4,8,12; otherwise the file's fermatas say where, "
        "or the notes",
    )


def file_to_read(path: Path, options: Mapping[str, Any]) -> Melody:
    return Melody(
        path,
        options["voice"],
        key_named(options["key"]) if options["key"] is not None else "",
        bool(options["quantise"]),
        options["repeats"],
        _bars(options["phrases"]),
    )


def key_named(text: str) -> str:
    """The key that somebody means, in any case: 'a MINOR' is A minor."""
    tonic, _, mode = " ".join(text.split()).partition(" ")
    key = f"{tonic[:1].upper()}{tonic[1:].lower()} {mode.lower()}"
    if not _KEY.fullmatch(key):
        raise CommandError(
            f"--key {text!r}; use a form such as 'G major', 'Bb major' or 'F# minor'"
        )
    return key


def _bars(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    bars = [bar.strip() for bar in text.split(",")]
    if not all(bar.isdecimal() and len(bar) < 5 for bar in bars):
        raise CommandError(f"--phrases {text!r}; use numbers of bars such as 4,8,12")
    return tuple(sorted({int(bar) for bar in bars}))
