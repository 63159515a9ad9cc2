"""Settings from the environment. A bad value stops the site from starting and is named."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# float() would read "1_0", " 1 ", "nan" and other digits too.
NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", flags=re.IGNORECASE)


def env_str(name: str, default: str, *, empty: bool = True) -> str:
    value = os.environ.get(name, default)
    if not empty and not value:
        raise ImproperlyConfigured(f"{name}=''; unset it, or give it a value")
    if not value.isprintable() or value != value.strip():
        words = "it has spaces around it, or signs that cannot be seen"
        raise ImproperlyConfigured(f"{name}={value!r}; {words}")
    return value


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
    number = float(value) if NUMBER.fullmatch(value) else math.nan
    if not (math.isfinite(number) and low <= number <= high):
        raise ImproperlyConfigured(f"{name}={value!r}; use a number, {_range(low, high)}")
    return number


def env_choice(name: str, default: str, *choices: str) -> str:
    value = os.environ.get(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}; use {' or '.join(choices)}")
    return value


def env_int(name: str, default: int, *, low: int = 0, high: float = math.inf) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    # int() would read "1_0", " 1 " and other digits too, and refuses very many.
    digits = value.isascii() and value.isdigit() and len(value) < 20
    if not (digits and low <= int(value) <= high):
        raise ImproperlyConfigured(f"{name}={value!r}; use a whole number, {_range(low, high)}")
    return int(value)


def _range(low: float, high: float) -> str:
    return f"from {low:g} to {high:g}" if high < math.inf else f"{low:g} or more"


def env_list(name: str, default: str) -> list[str]:
    value = os.environ.get(name, default)
    items = value.split(",") if value else []
    if any(not item or re.search(r"\s", item) for item in items):
        words = "separate the parts by one comma each, without spaces"
        raise ImproperlyConfigured(f"{name}={value!r}; {words}")
    return items


def env_secret(name: str, default: str) -> str:
    """The content of the file that NAME_FILE points to, if it is set; otherwise NAME."""
    if (file := os.environ.get(f"{name}_FILE")) is None:
        return os.environ.get(name, default)
    try:
        secret = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE={file!r} cannot be read: {error}") from None
    if not secret:
        raise ImproperlyConfigured(f"{name}_FILE={file!r} is empty")
    return secret
