"""The order in which groups are shown, everywhere: pages, reports, exports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

# Single voices from the top down, then BachBot's steps up to the whole chorale, then the rest.
QUIZ_CONDITIONS: tuple[str, ...] = ("S", "A", "T", "B", "AT", "ATB", "SATB")
CONDITIONS: tuple[str, ...] = (
    *QUIZ_CONDITIONS, "SA", "ST", "SB", "AB", "TB", "SAT", "SAB", "STB",
)  # fmt: skip
EXPERIENCES: tuple[str, ...] = ("novice", "intermediate", "advanced", "expert", "unstated")
UNSTATED = "unstated"

_KNOWN: Mapping[str, Mapping[str, int]] = {
    "condition": {value: rank for rank, value in enumerate(CONDITIONS)},
    "experience": {value: rank for rank, value in enumerate(EXPERIENCES)},
}

SortKey = tuple[tuple[int, float, str], ...]


def _rank(field: str, value: str) -> tuple[int, float, str]:
    known = _KNOWN.get(field, {})
    if value in known:
        return 0, float(known[value]), ""
    try:
        number = float(value)
    except ValueError:
        return 2, 0.0, value
    return (1, number, value) if math.isfinite(number) else (2, 0.0, value)


def sort_key(by: Sequence[str], labels: Sequence[str]) -> SortKey:
    """A key that sorts groups: known names first in their order, then numbers, then words.

    Parameters
    ----------
    by : sequence of str
        What the groups are by, such as ``("condition", "experience")``.
    labels : sequence of str, same length
        One group's value of each.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> sorted(["SATB", "TB", "S"], key=lambda value: sort_key(["condition"], [value]))
    ['S', 'SATB', 'TB']
    >>> sorted(["10", "9", "zoe"], key=lambda value: sort_key(["skill"], [value]))
    ['9', '10', 'zoe']
    """
    return tuple(_rank(field, value) for field, value in zip(by, labels, strict=True))
