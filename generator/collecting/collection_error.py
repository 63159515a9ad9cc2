from __future__ import annotations

from generator.errors import GeneratorError


class CollectionError(GeneratorError):
    """A collection is refused as a whole, and nothing of it is kept."""
