"""Errors that a person can mend: each message names the value and the way out."""

from __future__ import annotations


class GeneratorError(Exception):
    """Something outside the code is wrong: input, installation or configuration."""


class GenerationError(GeneratorError):
    """A piece could not be made; `permanent` says that trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
