"""Two connections at once, for what happens only where several transactions write together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from django.db import connection

# Long enough for any of our transactions, unless another one holds what it needs.
PATIENCE = 1.0

# What cannot happen on SQLite, which has one writer and no server.
several_writers = pytest.mark.only_postgresql


@contextmanager
def meanwhile() -> Iterator[Callable[[Callable[[], object]], None]]:
    """A function that does something in another connection: all of it, or up to a lock.

    What waits for a lock is over at the end of the block; its errors are raised there.
    """
    with ThreadPoolExecutor(1) as other:
        started = []

        def start(do: Callable[[], object]) -> None:
            started.append(other.submit(_with_own_connection, do))
            wait(started, PATIENCE)

        yield start
        for each in started:
            each.result()


def _with_own_connection(do: Callable[[], object]) -> None:
    try:
        do()
    finally:
        connection.close()
