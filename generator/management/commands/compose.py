from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.management.sampling import add_sampling, sampling_of
from generator.music.grid.chorale import VOICES
from generator.services.compose import Blank, Order, compose, known_work, writer_for

FRAME = ("metre", "bars", "pickup", "phrase")


class Command(BaseCommand):
    help = "Write voices to a work or a melody, or a whole chorale, into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as flagship or bach")
        given = parser.add_mutually_exclusive_group(required=True)
        given.add_argument("--work", default="", help="BWV number, such as BWV269")
        given.add_argument("--melody", type=Path, help="MIDI or MusicXML file with one voice")
        given.add_argument("--key", help="a whole chorale in this key, such as 'D minor'")
        parser.add_argument("--voice", help="which voice the melody is: S, A, T or B")
        parser.add_argument("--write", default="", help="the voices to write, such as ATB")
        parser.add_argument("--metre", help="with --key: 4/4 if left out")
        parser.add_argument("--bars", type=int, help="with --key: 8 if left out")
        parser.add_argument("--pickup", type=int, help="with --key: sixteenths before bar 1")
        parser.add_argument("--phrase", type=int, help="with --key: bars in a phrase")
        parser.add_argument("--out", required=True, type=Path, help="file; its ending says what")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--temperature", type=float, default=1.0)
        parser.add_argument("--steps", default="", help="A:B, sixteenths from A up to B")
        add_sampling(parser)

    def handle(self, **options: Any) -> None:
        blank = _blank(options)
        order = Order(
            composer=options["composer"],
            condition=options["write"] or (VOICES if blank else ""),
            work=options["work"],
            melody=options["melody"],
            blank=blank,
            voice=options["voice"],
            seed=options["seed"],
            temperature=options["temperature"],
            steps=_steps(options["steps"]),
            sampling=sampling_of(options["set"]),
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


def _blank(options: dict[str, Any]) -> Blank | None:
    given = {name: options[name] for name in FRAME if options[name] is not None}
    if options["key"] is not None:
        return Blank(options["key"], **given)
    if given:
        raise CommandError(f"--{next(iter(given))} goes with --key; a work or melody has its own")
    return None


def _steps(value: str) -> tuple[int, int] | None:
    if not value:
        return None
    start, colon, stop = value.partition(":")
    if not (colon and start.isdecimal() and stop.isdecimal()):
        raise CommandError(f"--steps {value!r}; use two numbers of sixteenths such as 0:64")
    return int(start), int(stop)
