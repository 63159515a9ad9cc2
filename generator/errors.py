"""Errors that people can fix: each message names the value and the way out."""

from __future__ import annotations


def in_plain_text(words: str, most: int) -> str:
    """Words in which something from outside may stand: shown, stored or logged without harm.

    PostgreSQL stores no NUL, and a terminal obeys what cannot be seen.

    Examples
    --------
    >>> in_plain_text("a\\x00b\\x1b[31m", 80), in_plain_text("abcdef", 4)
    ('a?b?[31m', 'abc…')
    """
    shown = "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in words[:most])
    return shown if len(words) <= most else shown[:-1] + "…"


def in_one_line(words: str, most: int = 400) -> str:
    """The same for a line of a log, in which a new line would pass for another event.

    Examples
    --------
    >>> in_one_line("a file\\nERROR: the site burns")
    'a file ERROR: the site burns'
    """
    return " ".join(in_plain_text(words, most).split())


class GeneratorError(Exception):
    """Something outside the code is wrong: input, installation or configuration."""

    permanent = True  # trying again cannot help


class OrderError(GeneratorError):
    """Something was ordered that cannot be made."""


class GenerationError(GeneratorError):
    """A piece could not be written or rendered; another try may help unless it is `permanent`."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
