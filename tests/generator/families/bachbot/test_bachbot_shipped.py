"""The shipped BachBot: what its search is worth on a work that it has never seen."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from generator.families.bachbot.bachbot import Bachbot
from generator.families.bachbot.training import text_scores
from generator.families.checkpoint import read_metadata
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_voices
from generator.registry import CHECKPOINTS
from generator.training.splits import load_split

FILE, STEPS = "bachbot.safetensors", 64


@pytest.fixture(scope="module")
def shipped() -> Bachbot:
    return Bachbot.load(CHECKPOINTS / FILE)


@pytest.fixture(scope="module")
def works() -> list[Chorale]:
    return [chorale.slice(0, STEPS) for chorale in load_split("tunes")["test"].chorales[:2]]


def right(bot: Bachbot, works: list[Chorale], **settings: int) -> float:
    """The share of the soprano's pitches that are Bach's."""
    given = given_voices("S", STEPS)
    pieces = [bot.fill(work, given, seed=1, settings=settings) for work in works]
    return float(np.mean([
        (piece.pitch[0] == work.pitch[0]).mean() for piece, work in zip(pieces, works, strict=True)
    ]))  # fmt: skip


def test_its_losses_are_those_that_its_file_states(shipped):
    scores = json.loads(read_metadata(CHECKPOINTS / FILE)["metrics"])
    parts = load_split("tunes")
    held_out = text_scores(shipped.network, parts["valid"].chorales)
    assert held_out["nats"] == pytest.approx(scores["score"], rel=0.01)
    assert held_out["right_B"] == pytest.approx(scores["right_B"], abs=0.005)


def test_particles_find_sopranos_that_greed_does_not(shipped, works):
    greedy = right(shipped, works, greedy=1, particles=1)
    assert right(shipped, works) > greedy + 0.1


def test_a_fill_of_64_steps_takes_less_than_two_seconds(shipped, works):
    given = given_voices("ATB", STEPS)
    start = time.process_time()
    shipped.fill(works[0], given, seed=1)
    assert time.process_time() - start < 2
