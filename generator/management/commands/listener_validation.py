from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.discriminator.discriminator import (
    DISCRIMINATORS,
    Discriminator,
    ExcerptPair,
)
from generator.evaluation.discriminator.listener_validation import (
    METRE,
    bach_against_bach,
    neutral_opening,
    randomly_swapped,
    shares_by_seed,
)
from generator.evaluation.report import EvaluationSettings, excerpt_pairs, fill_all
from generator.evaluation.scored_fold import Filler, Fold
from generator.evaluation.test_set import TestSet, load_test_set
from generator.music.formats.midi import read_midi
from generator.music.grid.chorale import VOICES, Chorale
from generator.music.grid.conditions import checked_condition
from generator.services.composers import find_source

BASELINE = "markov"
SEEDS = 10


class Command(BaseCommand):
    help = (
        "Test how well the machine listener tells Bach from the Markov chain, from Bach's own "
        "other works, and from a foreign system."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--conditions", default="ATB", help=f"of the {BASELINE} composer")
        parser.add_argument("--foreign", type=Path, help="a folder of MIDI files of whole pieces")

    def handle(self, **options: Any) -> None:
        conditions = options["conditions"].split(",")
        try:
            for condition in conditions:
                checked_condition(condition)
            foreign = _foreign(options["foreign"]) if options["foreign"] else []
            source = find_source(BASELINE)
            test_set = load_test_set("tunes", "test", source.trained_on(0))
            for discriminator in DISCRIMINATORS:
                self._bach_against_bach(discriminator, test_set)
                self._against_foreign(discriminator, foreign, test_set)
                for condition in conditions:
                    self._against_baseline(discriminator, source.member(0), condition, test_set)
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _bach_against_bach(self, discriminator: Discriminator, test_set: TestSet) -> None:
        features = discriminator.extract(_pairs(BachReference(), VOICES, test_set))
        shares = shares_by_seed(
            discriminator, lambda seed: bach_against_bach(features, discriminator, seed=seed), SEEDS
        )
        self._report(discriminator, "Bach against Bach's other works", "share", shares)

    def _against_foreign(
        self, discriminator: Discriminator, foreign: list[Chorale], test_set: TestSet
    ) -> None:
        if not foreign:
            return
        bach: dict[str, list[Chorale]] = defaultdict(list)
        for name, work in test_set.works.items():
            if work.metre == ((0, METRE),):
                bach[test_set.tunes[name]].append(neutral_opening(work))
        aucs = discriminator.unpaired_aucs(
            bach, foreign, test_set.training.model, seeds=range(SEEDS)
        )
        works = sum(map(len, bach.values()))
        against = f"{len(foreign)} foreign pieces against {works} of Bach"
        self._report(discriminator, against, "AUC", aucs)

    def _against_baseline(
        self, discriminator: Discriminator, composer: Filler, condition: str, test_set: TestSet
    ) -> None:
        pairs = _pairs(composer, condition, test_set)
        start = time.process_time()
        report = discriminator.cross_validate(features := discriminator.extract(pairs))
        seconds = time.process_time() - start
        self._report(discriminator, f"{BASELINE} {condition}", "share", [report.share])
        self._report(discriminator, f"{BASELINE} {condition}", "AUC", [report.auc])
        self.stdout.write(f"  {report.pairs} pairs in {seconds:.1f} s of processor time")
        shares = shares_by_seed(
            discriminator, lambda seed: randomly_swapped(features, seed=seed), SEEDS
        )
        self._report(discriminator, f"{BASELINE} {condition}, sides swapped", "share", shares)

    def _report(
        self, discriminator: Discriminator, comparison: str, metric: str, values: list[float]
    ) -> None:
        text = f"{discriminator.version}: {comparison}: {metric} {np.mean(values):.3f}"
        if len(values) > 1:
            text += f"  ({min(values):.3f} to {max(values):.3f} in {len(values)} seeds)"
        self.stdout.write(text)


def _foreign(folder: Path) -> list[Chorale]:
    files = sorted(folder.glob("*.mid"))
    if not files:
        raise CommandError(f"no .mid files in {folder}; give a folder of MIDI files")
    return [neutral_opening(read_midi(file)) for file in files]


def _pairs(composer: Filler, condition: str, test_set: TestSet) -> dict[str, list[ExcerptPair]]:
    fills, _ = fill_all([Fold(composer, test_set)], condition, EvaluationSettings())
    return excerpt_pairs(fills)
