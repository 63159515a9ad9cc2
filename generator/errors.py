"""Errors that people can fix: each message names the value and the way out."""

from __future__ import annotations


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
