"""Queries that see one moment, whatever is written meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that reads one state of the database and keeps nobody from writing.

    SQLite gives that to a transaction that does not ask for the write lock, PostgreSQL to those
    that ask for it before their first query. Nothing may be written within.
    """
    connection: Any = connections["default"]
    is_outermost = not connection.in_atomic_block
    asked = getattr(connection, "transaction_mode", None)
    if is_outermost and connection.vendor == "sqlite":
        connection.transaction_mode = None
    try:
        with transaction.atomic():
            if is_outermost and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
    finally:
        if is_outermost and connection.vendor == "sqlite":
            connection.transaction_mode = asked
