from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.evaluation.discriminator.discriminator import LISTENERS, JudgedPair, Listener
from generator.evaluation.discriminator.listener_validation import METRE, alike, bach_for_bach
from generator.evaluation.test_set import TestSet, load_test_set
from generator.families.base import Family
from generator.music.formats.midi import read_midi
from generator.music.grid.chorale import CONDITIONS, VOICES, Chorale, given_for
from generator.services.composers import find_source

EASY = "markov"
SEEDS = 10


class Command(BaseCommand):
    help = (
        "What the machine listener tells: the Markov chain, Bach's other works, a foreign system."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--conditions", default="ATB", help=f"of the {EASY} composer")
        parser.add_argument("--foreign", type=Path, help="a folder of MIDI files of whole pieces")

    def handle(self, **options: Any) -> None:
        conditions = options["conditions"].split(",")
        if unknown := [c for c in conditions if c not in CONDITIONS]:
            raise CommandError(f"unknown condition {unknown[0]!r}; use {', '.join(CONDITIONS)}")
        try:
            foreign = _foreign(options["foreign"]) if options["foreign"] else []
            source = find_source(EASY)
            test_set = load_test_set("tunes", "test", source.trained_on(0))
            for listener in LISTENERS:
                self._other_works(listener, test_set)
                self._foreign(listener, foreign, test_set)
                for condition in conditions:
                    self._easy(listener, source.member(0), condition, test_set)
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _other_works(self, listener: Listener, test_set: TestSet) -> None:
        whole = np.ones(len(VOICES), dtype=np.bool_)
        pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for name, bach in test_set.excerpts.items():
            pair = JudgedPair(bach, bach, whole, test_set.training.reader)
            pairs[test_set.tunes[name]].append(pair)
        heard = listener.hear(pairs)
        found = [
            listener.judge(bach_for_bach(heard, listener, seed=seed), seed=seed).share
            for seed in range(SEEDS)
        ]
        self._say(listener, "Bach against Bach's other works", "share", found)

    def _foreign(self, listener: Listener, foreign: list[Chorale], test_set: TestSet) -> None:
        if not foreign:
            return
        works = {n: w for n, w in test_set.works.items() if w.metre == ((0, METRE),)}
        bach = _by_tune(test_set, {name: alike(work) for name, work in works.items()})
        found = listener.unpaired(bach, foreign, test_set.training.reader, seeds=range(SEEDS))
        name = f"{len(foreign)} foreign pieces against {len(works)} of Bach"
        self._say(listener, name, "AUC", found)

    def _easy(
        self, listener: Listener, composer: Family, condition: str, test_set: TestSet
    ) -> None:
        pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for seed, (name, bach) in enumerate(test_set.excerpts.items()):
            given = given_for(condition, bach.steps)
            piece = composer.fill(bach, given, seed=1 + seed)
            pair = JudgedPair(bach, piece, ~given, test_set.training.reader)
            pairs[test_set.tunes[name]].append(pair)
        start = time.process_time()
        verdict = listener.judge(listener.hear(pairs))
        self._say(listener, f"{EASY} {condition}", "share", [verdict.share])
        self._say(listener, f"{EASY} {condition}", "AUC", [verdict.auc])
        seconds = time.process_time() - start
        self.stdout.write(f"  {verdict.pairs} pairs judged in {seconds:.1f} s of processor time")

    def _say(self, listener: Listener, name: str, what: str, found: list[float]) -> None:
        spread = (
            f"  ({min(found):.3f} to {max(found):.3f} in {len(found)} seeds)" if found[1:] else ""
        )
        self.stdout.write(f"{listener.version}: {name}: {what} {np.mean(found):.3f}{spread}")


def _foreign(folder: Path) -> list[Chorale]:
    files = sorted(folder.glob("*.mid"))
    if not files:
        raise CommandError(f"no .mid files in {folder}; give a folder of MIDI files")
    return [alike(read_midi(file)) for file in files]


def _by_tune(test_set: TestSet, pieces: dict[str, Chorale]) -> dict[str, list[Chorale]]:
    found: dict[str, list[Chorale]] = defaultdict(list)
    for name, piece in pieces.items():
        found[test_set.tunes[name]].append(piece)
    return found
