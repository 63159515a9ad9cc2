"""What a setting costs and what it buys: fills of the same excerpts at several of its values.

Excerpts are the first 64 steps of works of the validation part, with alto, tenor and bass written.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

from bachtest.lib import svg
from experiments.marked_block import write_block
from generator.evaluation.accuracy import fill_hits
from generator.families.base import Family
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.counts import Count
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import parallels
from generator.registry import CHECKPOINTS, installed
from generator.training.splits import load_split

STEPS, WORKS, SEED, CONDITION = 64, 32, 1, "ATB"
DOCS = Path("docs")
PICTURES = Path("static/img/families")
PLOTTED = {
    "parallels": "parallels per 1,000 chord changes",
    "dissonances_on": "dissonances on the beat, %",
    "lone_sixteenths": "lone sixteenths, %",
}
WIDTH, HEIGHT, PANEL, TOP, BOTTOM, LEFT = 900, 230, 290, 66, 170, 44
STYLE = (
    "text { font: 13px sans-serif; } .title { font-weight: bold; } .axis { text-anchor: middle; }"
    " .side { text-anchor: end; } .paper { fill: #fff; } .tick { stroke: #ccc; }"
    " polyline { fill: none; stroke: #1b5e20; stroke-width: 2; } circle { fill: #1b5e20; }"
    " .bach { stroke: #b26a00; stroke-width: 2; stroke-dasharray: 6 4; }"
)


@dataclass(frozen=True)
class Fills:
    """What came of one value of the setting."""

    label: str
    amount: float
    """Place on the axis, which is logarithmic."""
    seconds: float
    """Of CPU for one excerpt; 0 for Bach."""
    rates: dict[str, float]


def excerpts() -> list[Chorale]:
    """The beginnings of the first works of the validation part that are long enough."""
    works = [work for work in load_split("tunes")["valid"].chorales if work.steps >= STEPS]
    return [work.slice(0, STEPS) for work in works[:WORKS]]


def rates(pieces: Sequence[Chorale], originals: Sequence[Chorale]) -> dict[str, float]:
    """Rates of the written voices over all pieces, in percent, parallels in 1,000."""
    given = given_voices(CONDITION, STEPS)
    counts = [
        {**style_counts(each, ~given), "parallels": parallels(each, ~given)} for each in pieces
    ]
    hits = [fill_hits(one, two, given) for one, two in zip(originals, pieces, strict=True)]
    total = {name: reduce(add, (each[name] for each in counts), Count()) for name in counts[0]}
    shares = {name: 100 * count.rate for name, count in total.items()}
    shares["parallels"] *= 10
    right, written = (sum(each) for each in zip(*((h.right, h.written) for h in hits), strict=True))
    return {**shares, "same_pitch": 100 * right / written}


def fills(family: Family, label: str, amount: float, **settings: float) -> Fills:
    """Fill all excerpts with these settings, one by one."""
    originals, given = excerpts(), given_voices(CONDITION, STEPS)
    start = time.process_time()
    pieces = [family.fill(each, given, seed=SEED, settings=settings) for each in originals]
    seconds = (time.process_time() - start) / len(pieces)
    return Fills(label, amount, seconds, rates(pieces, originals))


def bach() -> Fills:
    return Fills("Bach", 0, 0, rates(excerpts(), excerpts()))


def table(rows: Sequence[Fills], first: str) -> str:
    """The figures as a Markdown table; the last row is Bach's."""
    shown = {
        "same_pitch": "same pitch as Bach, %",
        **PLOTTED,
        "repeated_notes": "repeated notes, %",
        "leaps": "leaps over a fourth, %",
    }
    lines = [
        "| " + " | ".join([first, "seconds", *shown.values()]) + " |",
        "| --- " * (2 + len(shown)) + "|",
    ]
    for row in rows:
        cells = [f"{row.rates[name]:.1f}" for name in shown]
        seconds = f"{row.seconds:.2f}" if row.seconds else ""
        lines.append("| " + " | ".join([row.label, seconds, *cells]) + " |")
    return "\n".join(lines)


def picture(rows: Sequence[Fills], reference: Fills, title: str, axis: str) -> str:
    """A panel for each of `PLOTTED`, with Bach's rate as a dashed line."""
    panels = [
        _panel(name, words, rows, reference, axis, LEFT + index * PANEL)
        for index, (name, words) in enumerate(PLOTTED.items())
    ]
    content = [
        svg.element("style", STYLE),
        svg.element("rect", class_="paper", width=WIDTH, height=HEIGHT),
        svg.text(title, 12, 20, class_="title"),
        *panels,
    ]
    return svg.picture(
        title, *content, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}"
    )


def _panel(
    name: str, words: str, rows: Sequence[Fills], reference: Fills, axis: str, left: float
) -> str:
    width = PANEL - 60
    amounts = [index for index, _ in enumerate(rows)]
    most = max(each.rates[name] for each in (*rows, reference)) or 1
    x = svg.Scale(0, max(amounts), left, left + width)
    y = svg.Scale(0, most, BOTTOM, TOP)
    places = [(x(index), y(row.rates[name])) for index, row in zip(amounts, rows, strict=True)]
    labels = {float(index): f"{row.amount:g}" for index, row in zip(amounts, rows, strict=True)}
    return "".join(
        [
            svg.text(words, left, TOP - 12),
            svg.x_axis(x, labels, TOP, BOTTOM),
            svg.text(axis, left + width / 2, BOTTOM + 40, class_="axis"),
            *(
                svg.text(f"{value:.0f}", left - 6, y(value) + 4, class_="side")
                for value in (0, most)
            ),
            svg.horizontal(y(reference.rates[name]), left, left + width, class_="bach"),
            svg.element("polyline", points=svg.points(places)),
            *(svg.element("circle", cx=at, cy=height, r=3) for at, height in places),
        ]
    )


@dataclass(frozen=True)
class Study:
    """One setting of one composer, and where its figures go."""

    slug: str
    experiment: str
    """Its module, after which the picture and the block of the card are named."""
    first: str
    """Head of the table's first column."""
    title: str
    axis: str
    values: dict[str, tuple[float, dict[str, float]]]
    """By the label of a row: its amount, and the settings of its fills."""

    def run(self, say: Callable[[str], None] = print) -> None:
        """Fill, print the table, and write it and the picture to the docs."""
        family = installed().family(self.slug).load(CHECKPOINTS / f"{self.slug}.safetensors")
        rows = []
        for label, (amount, settings) in self.values.items():
            rows.append(fills(family, label, amount, **settings))
            say(f"{label}: {rows[-1].seconds:.2f} s")
        reference = bach()
        figures = table([*rows, reference], self.first)
        say(figures)
        drawn = PICTURES / f"{self.experiment.replace('_', '-')}.svg"
        drawn.write_text(picture(rows, reference, self.title, self.axis) + "\n")
        shown = f"{figures}\n\n![{self.title}](../../static/img/families/{drawn.name})"
        write_block(DOCS / "families" / f"{self.slug}.md", self.experiment, shown)


def main(study: Study, words: str | None) -> None:
    """Run a study on one thread."""
    argparse.ArgumentParser(description=words).parse_args()
    import torch

    torch.set_num_threads(1)
    study.run()
