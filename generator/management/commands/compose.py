from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.management.event_stream import EVENT_FORMAT, stream_events
from generator.management.fill_command import FillCommand, fill_budget, fill_settings
from generator.management.progress import fill_progress
from generator.management.reading_options import (
    READING_OPTIONS,
    add_reading_options,
    file_to_read,
    key_named,
)
from generator.music.grid.chorale import VOICES
from generator.services.compose_order import ComposeOrder, Frame, Melody, compose
from generator.services.output_files import writer_for

FRAME_OPTIONS = ("metre", "bars", "pickup", "phrase")


class Command(FillCommand):
    help = (
        "Write voices for a work or a melody, or a whole chorale from nothing, into a file. With "
        "--endless, go on without end at the standard tempo, at most a bar ahead of the clock. "
        + EVENT_FORMAT
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as markov or bach")
        music = parser.add_mutually_exclusive_group()
        music.add_argument("--work", help="BWV number, such as BWV269")
        music.add_argument("--melody", type=Path, help="a file with your melody")
        add_reading_options(parser)
        parser.add_argument(
            "--write", default="", help="voices to write, such as ATB; with --work also NEXT or GAP"
        )
        parser.add_argument("--metre", help="with --key alone: a whole chorale; default 4/4")
        parser.add_argument("--bars", type=int, help="with --key; default 8")
        parser.add_argument("--pickup", type=int, help="with --key; sixteenths before bar 1")
        parser.add_argument("--phrase", type=int, help="with --key; bars in a phrase")
        parser.add_argument(
            "--out",
            required=True,
            type=Path,
            help="output file; its extension sets the format; - with --endless",
        )
        parser.add_argument("--endless", action="store_true", help="with --key or --work: no end")
        parser.add_argument("--seed", type=int, default=0, help="seed of the fill")
        parser.add_argument(
            "--budget-seconds", type=float, metavar="S", help="give up after so many seconds"
        )
        parser.add_argument("--steps", default="", help="A:B, sixteenths from A up to B")

    def handle(self, **options: Any) -> None:
        out = options["out"]
        if options["endless"]:
            stream_events(options, _order, self.stdout)
            return
        try:
            order = _order(options)
            write = writer_for(out)
            with fill_progress() as progress:
                composed = compose(order, progress)
            write(composed.chorale, out)
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        for remark in composed.remarks:
            self.stdout.write(str(remark))
        if composed.knew_tune:
            self.stderr.write(
                f"note: {order.composer} was trained on {order.music} or its tune, "
                "so it may have written from memory"
            )
        for phrase in composed.left_open:
            self.stdout.write(phrase.sentence())
        self.stdout.write(f"wrote {out}")


def _order(options: dict[str, Any]) -> ComposeOrder:
    frame_options = {name: options[name] for name in FRAME_OPTIONS if options[name] is not None}
    own_frame = options["work"] is not None or options["melody"] is not None
    if not own_frame and options["key"] is None:
        raise CommandError("one of the arguments --work --melody --key is required")
    if options["work"] is not None and options["key"] is not None:
        raise CommandError("argument --key: not allowed with argument --work; a work has its own")
    if frame_options and own_frame:
        raise CommandError(
            f"--{next(iter(frame_options))} goes with --key alone; a work or melody has its own"
        )
    for name in READING_OPTIONS:
        if options[name] is not None and options["melody"] is None:
            raise CommandError(f"--{name} goes with --melody: it says how to read the file")
    music: str | Melody | Frame = options["work"]
    if options["melody"] is not None:
        music = file_to_read(options["melody"], options)
    elif options["key"] is not None:
        music = Frame(key_named(options["key"]), **frame_options)
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
