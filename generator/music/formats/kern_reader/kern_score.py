"""Humdrum's kern files read into parts on the grid.

music21 reads them, in a child process that may neither write files nor reach the network, with
limits on time and memory; its importing alone takes seconds. What it finds comes back as MusicXML
and goes through our own reader, which lays it on the grid and says what was bent.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from generator.isolation.box import BoxError, new_box, read_from_box
from generator.isolation.child_process import Limits, Locks, last_line, run_child
from generator.isolation.isolation_error import ChildNotStarted, ChildStopped
from generator.music.formats.files import MAX_BYTES
from generator.music.formats.format_errors import FormatError
from generator.music.formats.kern_reader.music21_child import INPUT, NAMES, OUTPUT
from generator.music.formats.musicxml_reader.score_reader import musicxml_score
from generator.music.formats.notation.assembly import MAX_NAME
from generator.music.formats.score import Repeats, Score

MAX_CHARACTERS = 150_000
LIMITS = Limits(seconds=120, memory_bytes=2 << 30, output_bytes=1 << 16, box_bytes=16 << 20)
CHILD = Path(__file__).with_name("music21_child.py")
_KEY = re.compile(r"\*([A-Ga-g])([-#]?):")
_NAME = re.compile(r'\*I"(.+)|\*I:\[?([^\]]+)\]?')
_TITLE = re.compile(r"(?m)^!!!OTL[^:\n]{0,20}:(.{1,200})")


def looks_like_kern(text: str) -> bool:
    """Whether a text begins as Humdrum does, and has a kern spine.

    Examples
    --------
    >>> looks_like_kern("!!!COM: Bach\\n**kern\\t**text\\n"), looks_like_kern("**bold** words")
    (True, False)
    """
    for line in text.split("\n", 1000)[:1000]:
        if line.startswith("**"):
            return "**kern" in line.split()
        if line.strip() and not line.startswith("!"):
            return False
    return False


def kern_score(
    text: str, source: str, *, quantise: bool = False, repeats: Repeats | None = None
) -> Score:
    """The kern spines of a file; `quantise` and `repeats` are those of `musicxml_score`.

    Raises
    ------
    FormatError
        If music21 cannot read it, or notes are off the grid.
    """
    if len(text) > MAX_CHARACTERS:
        raise FormatError(f"{source} has {len(text):,} characters; give a single chorale")
    lines = [
        "\t".join(line.split()) if line.startswith("**") else line.rstrip(" ")
        for line in text.split("\n")
    ]
    spines = [line.split("\t") for line in lines if line.startswith("*")]
    score = musicxml_score(
        _as_musicxml(lines, _names(spines), source), source, quantise=quantise, repeats=repeats
    )
    title = _TITLE.search(text)
    return replace(
        score,
        key=_key(spines) or score.key,
        title=title[1].strip() if title else "",  # music21 makes one up
    )


def _names(spines: list[list[str]]) -> dict[str, str]:
    """The names of spines, by column."""
    names: dict[str, str] = {}
    for line in spines:
        for column, word in enumerate(line):
            if match := _NAME.fullmatch(word):
                names.setdefault(str(column), (match[1] or match[2]).strip()[:MAX_NAME])
        if any(word in ("*^", "*v", "*x", "*+") for word in line):
            break  # columns move
    return names


def _key(spines: list[list[str]]) -> str:
    for line in spines:
        for word in line:
            if match := _KEY.match(word):
                tonic = match[1].upper() + match[2].replace("-", "b")
                return f"{tonic} {'minor' if match[1].islower() else 'major'}"
    return ""


def _as_musicxml(lines: list[str], names: dict[str, str], source: str) -> bytes:
    with new_box() as box:
        (box / INPUT).write_text("\n".join(lines), "utf-8")
        (box / NAMES).write_text(json.dumps(names), "utf-8")
        program = [sys.executable, "-I", "-B", str(CHILD), str(box)]
        try:
            # As locked in as this machine can: the file is the person's own.
            finished, _ = run_child(program, box, LIMITS, [CHILD], locks=Locks(needed=()))
            if finished.returncode == 0:
                return read_from_box(box, OUTPUT, MAX_BYTES)
            reason = last_line(finished.stderr).decode(errors="replace")
        except ChildNotStarted as error:
            raise FormatError(f"{source} cannot be read here: {error}") from error
        except (ChildStopped, BoxError) as error:
            reason = str(error)
    if "No module named 'music21'" in reason:
        reason = "music21 is not installed; run: make setup"
    raise FormatError(f"{source} is not a kern file that can be read: {reason:.200}")
