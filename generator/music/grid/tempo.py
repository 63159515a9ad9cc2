"""The standard tempo, the same for both sides of a pair."""

from __future__ import annotations

from generator.music.grid.chorale import STEPS_PER_QUARTER

BEATS_PER_MINUTE = 76.0


def step_seconds(metre: str) -> float:
    """Seconds per step: quarter = 76, or half = 76 if the metre counts halves (3/2).

    A chorale's first metre, ``chorale.metre[0][1]``, decides for all of it.

    Examples
    --------
    >>> round(step_seconds("4/4"), 4), round(step_seconds("3/2"), 4)
    (0.1974, 0.0987)
    """
    quarters = 2 if metre.endswith("/2") else 1
    return 60.0 / (BEATS_PER_MINUTE * quarters * STEPS_PER_QUARTER)
