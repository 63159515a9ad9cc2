"""What is the copy check worth? The share of spliced pieces that it catches, by size of snippet.

Splice copies and does nothing else: each of its notes is Bach's. So whatever passes the check of
the pool (more than `MAX_COPIED_RUN` events in a row from another work) is a copy that nobody
notices. The first excerpt of each work of the test part is written once for each condition and
size, and the longest shared run is taken as the pool takes it, also of Bach's own excerpts.

Run it as `python -m experiments.splice_caught`; it takes some minutes of one core. It writes the
table into docs/families/splice.md, and the picture where the composer's page finds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import django
import numpy as np

from bachtest.lib import svg
from generator.atomic_write import atomic_write
from generator.evaluation.test_set import load_test_set
from generator.families.base import Family
from generator.families.checkpoint import read_members
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.registry import CHECKPOINTS, installed

CONDITIONS = ("S", "ATB", "SATB", "NEXT")
SIZES = (1, 2, 4, 8, 16)
SEED = 1
CARD, PICTURE = Path("docs/families/splice.md"), Path("static/img/families/splice-caught.svg")
BEGIN = "<!-- caught: made by `python -m experiments.splice_caught`; do not edit -->"
END = "<!-- end of caught -->"
COLOURS = ("#1b5e20", "#b26a00", "#b00020", "#0d47a1")
STYLE = (
    "text { font: 13px sans-serif; } .axis { text-anchor: middle; } .paper { fill: #fff; }"
    " .tick { stroke: #ccc; } polyline { fill: none; stroke-width: 2; }"
)
LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 60, 480, 20, 240, 620, 280

Runs = dict[tuple[str, int], list[int]]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    django.setup()
    path = CHECKPOINTS / "splice.safetensors"
    composer = installed().family("splice").load(path).member(0)
    trained_on = read_members(path)[0].trained_on
    excerpts = list(load_test_set("tunes", "test", trained_on).excerpts.values())
    runs = {
        (condition, size): list(shared_runs(composer, excerpts, condition, size, trained_on))
        for condition in CONDITIONS
        for size in SIZES
    }
    bach = list(shared_runs(None, excerpts, "SATB", 0, trained_on))
    text = CARD.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{table(runs, bach, longest_allowed())}\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    if not re.search(pattern, text, flags=re.DOTALL):
        raise SystemExit(f"{CARD} has no lines {BEGIN!r} and {END!r}; put them back")
    atomic_write(CARD, re.sub(pattern, lambda _: block, text, flags=re.DOTALL).encode())
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(PICTURE, picture(runs, longest_allowed()).encode())


def shared_runs(
    composer: Family | None, excerpts: list[Chorale], condition: str, size: int,
    trained_on: frozenset[str],
) -> Iterator[int]:  # fmt: skip
    """Events of the longest run of each piece, as the pool counts them; of Bach's for None."""
    from generator.services.pairs import copied_run

    for excerpt in excerpts:
        try:
            given = given_for(condition, excerpt)
        except ValueError:  # no place for the span of the condition
            continue
        piece = excerpt
        if composer is not None:
            piece = Family.fill(composer, excerpt, given, seed=SEED, settings={"beats": size})
        yield copied_run(piece, excerpt, trained_on)


def longest_allowed() -> int:
    from generator.services.pairs import MAX_COPIED_RUN

    return MAX_COPIED_RUN


def caught(runs: list[int], limit: int) -> float:
    return float(np.mean(np.array(runs) > limit))


def table(runs: Runs, bach: list[int], limit: int) -> str:
    """Share caught, and the median and 90th percentile of the longest run."""
    rows = ["| | " + " | ".join(f"{size}" for size in SIZES) + " |"]
    rows.append("| --- |" + " --- |" * len(SIZES))
    for condition in CONDITIONS:
        cells = (_cell(runs[condition, size], limit) for size in SIZES)
        rows.append(f"| {condition} | " + " | ".join(cells) + " |")
    pieces = len(runs["SATB", SIZES[0]])
    return (
        f"Share of {pieces} pieces with a run of more than {limit} events (median / 90th "
        "percentile of the longest run), by the beats of the longest snippet. Bach's own excerpts: "
        f"{_cell(bach, limit)}.\n\n" + "\n".join(rows)
    )


def _cell(runs: list[int], limit: int) -> str:
    median, high = np.quantile(runs, [0.5, 0.9])
    return f"{caught(runs, limit):.0%} ({median:g} / {high:g})"


def picture(runs: Runs, limit: int) -> str:
    """Share caught against the size of snippets, a line for each condition."""
    x, y = svg.Scale(0, len(SIZES) - 1, LEFT, RIGHT), svg.Scale(0, 1, BOTTOM, TOP)
    parts = [svg.x_axis(x, {at: f"{size}" for at, size in enumerate(SIZES)}, TOP, BOTTOM)]
    for share in (0, 0.5, 1):
        parts.append(svg.horizontal(y(share), LEFT, RIGHT, class_="tick"))
        parts.append(svg.text(f"{share:.0%}", 14, y(share) + 4))
    ends: list[float] = []
    for condition, colour in zip(CONDITIONS, COLOURS, strict=True):
        shares = [caught(runs[condition, size], limit) for size in SIZES]
        places = [(x(at), y(share)) for at, share in enumerate(shares)]
        parts.append(svg.element("polyline", points=svg.points(places), stroke=colour))
        label = places[-1][1] + 4
        while any(abs(label - other) < 14 for other in ends):
            label -= 14
        ends.append(label)
        parts.append(svg.text(condition, RIGHT + 10, label, fill=colour))
    parts.append(svg.text("beats of the longest snippet", RIGHT / 2, BOTTOM + 34, class_="axis"))
    return svg.picture(
        f"Share of spliced pieces with more than {limit} events in a row from one work",
        svg.element("style", STYLE),
        svg.element("rect", class_="paper", width=WIDTH, height=HEIGHT),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )


if __name__ == "__main__":
    main()
