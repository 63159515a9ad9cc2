from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.management.fill_command import FillCommand, fill_budget, fill_settings
from generator.management.progress import fill_progress
from generator.music.grid.chorale import VOICES
from generator.services.compose_order import ComposeOrder, Frame, Melody, compose
from generator.services.output_files import writer_for

FRAME_OPTIONS = ("metre", "bars", "pickup", "phrase")


class Command(FillCommand):
    help = "Write voices for a work or a melody, or a whole chorale from nothing, into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as markov or bach")
        music = parser.add_mutually_exclusive_group(required=True)
        music.add_argument("--work", help="BWV number, such as BWV269")
        music.add_argument("--melody", type=Path, help="MIDI or MusicXML file with your melody")
        music.add_argument("--key", help="for a whole chorale in this key, such as 'D minor'")
        parser.add_argument("--voice", help="which voice the melody is: S, A, T or B")
        parser.add_argument(
            "--write", default="", help="voices to write, such as ATB; with --work also NEXT or GAP"
        )
        parser.add_argument("--metre", help="with --key; default 4/4")
        parser.add_argument("--bars", type=int, help="with --key; default 8")
        parser.add_argument("--pickup", type=int, help="with --key; sixteenths before bar 1")
        parser.add_argument("--phrase", type=int, help="with --key; bars in a phrase")
        parser.add_argument(
            "--out", required=True, type=Path, help="output file; its extension sets the format"
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of the fill")
        parser.add_argument(
            "--budget-seconds", type=float, metavar="S", help="give up after so many seconds"
        )
        parser.add_argument("--steps", default="", help="A:B, sixteenths from A up to B")

    def handle(self, **options: Any) -> None:
        out = options["out"]
        try:
            order = _order(options)
            write = writer_for(out)
            with fill_progress() as progress:
                composed = compose(order, progress)
            write(composed.chorale, out)
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        if composed.knew_tune:
            self.stderr.write(
                f"note: {order.composer} was trained on {order.music} or its tune, "
                "so it may have written from memory"
            )
        self.stdout.write(f"wrote {out}")


def _order(options: dict[str, Any]) -> ComposeOrder:
    frame_options = {name: options[name] for name in FRAME_OPTIONS if options[name] is not None}
    if frame_options and options["key"] is None:
        raise CommandError(
            f"--{next(iter(frame_options))} goes with --key; a work or melody has its own"
        )
    if options["voice"] is not None and options["melody"] is None:
        raise CommandError("--voice goes with --melody: it says which voice the melody is")
    music: str | Melody | Frame = options["work"]
    if options["melody"] is not None:
        music = Melody(options["melody"], options["voice"])
    elif options["key"] is not None:
        music = Frame(options["key"], **frame_options)
    return ComposeOrder(
        composer=options["composer"],
        music=music,
        condition=options["write"] or (VOICES if isinstance(music, Frame) else ""),
        seed=options["seed"],
        steps=_steps(options["steps"]),
        settings=fill_settings(options),
        budget=fill_budget(options),
    )


def _steps(value: str) -> tuple[int, int] | None:
    if not value:
        return None
    start, colon, stop = value.partition(":")
    if not (colon and start.isdecimal() and stop.isdecimal()):
        raise CommandError(f"--steps {value!r}; use two numbers of sixteenths such as 0:64")
    return int(start), int(stop)
