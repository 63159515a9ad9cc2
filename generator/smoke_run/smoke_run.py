"""A smoke run: a checkpoint from outside writes for the first time, where it can do no harm.

Nothing that the child says is believed. Its result is read with a limit, parsed into chorales, and
compared here with what was given.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import GeneratorError
from generator.families.checkpoint_json import HeaderError, strict_json
from generator.families.door import FillRefused, as_given, checked_given, checked_piece
from generator.isolation.box import BoxError, new_box, read_from_box
from generator.isolation.child_process import Limits, last_line
from generator.isolation.isolation_error import ChildStopped, Finished
from generator.isolation.run_isolated import run_isolated
from generator.isolation.self_test import Isolation, self_test
from generator.music.formats.format_errors import FormatError
from generator.music.formats.gridjson import from_json, to_json
from generator.music.grid.chorale import BoolArray, Chorale
from generator.smoke_run.box_files import CHECKPOINT, REQUEST, RESULT
from generator.smoke_run.compiled_loops import lend_compiled_loops

CODE = Path(__file__).parents[1]
PROGRAM = CODE / "smoke_run/__main__.py"
LIMITS = Limits(seconds=600, memory_bytes=2 << 30, output_bytes=1 << 20, box_bytes=64 << 20)
MAX_REASON = 500
# Of the result: numbers, truth values and commas of a cell; all else.
BYTES_OF_CELL, BYTES_OF_FRAME = 20, 1 << 16
# Numbers of threads, which the site chose.
THREADS = ("OMP_", "OPENBLAS_", "MKL_")

Excerpt = tuple[Chorale, BoolArray]
"""What is to be filled, and bool[4, T]: the cells that are given."""
Fill = tuple[int, int]
"""The place of an excerpt, and the member that fills it."""


@dataclass(frozen=True)
class SmokeReport:
    """What a composer wrote in its smoke run, and what that took."""

    fills: tuple[Chorale, ...]
    """By excerpt, by the first member."""
    seconds_per_fill: float
    """The mean, as the child measured it."""
    seconds: float
    """With the start, the loading and the trial."""
    peak_memory_bytes: int
    isolation: Isolation


class SmokeRunRefused(GeneratorError):
    """The composer cannot be published as it is; `finished` has what the run took."""

    def __init__(self, reason: str, finished: Finished) -> None:
        super().__init__(reason)
        self.finished = finished


def smoke_run(
    family: str,
    checkpoint: Path,
    excerpts: Sequence[Excerpt],
    *,
    members: int = 1,
    seed: int = 0,
    limits: Limits = LIMITS,
    least: Isolation = Isolation.FULL,
    code: Sequence[Path] = (),
    folder: Path | None = None,
) -> SmokeReport:
    """Let a checkpoint fill excerpts in an isolated child.

    The first member fills all excerpts, the first of them twice; each other member fills one.

    Parameters
    ----------
    family : the dotted name of its class, as the registry has it
    checkpoint : a file whose header was checked
    members : as its metadata list them
    least : how well this machine must isolate
    code : folders of modules that the family needs beside `generator` and installed packages
    folder : where the box is made; None: where the system keeps temporary files

    Raises
    ------
    SmokeRunRefused
        If it failed, broke a limit, or did not keep to what was given.
    HostNotIsolated
        If this machine does not isolate well enough; nothing was run.
    ChildNotStarted
        If the child could not be started, for which the checkpoint is not to blame.
    """
    if not excerpts:
        raise ValueError("no excerpts to fill; give at least one")
    plan = _plan(len(excerpts), members)
    with new_box(folder) as box:
        (box / CHECKPOINT).symlink_to(checkpoint.resolve())
        hidden = [as_given(chorale, checked_given(chorale, given)) for chorale, given in excerpts]
        request = {
            "family": family,
            "members": members,
            "seed": seed,
            "seconds": limits.seconds,
            "plan": plan,
            "excerpts": [
                {"piece": to_json(piece), "given": given.tolist()} for piece, given in hidden
            ],
        }
        (box / REQUEST).write_text(json.dumps(request))
        environment, compiled = lend_compiled_loops(box)
        environment |= {name: os.environ[name] for name in os.environ if name.startswith(THREADS)}
        arguments = [sys.executable, "-I", "-B", str(PROGRAM), str(box), *map(str, code)]
        readable = [CODE, checkpoint, *compiled, *code]
        try:
            finished = run_isolated(
                arguments, box, limits, readable, least=least, environment=environment
            )
        except ChildStopped as error:
            raise SmokeRunRefused(f"the composer {error}", error.finished) from error
        if finished.returncode != 0:
            raise SmokeRunRefused(f"the composer failed: {_reason(box, finished)}", finished)
        try:
            pieces, seconds = _read(box, family, [excerpts[index] for index, _ in plan])
        except FillRefused as error:
            raise SmokeRunRefused(str(error), finished) from error
        except (BoxError, HeaderError, FormatError) as error:
            reason = _cleaned(str(error))
            raise SmokeRunRefused(
                f"the composer's result is unusable: {reason}", finished
            ) from error
    if not 0 <= sum(seconds) <= finished.seconds:
        raise SmokeRunRefused("the composer says that it took longer than it did", finished)
    if pieces[0] != pieces[1]:
        raise SmokeRunRefused(f"the composer wrote two pieces for seed {seed}", finished)
    return SmokeReport(
        fills=tuple(pieces[1 : 1 + len(excerpts)]),
        seconds_per_fill=sum(seconds) / len(seconds),
        seconds=finished.seconds,
        peak_memory_bytes=finished.peak_memory_bytes,
        isolation=self_test().outcome,
    )


def _plan(excerpts: int, members: int) -> list[Fill]:
    others = [(member % excerpts, member) for member in range(1, members)]
    return [(0, 0), *((index, 0) for index in range(excerpts)), *others]


def _read(box: Path, family: str, excerpts: Sequence[Excerpt]) -> tuple[list[Chorale], list[float]]:
    """The pieces for these excerpts, and the seconds that each took.

    Raises
    ------
    BoxError, HeaderError, FormatError
        If the child left something else.
    FillRefused
        If a piece is not the excerpt with its open cells written.
    """
    cells = sum(chorale.pitch.size for chorale, _ in excerpts)
    most = BYTES_OF_FRAME + BYTES_OF_CELL * cells
    text = read_from_box(box, RESULT, most).decode("utf-8", errors="replace")
    fills = _listed(strict_json(text, "it"), len(excerpts))
    name = family.rpartition(".")[2]
    pieces = [
        checked_piece(name, chorale, given, from_json(fill["piece"]))
        for fill, (chorale, given) in zip(fills, excerpts, strict=True)
    ]
    return pieces, [fill["seconds"] for fill in fills]


def _listed(result: Any, wanted: int) -> list[dict[str, Any]]:
    fills = result.get("fills") if isinstance(result, dict) else None
    if not isinstance(fills, list) or len(fills) != wanted:
        raise BoxError(f"it is no list of {wanted} pieces")
    for fill in fills:
        if not isinstance(fill, dict) or type(fill.get("seconds")) not in (int, float):
            raise BoxError("a piece comes without its seconds")
        if fill["seconds"] < 0 or "piece" not in fill:
            raise BoxError("its seconds are below 0, or a piece is missing")
    return fills


def _reason(box: Path, finished: Finished) -> str:
    """The last line that the child printed, without names of our folders."""
    line = last_line(finished.stderr).decode("utf-8", errors="replace")
    for folder in (box, CODE.parent):
        line = line.replace(f"{folder}/", "")
    return _cleaned(line) or f"exit status {finished.returncode}"


def _cleaned(text: str) -> str:
    printable = (sign if sign.isprintable() else " " for sign in text[: 4 * MAX_REASON])
    return "".join(printable).strip()[:MAX_REASON]
