from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.evaluation.bach_reference import OwnHand
from generator.evaluation.folds import Judged, corpus_members, load_folds
from generator.evaluation.report import Settings, evaluate
from generator.evaluation.test_set import load_material
from generator.management.fill_command import FillCommand, fill_settings
from generator.music.grid.chorale import QUIZ_CONDITIONS
from generator.services.composers import BACH, find_source
from generator.training.splits import load_split


class Command(FillCommand):
    help = "Objective scores of a composer on held-out works, with Bach's own beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as flagship")
        parser.add_argument(
            "--split",
            default="tunes",
            choices=("tunes", "jsb", "folds"),
            help="folds: every work, by the member of a cross-fitted composer that never saw it",
        )
        parser.add_argument("--part", default="test", choices=("train", "valid", "test"))
        parser.add_argument("--conditions", default=",".join(QUIZ_CONDITIONS))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--temperature", type=float, default=1.0)
        parser.add_argument("--no-fills", action="store_true", help="likelihood and one shot only")
        parser.add_argument(
            "--tells", type=int, default=5, help="how many features to name that give it away"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, no progress")

    def handle(self, **options: Any) -> None:
        conditions = tuple(options["conditions"].split(","))
        if unknown := [c for c in conditions if c not in QUIZ_CONDITIONS]:
            raise CommandError(
                f"unknown condition {unknown[0]!r}; use {', '.join(QUIZ_CONDITIONS)}"
            )
        if options["tells"] < 0:
            raise CommandError(f"--tells {options['tells']}; use 0 or more")
        settings = Settings(
            conditions=conditions,
            seed=options["seed"],
            temperature=options["temperature"],
            fills=not options["no_fills"],
            tells=options["tells"],
            progress=not options["json"] and sys.stderr.isatty(),
        )
        try:
            judged = _judged(
                options["composer"], options["split"], options["part"], fill_settings(options)
            )
            material = judged.material
            scores = []
            for score in evaluate(judged.composer, material, settings, judged.known):
                scores.append(score)
                if not options["json"]:
                    self.stdout.write(str(score))
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "composer": options["composer"],
                        "split": material.split,
                        "part": material.part,
                        "works": len(material.works),
                        "seed": settings.seed,
                        "sampling": judged.composer.sampling,
                        "scores": [score.as_json() for score in scores],
                    },
                    indent=1,
                )
            )


def _judged(slug: str, split: str, part: str, settings: Mapping[str, str]) -> Judged:
    """The composer's first member, or Bach, on a part of a split; or all members on their folds."""
    if split == "folds" and part != "test":
        raise CommandError(f"--part {part}: with --split folds every work is a test work")
    if slug == BACH:
        # His judges know what any other composer's would.
        if split == "folds":
            return load_folds(OwnHand(), corpus_members())
        return Judged(OwnHand(), load_material(split, part, load_split(split)["train"].names))
    source = find_source(slug, settings)
    if split == "folds":
        return load_folds(source.load(), source.members)
    material = load_material(split, part, source.trained_on(0))
    return Judged(source.member(0), material)
