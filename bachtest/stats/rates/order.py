"""The order in which groups are shown on all pages, in reports and in exports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

# Single voices from top to bottom, BachBot's steps up to the whole chorale, other sets of voices,
# and spans of time.
QUIZ_CONDITIONS: tuple[str, ...] = ("S", "A", "T", "B", "AT", "ATB", "SATB")
CONDITIONS: tuple[str, ...] = (
    *QUIZ_CONDITIONS, "SA", "ST", "SB", "AB", "TB", "SAT", "SAB", "STB",
    "NEXT", "GAP",
)  # fmt: skip
EXPERIENCES: tuple[str, ...] = ("novice", "intermediate", "advanced", "expert", "unstated")
UNSTATED = "unstated"
NOT_ASKED = "not asked"
# Whether listeners knew the piece, as they said.
KNEW_LEVELS: tuple[str, ...] = ("yes", "unsure", "no", "passed", NOT_ASKED)

_KNOWN: Mapping[str, Mapping[str, int]] = {
    "condition": {value: rank for rank, value in enumerate(CONDITIONS)},
    "experience": {value: rank for rank, value in enumerate(EXPERIENCES)},
    "knew": {value: rank for rank, value in enumerate(KNEW_LEVELS)},
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
    """A key that sorts groups: first known names in their order, then numbers, then words.

    Parameters
    ----------
    by : sequence of str
        The fields of the groups, such as ``("condition", "experience")``.
    labels : sequence of str, same length
        One group's value of each field.

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
