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
from generator.evaluation.test_set import Material, load_material
from generator.evaluation.viewpoints.surprisal import BachReader
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
            material = load_material("tunes", "test", source.trained_on(0))
            reader = BachReader(list(material.training.values()))
            for listener in LISTENERS:
                self._other_works(listener, material, reader)
                self._foreign(listener, foreign, material, reader)
                for condition in conditions:
                    self._easy(listener, source.member(0), condition, material, reader)
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _other_works(self, listener: Listener, material: Material, reader: BachReader) -> None:
        whole = np.ones(len(VOICES), dtype=np.bool_)
        pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for name, bach in material.excerpts.items():
            pairs[material.tunes[name]].append(JudgedPair(bach, bach, whole))
        heard = listener.hear(pairs, reader)
        found = [
            listener.judge(bach_for_bach(heard, listener, seed=seed), seed=seed).share
            for seed in range(SEEDS)
        ]
        self._say(listener, "Bach against Bach's other works", "share", found)

    def _foreign(
        self, listener: Listener, foreign: list[Chorale], material: Material, reader: BachReader
    ) -> None:
        if not foreign:
            return
        works = {n: w for n, w in material.works.items() if w.metre == ((0, METRE),)}
        bach = _by_tune(material, {name: alike(work) for name, work in works.items()})
        found = listener.unpaired(bach, foreign, reader, seeds=range(SEEDS))
        name = f"{len(foreign)} foreign pieces against {len(works)} of Bach"
        self._say(listener, name, "AUC", found)

    def _easy(
        self,
        listener: Listener,
        composer: Family,
        condition: str,
        material: Material,
        reader: BachReader,
    ) -> None:
        pairs: dict[str, list[JudgedPair]] = defaultdict(list)
        for seed, (name, bach) in enumerate(material.excerpts.items()):
            given = given_for(condition, bach.steps)
            piece = composer.fill(bach, given, seed=1 + seed)
            pairs[material.tunes[name]].append(JudgedPair(bach, piece, ~given))
        start = time.process_time()
        verdict = listener.judge(listener.hear(pairs, reader))
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


def _by_tune(material: Material, pieces: dict[str, Chorale]) -> dict[str, list[Chorale]]:
    found: dict[str, list[Chorale]] = defaultdict(list)
    for name, piece in pieces.items():
        found[material.tunes[name]].append(piece)
    return found
