"""JSON inside a checkpoint, which may be hostile: read by the standard library alone."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import partial
from typing import Any

from generator.errors import GeneratorError

MAX_DIGITS = 20
"""Characters of a whole number; 2^64, the limit of safetensors, has 20 digits."""


class HeaderError(GeneratorError):
    """What a checkpoint says of itself cannot be, or is more than is read."""


def strict_json(text: str, what: str) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : str
        Memory and time grow with its length, which the caller bounds.
    what : str
        What the text is, for messages.

    Raises
    ------
    HeaderError
        If it is not JSON, is nested deeper than the interpreter can follow, names something twice
        in one object, or holds NaN, infinity or a whole number longer than `MAX_DIGITS`.

    Examples
    --------
    >>> strict_json('{"width": 256}', "the config")
    {'width': 256}
    >>> strict_json('{"width": 256, "width": 512}', "the config")
    Traceback (most recent call last):
    ...
    generator.families.checkpoint_json.HeaderError: the config names 'width' twice; remove one
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=partial(_object, what),
            parse_int=partial(_whole, what),
            parse_float=partial(_finite, what),
            parse_constant=partial(_finite, what),
        )
    except RecursionError:
        raise HeaderError(f"{what} is nested too deep; a list of plain values is enough") from None
    except ValueError as error:
        raise HeaderError(f"{what} is not JSON ({error}); write it again") from error


def _object(what: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise HeaderError(f"{what} names {twice[:40]!r} twice; remove one")
    return held


def _whole(what: str, text: str) -> int | float:
    if len(text) > MAX_DIGITS:
        raise HeaderError(
            f"{what} holds {text[:MAX_DIGITS]}..., a number of {len(text):,} characters; use at "
            f"most {MAX_DIGITS}"
        )
    # safetensors takes it for a fraction, too.
    return -0.0 if text == "-0" else int(text)


def _finite(what: str, text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise HeaderError(f"{what} holds {text[:MAX_DIGITS]}; use finite numbers")
    return number
