from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.management.fill_command import FillCommand, fill_settings
from generator.management.morph_order import MorphOrder, morph
from generator.services.output_files import writer_for


class Command(FillCommand):
    help = "Turn the first bars of one work into those of another, step by step, into one file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as music_vae")
        parser.add_argument("--from", dest="start", required=True, help="BWV number of a work")
        parser.add_argument("--to", dest="end", required=True, help="BWV number of a work")
        parser.add_argument("--steps", type=int, default=8, help="steps, both ends included")
        parser.add_argument("--bars", type=int, default=2, help="bars of each step; default 2")
        parser.add_argument(
            "--out", required=True, type=Path, help="output file; its extension sets the format"
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of the writing")

    def handle(self, **options: Any) -> None:
        if options["budget_steps"] is not None:
            raise CommandError("--budget-steps goes with compose: a morph searches nothing")
        out = options["out"]
        try:
            order = MorphOrder(
                composer=options["composer"],
                start=options["start"],
                end=options["end"],
                steps=options["steps"],
                bars=options["bars"],
                seed=options["seed"],
                settings=fill_settings(options),
            )
            write = writer_for(out)
            morphed = morph(order)
            write(morphed.chorale, out)
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        for name in morphed.knew:
            self.stderr.write(
                f"note: {order.composer} was trained on {name} or its tune, "
                "so it may have written from memory"
            )
        self.stdout.write(f"wrote {out}")
