"""What every result can do: print itself, and turn into plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


class Result:
    """Base class of the frozen dataclasses that answer a question."""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain data; infinite and unknown values are null."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """A value in the form that JSON can hold.

    Examples
    --------
    >>> plain((1, float("inf"), {"a": None}))
    [1, None, {'a': None}]
    """
    if isinstance(value, Result):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def counted(n: int, noun: str) -> str:
    """A number of things, in words.

    Examples
    --------
    >>> counted(1, "answer"), counted(1056, "answer")
    ('1 answer', '1,056 answers')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Words in a row.

    Examples
    --------
    >>> listed(["listeners", "items", "excerpts"])
    'listeners, items and excerpts'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def sentence(clause: str) -> str:
    """A clause as a sentence.

    Examples
    --------
    >>> sentence("every answer is right")
    'Every answer is right.'
    """
    return f"{clause[:1].upper()}{clause[1:]}."


def p_text(p: float) -> str:
    """A p-value as text.

    Examples
    --------
    >>> p_text(0.0471), p_text(1e-9)
    ('p = .047', 'p < .001')
    """
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
