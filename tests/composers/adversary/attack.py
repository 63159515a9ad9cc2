"""An attack: the bytes that somebody sends, and the words with which they are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """`words` is searched for in the reason, which its uploader reads."""

    make: Callable[[], bytes]
    words: str
    at_the_door: bool = True
    """Refused in the web process, before a worker looks."""
