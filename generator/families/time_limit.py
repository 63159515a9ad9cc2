from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

from generator.families.fill_run import used_up

AGAIN = 1.0
SOON = 0.001  # a timer of 0 seconds would be none


class _TimeIsUp(BaseException):
    """No `except Exception` of a family can swallow it."""


@contextmanager
def time_limit(family: str, seconds: float) -> Iterator[None]:
    """Stop a family that never looks at its budget. Only a main thread can be stopped so.

    Raises
    ------
    BudgetUsedUp
    """
    if current_thread() is not main_thread():
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        raise _TimeIsUp

    # Somebody else's timer, such as a queue's, comes first if it is shorter, and goes on after.
    delay, interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < delay <= seconds:
        yield
        return
    started = monotonic()
    before = signal.signal(signal.SIGALRM, stop)
    try:
        # Again and again: a bare `except` may swallow one.
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
        yield
    except _TimeIsUp:
        raise used_up(family, seconds) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if delay:
            left = max(SOON, delay - (monotonic() - started))
            signal.setitimer(signal.ITIMER_REAL, left, interval)
