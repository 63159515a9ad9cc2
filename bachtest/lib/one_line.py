"""What anybody may send, and Django refuses, stands in the log in one line."""

from __future__ import annotations

import logging


class OneLine(logging.Filter):
    """Takes the traceback away; the message has its reason."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = " ".join(record.getMessage().split())
        record.args = ()
        record.exc_info = None
        return True
