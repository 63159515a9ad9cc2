"""Fields that take JSON values of their own type alone, so that the schema says all they take.

Those of the REST framework take the number 5 for a text, and the text "5" or true for a number.
"""

from __future__ import annotations

from typing import Any

from django.core.validators import validate_slug
from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """A text as it was sent: nothing is cut off around it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_length": 1, "trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSlugField(StrictCharField):
    """The framework's own also takes a slug with a line break at its end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate_slug)


class StrictIntegerField(serializers.IntegerField):
    """To JSON 1.0 is a whole number too."""

    def to_internal_value(self, data: Any) -> int:
        if not _is_number(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictFloatField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if not _is_number(data):
            self.fail("invalid")
        return super().to_internal_value(data)


def _is_number(data: Any) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool)
