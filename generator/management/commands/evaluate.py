from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.evaluation.material import load_material
from generator.evaluation.report import CONDITIONS, Settings, evaluate
from generator.services.composers import find_source


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
            source = find_source(options["composer"])
            material = load_material(options["split"], options["part"], source.trained_on())
            scores = []
            for score in evaluate(source.load(), material, settings):
                scores.append(score)
                if not options["json"]:
                    self.stdout.write(str(score))
        except (GeneratorError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "composer": source.slug,
                        "split": material.split,
                        "part": material.part,
                        "works": len(material.works),
                        "seed": settings.seed,
                        "scores": [score.as_json() for score in scores],
                    },
                    indent=1,
                )
            )
