"""Settings of a fill: what a family lets people choose, and how a choice is checked.

A version's row keeps them as JSON, so that the web process can show and check them without the
family.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

Value = float | int
Values = Mapping[str, Value]
Choices = Mapping[str, Value | str]
"""Settings as they are asked for; text is read as a number."""

_TEXT = {
    int: re.compile(r"[+-]?[0-9]+"),
    float: re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
}
"""Numbers as text: Python reads more, such as 1_0, other alphabets' digits and blanks around."""


@dataclass(frozen=True)
class Setting:
    """One number that a fill depends on; it is a whole number if its default is an int.

    Examples
    --------
    >>> sweeps = Setting(24, 0, 100, "Gibbs sweeps over the beats")
    >>> sweeps.checked("sweeps", "8")
    8
    >>> sweeps.checked("sweeps", 200)
    Traceback (most recent call last):
    ...
    ValueError: setting sweeps=200; use a whole number from 0 to 100 (Gibbs sweeps over the beats)
    """

    default: Value
    low: Value
    high: Value
    help: str

    def __post_init__(self) -> None:
        numbers = (self.default, self.low, self.high)
        kind = type(self.default)
        if kind not in (int, float) or any(type(number) is not kind for number in numbers):
            raise ValueError(
                f"default {self.default!r} from {self.low!r} to {self.high!r}; use three whole "
                "numbers, or three numbers with a point"
            )
        if not all(map(math.isfinite, numbers)):
            raise ValueError(
                f"default {self.default} from {self.low} to {self.high}; use finite numbers"
            )
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default {self.default} is not from {self.low} to {self.high}")
        if not isinstance(self.help, str) or not self.help.strip() or "\n" in self.help:
            raise ValueError(f"help {self.help!r}; say in one line what the setting does")

    @property
    def type(self) -> type[float] | type[int]:
        return type(self.default)

    def checked(self, name: str, value: Value | str) -> Value:
        """The value as a number of the setting's type.

        Raises
        ------
        ValueError
            If it is of another type, or out of bounds.
        """
        number = self._number(value)
        if number is None or not self.low <= number <= self.high:
            raise ValueError(f"setting {name}={value}; use {self._words()} ({self.help})")
        return number

    def line(self, name: str) -> str:
        """The setting in a list of settings."""
        return f"{name}={self.default}: {self.help}; {self._words()}"

    def _number(self, value: Any) -> Value | None:
        """The value as a number of the setting's type, if it is one."""
        if isinstance(value, str):
            if not _TEXT[self.type].fullmatch(value):
                return None
        elif isinstance(value, bool) or not isinstance(value, Real):
            return None
        try:
            number: Value = self.type(value)
        except (ValueError, OverflowError):
            return None
        return number if isinstance(value, str) or number == value else None

    def _words(self) -> str:
        kind = "a whole number" if self.type is int else "a number"
        return f"{kind} from {self.low} to {self.high}"


Settings = Mapping[str, Setting]


def checked_values(settings: Settings, choices: Choices) -> dict[str, Value]:
    """The value of every setting: as chosen, else its default.

    Raises
    ------
    ValueError
        If a setting does not exist (the message lists those that do) or a value is not valid.

    Examples
    --------
    >>> checked_values({"temperature": Setting(0.9, 0.01, 10.0, "of pitches")}, {})
    {'temperature': 0.9}
    """
    for name in choices:
        if name not in settings:
            known = "; ".join(setting.line(each) for each, setting in settings.items())
            hint = f"these exist: {known}" if known else "this composer has none"
            raise ValueError(f"unknown setting {name!r}; {hint}")
    return {
        name: setting.checked(name, choices.get(name, setting.default))
        for name, setting in settings.items()
    }


def as_json(settings: Settings) -> dict[str, dict[str, Any]]:
    """Settings in the form of a version's row."""
    return {name: asdict(setting) for name, setting in settings.items()}


def from_json(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Setting]:
    """Settings as a version's row has them."""
    return {name: Setting(**values) for name, values in stored.items()}
