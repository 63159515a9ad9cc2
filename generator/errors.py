"""Errors that people can fix: each message names the value and the way out."""

from __future__ import annotations


class GeneratorError(Exception):
    """Something outside the code is wrong: input, installation or configuration."""

    permanent = True  # trying again cannot help


class OrderError(GeneratorError):
    """Something was ordered that cannot be made."""


class GenerationError(GeneratorError):
    """A piece could not be made; unless `permanent` says so, another try may succeed."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
