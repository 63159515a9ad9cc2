"""The error of all file formats: a file or a score that cannot become a grid."""

from __future__ import annotations

from generator.errors import GeneratorError


class FormatError(GeneratorError):
    """A file is not what it should be; the message names the value and says what to do."""
