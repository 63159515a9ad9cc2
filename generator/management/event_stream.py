"""`compose --endless`: events on standard output, one a line, while they are written."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError, OutputWrapper

from generator.errors import GeneratorError
from generator.families.continues import ChordEvent
from generator.music.grid.chorale import VOICES, bar_steps
from generator.music.grid.tempo import step_seconds
from generator.services.compose_order import ComposeOrder, go_on

STDOUT = Path("-")
EVENT_FORMAT = (
    "Each line of --endless is an event as JSON: step (sixteenths since the start), steps (its "
    "length), pitch (MIDI numbers of S, A, T and B, -1 for a rest) and onset (true where the voice "
    "begins a note; otherwise it holds its note over). It ends at Ctrl-C, or when nobody reads on."
)
# What an end would be needed for, or what gives voices.
BUDGETS = ("budget_seconds", "budget_steps")
WITHOUT_END = (
    *("melody", "voice", "quantise", "repeats", "phrases", "write", "bars", "pickup", "phrase"),
    *BUDGETS,
)


def stream_events(
    options: Mapping[str, Any],
    order_of: Callable[[dict[str, Any]], ComposeOrder],
    out: TextIO | OutputWrapper,
) -> None:
    """Write events until somebody stops it, or nobody reads on.

    What is written reaches at most a bar ahead of the clock.

    Raises
    ------
    CommandError
        If the options do not go together, or the composer cannot go on.
    """
    if options["out"] != STDOUT:
        raise CommandError(f"--endless goes with --out -, not {options['out']}")
    for name in WITHOUT_END:
        if options[name] not in (None, ""):
            raise CommandError(f"--{name.replace('_', '-')} goes without --endless")
    if options["steps"] and options["work"] is None:
        raise CommandError("--steps goes with --work: it says which part of it has sounded")
    try:
        with suppress(KeyboardInterrupt):  # it may come before the first event
            piece = go_on(order_of({**options, "write": VOICES}))
            ahead = bar_steps(piece.metre)
            write_events(paced(piece.events, step_seconds(piece.metre), ahead), out)
    except GeneratorError as error:
        raise CommandError(str(error)) from error


def paced(
    events: Iterable[ChordEvent],
    seconds: float,
    ahead: int,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[ChordEvent]:
    """Each event when its end lies at most so many steps ahead of the clock.

    An event that is longer than that comes when it begins. The clock starts with the first event.

    Parameters
    ----------
    seconds : float
        Of a step.
    ahead : int
        Steps.

    Examples
    --------
    >>> waits = []
    >>> events = [ChordEvent(step, 4, (60,) * 4, (True,) * 4) for step in (0, 4, 8)]
    >>> _ = list(paced(events, 0.5, 8, clock=lambda: 0.0, sleep=waits.append))
    >>> waits
    [2.0]
    """
    started = clock()
    for event in events:
        due = min(event.step, event.step + event.steps - ahead) * seconds
        wait = started + due - clock()
        if wait > 0:
            sleep(wait)
        yield event


def write_events(events: Iterable[ChordEvent], out: TextIO | OutputWrapper) -> None:
    """One line each, at once; ends in peace when the pipe is closed."""
    try:
        for event in events:
            out.write(json.dumps(asdict(event)) + "\n")
            out.flush()
    except BrokenPipeError:
        _forget(out)


def _forget(out: TextIO | OutputWrapper) -> None:
    """Python writes what is left when it ends, and would complain of the closed pipe again."""
    if getattr(out, "_out", out) is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
