"""What a training will take of the disk and of time, said before it starts."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from generator.errors import GeneratorError

log = logging.getLogger(__name__)


class DiskTooSmallError(GeneratorError):
    """A training would fill the disk before it ends."""


@dataclass(frozen=True)
class Cost:
    """What one member costs."""

    state_bytes: int
    """Of all its state files together."""
    extra_bytes: int
    """On the disk besides while a state is written; members are trained one after the other."""
    checkpoint_bytes: int
    """Of its part of the checkpoint."""
    step_seconds: float | None
    """For one of its steps; None: not known."""


def check_disk(
    cost: Cost, out: Path, *, members: int, checkpoint: bool, existing: Iterable[Path]
) -> None:
    """Say what a training will take of the disk.

    Parameters
    ----------
    checkpoint : bool
        Whether the command ends with a checkpoint.
    existing : paths of state files
        Those that are there will be replaced, so their bytes are there already.

    Raises
    ------
    DiskTooSmallError
        If more is needed than is free.
    """
    there = sum(path.stat().st_size for path in existing if path.exists())
    states = cost.state_bytes * members
    result = cost.checkpoint_bytes * members if checkpoint else 0
    needed = max(0, states - there) + cost.extra_bytes + result
    folder = next(each for each in out.absolute().parents if each.is_dir())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskTooSmallError(
            f"training needs {as_bytes(needed)} in {folder}, and {as_bytes(free)} are free; "
            "make room or choose another --out"
        )
    parts = [f"{as_bytes(states + cost.extra_bytes)} of states"] if states else []
    parts += [f"{as_bytes(there)} of them there already"] if there else []
    parts += [f"{as_bytes(result)} of checkpoint"] if checkpoint else []
    log.info("Disk: %s; %s are free in %s.", ", ".join(parts), as_bytes(free), folder)


def say_time(cost: Cost, steps: int) -> None:
    """Say how long so many steps will take; a training that stops early takes less."""
    if cost.step_seconds is None:
        log.info("Time: unknown; this family gives no estimate.")
    else:
        log.info("Time: about %s.", as_time(cost.step_seconds * steps))


def as_bytes(count: int) -> str:
    """A size in the unit that suits it.

    Examples
    --------
    >>> as_bytes(1_234_567)
    '1.2 MB'
    """
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.0f} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"


def as_time(seconds: float) -> str:
    """A duration in the unit that suits it.

    Examples
    --------
    >>> as_time(2_400)
    '40 minutes'
    """
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 1.5 else "a second"
