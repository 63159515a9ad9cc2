from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Collection
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.evaluation.material import load_material
from generator.evaluation.own_hand import OwnHand
from generator.evaluation.report import CONDITIONS, Settings, evaluate
from generator.families.base import Family
from generator.services.composers import BACH, find_source
from generator.training.data import load_split


class Command(BaseCommand):
    help = "Objective scores of a composer on held-out works, with Bach's own beside them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as flagship")
        parser.add_argument("--split", default="tunes", choices=("tunes", "jsb"))
        parser.add_argument("--part", default="test", choices=("train", "valid", "test"))
        parser.add_argument("--conditions", default=",".join(CONDITIONS))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--temperature", type=float, default=1.0)
        parser.add_argument("--no-fills", action="store_true", help="likelihood and one shot only")
        parser.add_argument("--json", action="store_true", help="one JSON object, no progress")

    def handle(self, **options: Any) -> None:
        conditions = tuple(options["conditions"].split(","))
        if unknown := [c for c in conditions if c not in CONDITIONS]:
            raise CommandError(f"unknown condition {unknown[0]!r}; use {', '.join(CONDITIONS)}")
        settings = Settings(
            conditions=conditions,
            seed=options["seed"],
            temperature=options["temperature"],
            fills=not options["no_fills"],
            progress=not options["json"] and sys.stderr.isatty(),
        )
        try:
            family, trained_on = _composer(options["composer"], options["split"])
            material = load_material(options["split"], options["part"], trained_on)
            scores = []
            for score in evaluate(family, material, settings):
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
                        "scores": [score.as_json() for score in scores],
                    },
                    indent=1,
                )
            )


def _composer(slug: str, split: str) -> tuple[Family, Collection[str]]:
    """The family, and the works that it learnt from; for Bach those that the judges learn from."""
    if slug == BACH:
        return OwnHand(), load_split(split)["train"].names
    source = find_source(slug)
    return source.load(), source.trained_on()
