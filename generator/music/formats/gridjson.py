"""The grid as JSON: ``{"bwv", "title", "key", "metre", "anacrusis", "pitch", "onset", "fermata"}``.

`pitch` and `onset` are four lists, S A T B, with one number or truth value per step; `fermata` is
one list; `metre` is a list of ``[step, "n/d"]``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from generator.music.formats.files import read_limited, write_file
from generator.music.formats.format_errors import FormatError
from generator.music.grid.chorale import REST, VOICES, Chorale

REQUIRED = ("key", "metre", "anacrusis", "pitch", "onset")


def to_json(chorale: Chorale) -> dict[str, Any]:
    """Plain lists, numbers and strings, ready for `json.dumps`."""
    return {
        "bwv": chorale.bwv,
        "title": chorale.title,
        "key": chorale.key,
        "metre": [[step, name] for step, name in chorale.metre],
        "anacrusis": chorale.anacrusis,
        "pitch": chorale.pitch.tolist(),
        "onset": chorale.onset.tolist(),
        "fermata": chorale.fermata.tolist(),
    }


def from_json(grid: Mapping[str, Any]) -> Chorale:
    """A chorale from a grid as JSON.

    Raises
    ------
    FormatError
        If a field is missing or has a different type than in `to_json`, or the grid is not valid.
    """
    if not isinstance(grid, Mapping):
        raise FormatError(f"a grid as JSON is an object; this is a {type(grid).__name__}")
    if missing := [name for name in REQUIRED if name not in grid]:
        raise FormatError(f"the grid has no {', '.join(missing)}; it needs {', '.join(REQUIRED)}")
    pitch = _rows(grid, "pitch", int)
    try:
        return Chorale(
            pitch=np.array(pitch),
            onset=np.array(_rows(grid, "onset", bool)),
            fermata=np.array(_row("fermata", grid.get("fermata", [False] * len(pitch[0])), bool)),
            metre=_metre(grid["metre"]),
            key=_text(grid, "key"),
            anacrusis=_whole_number("anacrusis", grid["anacrusis"]),
            bwv=_text(grid, "bwv"),
            title=_text(grid, "title"),
        )
    except (ValueError, OverflowError) as error:
        raise FormatError(f"the grid is not valid: {error}") from error


def write_json(chorale: Chorale, path: Path | str) -> None:
    """Write the grid as a JSON file, whole or not at all."""
    write_file(path, json.dumps(to_json(chorale), ensure_ascii=False).encode() + b"\n")


def read_json(path: Path | str) -> Chorale:
    """Read a grid from a JSON file; raises FormatError as `from_json` does."""
    try:
        grid = json.loads(read_limited(path))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{Path(path).name} is not JSON: {error}") from error
    return from_json(grid)


def _rows(grid: Mapping[str, Any], name: str, kind: type) -> list[list[Any]]:
    rows = grid[name]
    if not isinstance(rows, list) or len(rows) != len(VOICES):
        raise FormatError(f"{name} must be a list of four lists, S A T B")
    lines = [_row(f"{name} of {VOICES[index]}", row, kind) for index, row in enumerate(rows)]
    if lengths := sorted({len(line) for line in lines})[1:]:
        raise FormatError(f"{name} has voices of different length, up to {lengths[-1]} steps")
    return lines


def _row(name: str, row: Any, kind: type) -> list[Any]:
    if not isinstance(row, list):
        raise FormatError(f"{name} must be a list, not {row!r:.40}")
    # bool is an int in Python: 0 and 1 serve as truth values, True and False as no pitch.
    types = {int, bool} if kind is bool else {int}
    low, high = (0, 1) if kind is bool else (REST, 127)
    # All at once, since hardly any row is at fault.
    if (
        types.issuperset(map(type, row))
        and low <= min(row, default=low)
        and max(row, default=low) <= high
    ):
        return row
    for step, value in enumerate(row):
        if type(value) not in types or not low <= value <= high:
            raise FormatError(f"{name} has {value!r:.40} at step {step}; use {_USE[kind]}")
    return row


def _metre(value: Any) -> tuple[tuple[int, str], ...]:
    if isinstance(value, str):
        return ((0, value),)
    if not isinstance(value, list) or not all(
        isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str) for entry in value
    ):
        raise FormatError(f'metre is {value!r:.60}; use a list such as [[0, "4/4"], [96, "3/4"]]')
    return tuple((_whole_number("a step of metre", entry[0]), entry[1]) for entry in value)


def _whole_number(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FormatError(f"{name} is {value!r:.40}; use a whole number of steps")
    return value


def _text(grid: Mapping[str, Any], name: str) -> str:
    value = grid.get(name, "")
    if not isinstance(value, str):
        raise FormatError(f"{name} is {value!r:.40}; use text")
    return value


_USE = {int: "a MIDI number 0..127, or -1 for a rest", bool: "true or false"}
