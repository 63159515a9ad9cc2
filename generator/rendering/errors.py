"""Errors of sound: no library, no font, nothing to hear."""

from __future__ import annotations

from generator.errors import GenerationError


class RenderError(GenerationError):
    """A chorale could not be made audible; `permanent` says that trying again cannot help."""
