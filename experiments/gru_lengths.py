"""Do short sequences wander and long ones copy? One GRU for each length of its training sequences.

The claim is that of MuseGen's author; nobody has published a test. One row of networks sees the
works of the training part, each length equally often; one row sees a single work, as he did it.
Their last weights are kept, as published: no validation stops them.

Run it as `python -m experiments.gru_lengths`; it takes about fifteen minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from bachtest.lib import svg
from experiments.note_measures import Measures, measured, table, written
from generator.families.note_tokens.notes import in_common_key
from generator.music.measures.copying import CopyIndex
from generator.registry import installed
from generator.training.run import train
from generator.training.splits import load_split
from generator.training.trainer import Config, Scores

log = logging.getLogger(__name__)

FAMILY = "gru_pairs"
LENGTHS = (10, 20, 40, 80, 160)
NOTES_A_STEP = 1120
PASSES = 8
SINGLE_WORK, SINGLE_PASSES = "BWV244.54", 300
WORKS = ("", SINGLE_WORK)  # all of the training part, or one
TEMPERATURES = (1.0, 0.5, 0.2)
FOLDER = Path("var/experiments/gru_lengths")
PICTURE = Path("static/img/families/gru_pairs-lengths.svg")
WIDTH, HEIGHT, TOP, BOTTOM, LEFT, SPAN, PANEL = 900, 300, 70, 240, 60, 230, 330
COLOURS, GREY = ("#1b5e20", "#b26a00", "#b00020"), "#666"
STYLE = (
    "text { font: 13px sans-serif; } .title { font-weight: bold; } .axis { text-anchor: middle; }"
    " .side { text-anchor: end; } .paper { fill: #fff; } .tick { stroke: #ccc; }"
    " polyline { fill: none; stroke-width: 2; } .dashed { stroke-dasharray: 6 4; }"
)


def config_of(length: int, work: str = "") -> Config:
    """The training of one network: as many passes over the works for each length."""
    train_part = load_split("tunes")["train"]
    works = {work: train_part.chorales[train_part.names.index(work)]} if work else None
    chorales = tuple(works.values()) if works else train_part.chorales
    chunks = sum(-(-(len(in_common_key(chorale)) + 1) // (length + 1)) for chorale in chorales)
    batch = min(chunks, NOTES_A_STEP // length)
    steps = round((SINGLE_PASSES if work else PASSES) * chunks / batch)
    return {
        "data": {"split": "tunes"},
        "network": {"embedding": 100, "units": 512},
        "sequences": {"length": length, "work": work},
        "training": {
            "steps": steps,
            "batch": batch,
            "learning_rate": 1e-3,
            "warmup": 30,
            "average": 0.98,
            "validate_every": steps,  # once: the last weights are kept
            "seed": 1,
        },
    }


def trained(length: int, work: str = "") -> tuple[Path, Scores]:
    """The checkpoint of one network, trained on the first call, and its scores."""
    out = FOLDER / f"{length}{'-' + work if work else ''}.safetensors"
    kept = out.with_suffix(".json")
    if not kept.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        kind = installed().trainer(FAMILY)
        scores = train(kind, config_of(length, work), out, command="experiments.gru_lengths")
        kept.write_text(json.dumps(scores))
    return out, json.loads(kept.read_text())


def copy_index(work: str = "") -> CopyIndex:
    """The works that a network was trained on."""
    part = load_split("tunes")["train"]
    works = dict(zip(part.names, part.chorales, strict=True))
    return CopyIndex({work: works[work]} if work else works)


Found = dict[tuple[str, int, float], Measures]
"""By work, length and temperature."""


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    args = parser.parse_args()
    found, bach = Found(), measured(load_split("tunes")["valid"].chorales, copy_index())
    for work in WORKS:
        print(f"## {work or 'All training works'}\n")
        print("| length | nats a note, training works | held-out works |\n| --- | --- | --- |")
        index = copy_index(work)
        for length in LENGTHS:
            path, scores = trained(length, work)
            print(f"| {length} | {scores['train']:.2f} | {scores['score']:.2f} |")
            composer = installed().family(FAMILY).load(path)
            for temperature in TEMPERATURES:
                chorales = written(composer, {"temperature": temperature})
                found[work, length, temperature] = measured(chorales, index)
        for temperature in TEMPERATURES:
            rows = [(str(length), found[work, length, temperature]) for length in LENGTHS]
            rows += [] if work else [("Bach, held-out works", bach)]
            print(f"\nTemperature {temperature}\n\n{table('length', rows)}")
        print(flush=True)
    args.picture.parent.mkdir(parents=True, exist_ok=True)
    args.picture.write_text(drawing(found, bach))
    log.info("%s is written", args.picture)


def drawing(found: Found, bach: Measures) -> str:
    """Copied runs (whole lines) and loops (broken lines) by length, a colour for a temperature."""
    parts = [
        svg.element("style", STYLE),
        svg.element("rect", class_="paper", width=WIDTH, height=HEIGHT),
        svg.text("Copying and loops by the length of a training sequence", 12, 20, class_="title"),
        *panel(found, WORKS[0], LEFT, bach),
        *panel(found, WORKS[1], LEFT + PANEL, None),
        *legend(LEFT + 2 * PANEL - 40),
    ]
    words = "Copying and loops by the length of a training sequence; the card has the figures"
    size = f"0 0 {WIDTH} {HEIGHT}"
    return svg.picture(words, *parts, xmlns="http://www.w3.org/2000/svg", viewBox=size) + "\n"


def panel(found: Found, work: str, left: float, bach: Measures | None) -> list[str]:
    """The networks of one row, with Bach's copied run as a grey line."""
    places = [left + at * SPAN / (len(LENGTHS) - 1) for at in range(len(LENGTHS))]
    most = max(each.copied for (of, _, _), each in found.items() if of == work)
    runs = svg.Scale(0, 20 * (int(most / 20) + 1), BOTTOM, TOP)
    shares = svg.Scale(0, 100, BOTTOM, TOP)
    parts = [
        svg.text(f"trained on {work or 'all training works'}", left, 44),
        svg.text("events", left - 8, TOP - 10, class_="side"),
        svg.text("%", left + SPAN + 6, TOP - 10),
        svg.text("notes of a sequence", left + SPAN / 2, BOTTOM + 40, class_="axis"),
    ]
    for at in range(5):
        value = at * runs.high / 4
        parts.append(svg.horizontal(runs(value), left, left + SPAN, class_="tick"))
        parts.append(svg.text(f"{value:g}", left - 8, runs(value) + 4, class_="side"))
        parts.append(svg.text(f"{25 * at}", left + SPAN + 6, runs(value) + 4))
    for place, length in zip(places, LENGTHS, strict=True):
        parts.append(svg.text(str(length), place, BOTTOM + svg.LABEL_DROP, class_="axis"))
    if bach is not None:
        parts.append(svg.horizontal(runs(bach.copied), left, left + SPAN, stroke=GREY))
    for temperature, colour in zip(TEMPERATURES, COLOURS, strict=True):
        of = [found[work, length, temperature] for length in LENGTHS]
        copied = svg.points(zip(places, [runs(each.copied) for each in of], strict=True))
        loops = svg.points(zip(places, [shares(each.loops) for each in of], strict=True))
        parts.append(svg.element("polyline", points=copied, stroke=colour))
        parts.append(svg.element("polyline", points=loops, stroke=colour, class_="dashed"))
    return parts


def legend(left: float) -> list[str]:
    """What the lines mean."""
    lines = [
        (f"temperature {temperature}: {what}", colour, class_)
        for temperature, colour in zip(TEMPERATURES, COLOURS, strict=True)
        for what, class_ in (("copied run", ""), ("loops", "dashed"))
    ]
    lines.append(("held-out works: copied run", GREY, ""))
    parts = []
    for row, (words, colour, class_) in enumerate(lines):
        y = TOP + 22 * row
        line = svg.points([(left, y - 4), (left + 22, y - 4)])
        parts.append(svg.element("polyline", points=line, stroke=colour, class_=class_))
        parts.append(svg.text(words, left + 28, y))
    return parts


if __name__ == "__main__":
    main()
