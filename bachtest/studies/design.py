"""Rules of a design. Pure: each raises a ValueError with the value and the way out."""

from __future__ import annotations

import math
from typing import Any

from generator.music.grid.conditions import CONDITIONS

# Flags by which a design may exclude answers; the results know what each one means.
FLAG_NAMES = ("knew", "too_good_too_fast")
MAX_ROUNDS = 50
MAX_WEIGHT = 1000.0


def check_rounds(rounds: Any) -> None:
    """A list of rounds, each a list of the conditions that it may have.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_rounds([["S", "A"], ["SATB"]])
    >>> check_rounds(["XYZ"])
    Traceback (most recent call last):
    ...
    ValueError: round 1 is 'XYZ'; use a list such as ['ATB']
    """
    example = 'a list such as [["S", "A", "T", "B"], ["ATB"], ["SATB"]]'
    if not isinstance(rounds, list) or not rounds:
        raise ValueError(f"rounds = {rounds!r}; use {example}, one entry a round")
    if len(rounds) > MAX_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds; a game has at most {MAX_ROUNDS}")
    for number, conditions in enumerate(rounds, start=1):
        if not isinstance(conditions, list) or not conditions:
            raise ValueError(f"round {number} is {conditions!r}; use a list such as ['ATB']")
        for condition in conditions:
            if condition not in CONDITIONS:
                raise ValueError(
                    f"round {number}: unknown condition {condition!r}; "
                    f"use some of {', '.join(CONDITIONS)}"
                )
        if len(set(conditions)) < len(conditions):
            raise ValueError(f"round {number} names a condition twice: {conditions!r}")


def check_weight(weight: Any) -> None:
    """How often a composer is drawn, relative to the others.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_weight(3)
    >>> check_weight(-1)
    Traceback (most recent call last):
    ...
    ValueError: a weight of -1; use a number from 0 to 1000
    """
    if not _is_number(weight) or not 0 <= weight <= MAX_WEIGHT:
        raise ValueError(f"a weight of {weight!r}; use a number from 0 to {MAX_WEIGHT:g}")


def check_exclusions(exclusions: Any) -> None:
    """A list of flags.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_exclusions(["knew"])
    >>> check_exclusions(7)
    Traceback (most recent call last):
    ...
    ValueError: exclusions = 7; use a list of flags, such as ["knew"], or []
    """
    if not isinstance(exclusions, list):
        raise ValueError(
            f'exclusions = {exclusions!r}; use a list of flags, such as ["knew"], or []'
        )
    for flag in exclusions:
        if flag not in FLAG_NAMES:
            raise ValueError(f"unknown flag {flag!r}; use some of {', '.join(FLAG_NAMES)}")
    if len(set(exclusions)) < len(exclusions):
        raise ValueError(f"exclusions = {exclusions!r} name a flag twice")


def check_margin(margin: Any) -> None:
    """A share that leaves room on both sides of one half.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_margin(0.1)
    >>> check_margin(9)
    Traceback (most recent call last):
    ...
    ValueError: a margin of 9; use a number above 0 and below 0.5, such as 0.1
    """
    if not _is_number(margin) or not 0 < margin < 0.5:
        raise ValueError(f"a margin of {margin!r}; use a number above 0 and below 0.5, such as 0.1")


def check_listen_seconds(seconds: Any) -> None:
    """Empty, or a length that clips have.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_listen_seconds(None)
    >>> check_listen_seconds(-1.0)
    Traceback (most recent call last):
    ...
    ValueError: -1.0 seconds to hear; use 0 to 60, or leave it empty
    """
    if seconds is not None and not (_is_number(seconds) and 0 <= seconds <= 60):
        raise ValueError(f"{seconds!r} seconds to hear; use 0 to 60, or leave it empty")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
