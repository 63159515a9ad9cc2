"""Writes the figures of an experiment into a marked block of a page."""

from __future__ import annotations

from pathlib import Path

from generator.atomic_write import atomic_write


def write_block(page: Path, experiment: str, lines: str) -> None:
    """Replace what stands between the marks of an experiment.

    Raises
    ------
    ValueError
        If the page has no such marks.
    """
    begin = f"<!-- {experiment}: made by `python -m experiments.{experiment}`; do not edit -->\n"
    end = f"<!-- end of {experiment} -->\n"
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page} has no block of {experiment}; put {begin.strip()!r} into it")
    atomic_write(page, f"{before}{begin}\n{lines.strip()}\n\n{end}{after}".encode())
