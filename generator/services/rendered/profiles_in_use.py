"""Which profiles pieces are rendered in: those of whatever plays them, which apps name."""

from __future__ import annotations

from collections.abc import Callable, Collection

from generator.rendering.profiles import NEWEST

# By app; each adds its own when it is ready.
users: dict[str, Callable[[], Collection[int]]] = {}


def profiles_in_use() -> list[int]:
    """The newest is last, so that its clips are; it is the only one where nobody asks for any."""
    asked = {profile for profiles in users.values() for profile in profiles()}
    return sorted(asked) or [NEWEST]
