"""Settings from the environment. A bad value stops the site from starting and is named."""

from __future__ import annotations

import math
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str) -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name}={value!r}; use True or False")
    return value == "True"


def env_float(name: str, default: float, *, low: float = 0.0, high: float = math.inf) -> float:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    # Python reads "nan" as a float.
    if not (math.isfinite(number) and low <= number <= high):
        words = f"from {low:g} to {high:g}" if high < math.inf else f"{low:g} or more"
        raise ImproperlyConfigured(f"{name}={value!r}; use a number, {words}")
    return number


def env_choice(name: str, default: str, *choices: str) -> str:
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}; use {' or '.join(choices)}")
    return value


def env_int(name: str, default: int, *, low: int = 0) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    # int() would read "1_0", " 1 " and other digits too.
    if not (value.isascii() and value.isdigit() and int(value) >= low):
        raise ImproperlyConfigured(f"{name}={value!r}; use a whole number, {low} or more")
    return int(value)


def env_list(name: str, default: str) -> list[str]:
    return [item for item in os.environ.get(name, default).split(",") if item]


def env_secret(name: str, default: str) -> str:
    """The content of the file that NAME_FILE points to, if it is set; otherwise NAME."""
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={file!r} cannot be read: {error}") from None
    return os.environ.get(name, default)
