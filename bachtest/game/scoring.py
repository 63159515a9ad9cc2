"""What an answer is worth and when it may be given. Pure: no Django."""

from __future__ import annotations

from datetime import datetime

from generator.music.grid.chorale import VOICE_NAMES, VOICES
from generator.music.grid.conditions import GAP, NEXT

NAME_OF_VOICE = dict(zip(VOICES, VOICE_NAMES, strict=True))
PARTS = {NEXT: "the second half", GAP: "a gap in the middle"}

# An answer is quick if it comes so soon after the first moment at which it could.
QUICK_SECONDS = 5.0

# Reports of a clip's start and of the answer take time to reach the server: this much may be lost.
SLACK_SECONDS = 0.5


def seconds_to_hear(listen_seconds: float, clip_seconds: float) -> float:
    """How much of a clip must be heard: `listen_seconds`, or the whole of a shorter clip.

    >>> seconds_to_hear(5.0, 3.2)
    3.2
    """
    return min(listen_seconds, clip_seconds)


def heard_by_clock(
    first_left: datetime | None, first_right: datetime | None, *, now: datetime, need: float
) -> bool:
    """Whether there was time to hear both clips for `need` seconds since they were first started.

    Only one clip plays at a time, so both together take twice as long. A start that lies in the
    future means that the server's clock was set back since: it cannot tell, so it forbids nothing.

    Parameters
    ----------
    first_left, first_right : datetime or None
        First start of each clip by the server's clock; None if it was never started.
    now : datetime
        The server's clock.
    need : float
        Seconds that must be heard of each clip.

    Returns
    -------
    bool
        False while a clip is unheard, or the time is too short by more than the slack.
    """
    if first_left is None or first_right is None:
        return False
    if now < max(first_left, first_right):
        return True
    since_first = (now - min(first_left, first_right)).total_seconds()
    since_second = (now - max(first_left, first_right)).total_seconds()
    return since_first >= 2 * need - SLACK_SECONDS and since_second >= need - SLACK_SECONDS


def heard_by_browser(heard_left: float, heard_right: float, *, need: float) -> bool:
    """Whether the browser reports that both clips were heard for `need` seconds."""
    return min(heard_left, heard_right) >= need - SLACK_SECONDS


def quick_streak(before: int, correct: bool | None, seconds: float, *, need: float) -> int:
    """Right and quick answers in a row, this one included.

    What is neither right nor wrong leaves the row as it is.

    >>> quick_streak(4, True, 14.0, need=5.0), quick_streak(4, True, 16.0, need=5.0)
    (5, 0)
    >>> quick_streak(4, False, 14.0, need=5.0), quick_streak(4, None, 14.0, need=5.0)
    (0, 4)
    """
    if correct is None:
        return before
    return before + 1 if correct and seconds <= 2 * need + QUICK_SECONDS else 0


def bach_heard_first(first_left: datetime, first_right: datetime, bach_side: str) -> bool:
    """Whether Bach's clip was started first."""
    return bach_side == ("left" if first_left <= first_right else "right")


def written_voices(condition: str) -> list[str]:
    """The names of the voices that the machine writes in a condition, whole or in part.

    >>> written_voices("ATB")
    ['alto', 'tenor', 'bass']
    >>> written_voices("NEXT")
    ['soprano', 'alto', 'tenor', 'bass']
    """
    return [NAME_OF_VOICE[letter] for letter in (VOICES if condition in PARTS else condition)]


def written_part(condition: str) -> str:
    """The part of the time that the machine writes; empty for all of it.

    >>> written_part("GAP")
    'a gap in the middle'
    """
    return PARTS.get(condition, "")
