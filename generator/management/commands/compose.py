from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.services.compose import Order, compose, known_work, writer_for


class Command(BaseCommand):
    help = "Write voices to a work or to a melody, as .mid .musicxml .json .mp3 or .wav."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as flagship or bach")
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("--work", default="", help="BWV number, such as BWV269")
        given.add_argument("--melody", type=Path, help="MIDI or MusicXML file with one voice")
        parser.add_argument("--voice", help="which voice the melody is: S, A, T or B")
        parser.add_argument("--write", default="", help="the voices to write, such as ATB")
        parser.add_argument("--out", required=True, type=Path, help="file; its ending says what")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--temperature", type=float, default=1.0)
        parser.add_argument("--steps", default="", help="A:B, sixteenths from A up to B")

    def handle(self, **options: Any) -> None:
        order = Order(
            composer=options["composer"],
            condition=options["write"],
            work=options["work"],
            melody=options["melody"],
            voice=options["voice"],
            seed=options["seed"],
            temperature=options["temperature"],
            steps=_steps(options["steps"]),
        )
        out = options["out"]
        try:
            write = writer_for(out)
            write(compose(order), out)
            if known_work(order):
                self.stderr.write(
                    f"note: {order.composer} was trained on {order.work} or its tune; "
                    "what it writes here may be remembered"
                )
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"wrote {out}")


def _steps(value: str) -> tuple[int, int] | None:
    if not value:
        return None
    start, colon, stop = value.partition(":")
    if not (colon and start.isdecimal() and stop.isdecimal()):
        raise CommandError(f"--steps {value!r}; use two numbers of sixteenths such as 0:64")
    return int(start), int(stop)
