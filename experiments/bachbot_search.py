"""BachBot's ways to search, compared: the greedy filling as published, beams, and particles.

For each way: the share of written cells with Bach's pitch, in excerpts of the test part; how
probable the network finds the whole text; parallels; and loops and collapse in chorales from
nothing. The table goes into the card. Run it as `python -m experiments.bachbot_search`; it takes
about ten minutes of one core.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bachtest.lib.threads import use_one_thread

use_one_thread()

import numpy as np
import torch

from generator.evaluation.from_nothing import write_chorales
from generator.families.base import Family
from generator.music.corpus.excerpts import excerpts_of
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.counts import total
from generator.music.measures.decoding_faults import collapses, loops
from generator.music.measures.voice_leading import PER, parallels
from generator.registry import installed
from generator.training.splits import load_split

CARD = Path("docs/families/bachbot.md")
BEGIN = "<!-- search: made by `python -m experiments.bachbot_search`; do not edit -->"
END = "<!-- end of search -->"
CONDITIONS = ("S", "B", "ATB")
SEED = 1
ALL = np.ones(4, dtype=np.bool_)
WAYS: Mapping[str, Mapping[str, float]] = {
    "greedy, as published": {"greedy": 1, "particles": 1},
    "beam of 4": {"greedy": 1, "particles": 4},
    "beam of 16": {"greedy": 1, "particles": 16},
    "1 particle, T .8": {"particles": 1},
    "8 particles, T .8": {"particles": 8},
    "32 particles, T .8": {"particles": 32},
    "128 particles, T .8": {"particles": 128},
    "32 particles, T 1": {"particles": 32, "temperature": 1.0},
}


@dataclass(frozen=True)
class Row:
    """What one way achieves; shares in percent."""

    way: str
    same: Mapping[str, float]
    """Of written cells in each condition, those with Bach's pitch."""
    nats: float
    """Of a symbol of the whole text, ATB."""
    parallels: float
    """In 1,000 chord changes, ATB."""
    loops: float
    collapse: float
    """Of the chorales from nothing."""
    seconds: float
    """Of the processor, for 64 steps ATB."""

    def __str__(self) -> str:
        same = " | ".join(f"{self.same[condition]:.1f}" for condition in CONDITIONS)
        return (
            f"| {self.way} | {same} | {self.nats:.3f} | {self.parallels:.0f} "
            f"| {self.loops:.0f} | {self.collapse:.0f} | {self.seconds:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="default: the shipped one")
    parser.add_argument("--works", type=int, default=16, help="of the test part")
    parser.add_argument("--chorales", type=int, default=8, help="from nothing")
    options = parser.parse_args()
    if not options.checkpoint:
        with_block(CARD.read_text(), "")  # a card without marks is found before minutes are spent
    registry = installed()
    shipped = registry.find_shipped("bachbot")
    assert shipped is not None
    bot = registry.family("bachbot").load(options.checkpoint or shipped[0].path)
    excerpts = held_out(options.works)
    lines = [
        "",
        f"First excerpts of {len(excerpts)} works of the test part; {options.chorales} chorales "
        "from nothing; all with one seed.\n",
        "| | S % | B % | ATB % | nats | parallels | loops % | collapse % | seconds |",
        "| --- |" + 8 * " --- |",
        bach(bot, excerpts),
    ]
    for way, settings in WAYS.items():
        lines.append(str(measured(bot, way, settings, excerpts, options.chorales)))
        print(lines[-1], flush=True)
    if not options.checkpoint:
        CARD.write_text(with_block(CARD.read_text(), "\n".join([*lines, ""])))


def held_out(works: int) -> list[Chorale]:
    """The first excerpt of each of so many works of the test part."""
    spans = ((c, excerpts_of(c)) for c in load_split("tunes")["test"].chorales)
    return [chorale.slice(*found[0]) for chorale, found in spans if found][:works]


def measured(
    bot: Family, way: str, settings: Mapping[str, float], excerpts: Sequence[Chorale], count: int
) -> Row:
    start = time.process_time()
    atb = [written(bot, each, "ATB", settings) for each in excerpts]
    seconds = time.process_time() - start
    steps = sum(each.steps for each in excerpts)
    same = {"ATB": share_of_bach(excerpts, atb, "ATB")}
    for condition in CONDITIONS[:-1]:
        pieces = [written(bot, each, condition, settings) for each in excerpts]
        same[condition] = share_of_bach(excerpts, pieces, condition)
    chorales = write_chorales(bot, count, seed=SEED, settings=settings)[0] if count else []
    return Row(
        way,
        same,
        mean_nats(bot, atb),
        total([parallels(each, np.array([0, 1, 1, 1], dtype=np.bool_)) for each in atb]).rate * PER,
        100 * float(np.mean([loops(each, ALL).count for each in chorales])),
        100 * float(np.mean([collapses(each, ALL) for each in chorales])),
        64 * seconds / steps,
    )


def bach(bot: Family, excerpts: Sequence[Chorale]) -> str:
    """Bach's own row."""
    own = total([parallels(each, np.array([0, 1, 1, 1], dtype=np.bool_)) for each in excerpts])
    return f"| *Bach* | | | | {mean_nats(bot, excerpts):.3f} | {own.rate * PER:.0f} | | | |"


def written(
    bot: Family, chorale: Chorale, condition: str, settings: Mapping[str, float]
) -> Chorale:
    return bot.fill(chorale, given_for(condition, chorale), seed=SEED, settings=settings)


def share_of_bach(excerpts: Sequence[Chorale], pieces: Sequence[Chorale], condition: str) -> float:
    """Of all written cells, those with Bach's pitch, in percent."""
    same = np.concatenate([
        (piece.pitch == own.pitch)[~given_for(condition, own)]
        for own, piece in zip(excerpts, pieces, strict=True)
    ])  # fmt: skip
    return 100 * float(same.mean())


def mean_nats(bot: Family, pieces: Sequence[Chorale]) -> float:
    """Nats a symbol of whole texts, by the network."""
    network, nats, symbols = bot.network, 0.0, 0  # type: ignore[attr-defined]
    for piece in pieces:
        text = torch.from_numpy(network.config.vocabulary.text(piece))
        with torch.inference_mode():
            told = network(text[None, :-1])[0]
            nats += float(torch.nn.functional.cross_entropy(told, text[1:], reduction="sum"))
        symbols += len(text) - 1
    return nats / symbols


def with_block(card: str, block: str) -> str:
    """The card with this text between its marks."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(card)) != 1:
        raise ValueError(f"{CARD} has not one block from {BEGIN!r} to {END!r}; put the marks there")
    return pattern.sub(lambda _: f"{BEGIN}\n{block}\n{END}", card)


if __name__ == "__main__":
    main()
