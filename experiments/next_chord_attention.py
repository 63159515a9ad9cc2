"""Does attention help next_chord? The shipped weights against the same training without it.

The network without attention is what the published code amounts to: there the attention stands
after a layer that returns one state, whose weight is always 1. Config, seed, works and steps are
those of the shipped checkpoint. Run as `python -m experiments.next_chord_attention` (about five
minutes of one core; it resumes if it was stopped).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generator.families.checkpoint import read_metadata
from generator.music.grid.chorale import Chorale
from generator.registry import installed
from generator.training.splits import load_split

FAMILY = "next_chord"
STATE = Path("var/experiments/next_chord_attention.state")
DRAWS = 2000


def main() -> None:
    registry = installed()
    found = registry.find_shipped(FAMILY)
    assert found is not None
    path = found[0].path
    config: dict[str, Any] = json.loads(read_metadata(path)["training"])
    parts = load_split(config["data"]["split"])
    trainer = registry.trainer(FAMILY)
    trainer.use_threads(1)
    STATE.parent.mkdir(parents=True, exist_ok=True)
    judge = trainer(config, parts)
    plain = {**config, "network": {**config["network"], "attention": 0}}
    without, _ = trainer(plain, parts, progress=sys.stderr.isatty()).train(STATE, keep=True)
    networks = {"with": registry.family(FAMILY).load(path).network, "without": without.eval()}
    say("| attention | parameters | part | nats per event | chord | duration | chord right |")
    say("| --- | --- | --- | --- | --- | --- | --- |")
    for part in ("train", "valid", "test"):
        for name, network in networks.items():
            scores = judge.scores_on(parts[part].chorales, network)
            size = sum(each.numel() for each in network.parameters())
            words = [f"{scores[key]:.3f}" for key in ("score", "chord", "duration", "right_chord")]
            say(f"| {name} | {size:,} | {part} | {' | '.join(words)} |")
    say(difference(judge, parts["test"].chorales, networks))


def difference(judge: Any, chorales: Sequence[Chorale], networks: Mapping[str, Any]) -> str:
    """The difference on the test part, with an interval by bootstrap over works."""
    events = np.array([chorale.onset.any(axis=0).sum() for chorale in chorales])
    nats = {
        name: events * [judge.scores_on([each], network)["score"] for each in chorales]
        for name, network in networks.items()
    }
    gain = nats["without"] - nats["with"]
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(chorales), size=(DRAWS, len(chorales)))
    low, high = np.quantile(gain[draws].sum(1) / events[draws].sum(1), [0.025, 0.975])
    return (
        f"gain of attention, test part: {gain.sum() / events.sum():.3f} nats per event "
        f"(95 % interval over {len(chorales)} works: {low:.3f} to {high:.3f})"
    )


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
