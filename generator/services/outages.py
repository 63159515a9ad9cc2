"""Trouble that passes, such as a locked database or a full disk: the work is done again later.

Whatever else goes wrong is a defect, or bad input, and trying again does not help.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Callable
from threading import Event

from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0

DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.ESTALE,  # of a network disk
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
}
SQLITE_ERRORS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
# Of PostgreSQL: connection, rollback, resources, lock, shutdown or cancellation, system, read-only.
SQL_STATES = ("08", "40", "53", "55P03", "57", "58", "25006")

# Set when the process is asked to stop, so that it does not wait out an outage.
stopping = Event()


def outage_behind(error: BaseException) -> BaseException | None:
    """The outage that an error is, or that led to it; None if it is something else."""
    cause: BaseException | None = error
    while cause is not None:
        if _is_outage(cause):
            return cause
        cause = cause.__cause__
    return None


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, OSError):
        lost = isinstance(error, ConnectionError | TimeoutError)
        return lost or error.errno in DISK_ERRORS
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    # SQLite says "operational error" of a missing table too, so its code is asked.
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_ERRORS
    state = getattr(error.__cause__, "sqlstate", None)
    if state is not None:
        return str(state).startswith(SQL_STATES)
    return isinstance(error, OperationalError | InterfaceError)


class Backoff:
    """Waits longer after each outage in a row; logs the first of each kind, and the end."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.outages = 0
        self.reason = ""

    def failed(self, outage: BaseException) -> None:
        self.outages += 1
        reason = describe(outage)
        if reason != self.reason:
            logger.warning("%s: %s; tried again until it works", self.what, reason)
        self.reason = reason
        # A lost connection is opened again.
        connection.close_if_unusable_or_obsolete()

    def worked(self) -> None:
        if self.outages:
            logger.warning("%s: works again; failures: %d", self.what, self.outages)
        self.outages, self.reason = 0, ""

    @property
    def seconds(self) -> float:
        """To wait before the next try; none if the last one worked."""
        if not self.outages:
            return 0.0
        # 2 to the power of 30 is far beyond the longest wait.
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self.outages - 1, 30))

    def wait(self) -> None:
        stopping.wait(self.seconds)


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def until_it_works(what: str, do: Callable[[], object]) -> None:
    """Do it again after each outage, until it works or the process is asked to stop."""
    backoff = Backoff(what)
    while True:
        try:
            do()
        except Exception as error:
            outage = outage_behind(error)
            if outage is None or stopping.is_set():
                raise
            backoff.failed(outage)
            backoff.wait()
        else:
            backoff.worked()
            return
