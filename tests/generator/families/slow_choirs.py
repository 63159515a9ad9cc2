"""Families that take their time, one that looks at its budget and one that does not."""

from __future__ import annotations

import time

from generator.families.fill_run import FillRun
from generator.families.settings import Values
from generator.music.grid.chorale import BoolArray, Chorale
from generator.registry import Registered, Registry
from tests.generator.families.choir import Choir

TICK = 0.02


class Patient(Choir):
    """Takes a thousand steps, if it may; each moves its note."""

    name = "patient"

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        taken = 0
        for _ in run.steps(1000):
            time.sleep(TICK)
            taken += 1
        self.note = 60 + taken
        return super()._fill(chorale, given, seed=seed, settings=settings, run=run)


class Sleeper(Choir):
    """Never looks at its budget."""

    name = "sleeper"

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        while True:
            time.sleep(TICK)


def slow_registry() -> Registry:
    return Registry(
        {
            each.name: Registered(f"{__name__}.{each.__name__}", "no.trainer")
            for each in (Patient, Sleeper)
        }
    )
