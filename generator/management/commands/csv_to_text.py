from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from generator.management.convert_command import ConvertCommand, as_text
from generator.music.formats.piano_text.key_text import keys_to_text
from generator.music.formats.piano_text.record_csv import csv_to_records
from generator.music.formats.piano_text.record_keys import records_to_keys, transposed_keys


class Command(ConvertCommand):
    help = "Write the music of a CSV as text: a character for each key that sounds in a step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--transpose", type=int, default=0, metavar="N", help="semitones up")
        parser.add_argument(
            "--nearest", action="store_true", help="put notes off the grid on the nearest sixteenth"
        )

    def converted(self, data: bytes, options: dict[str, Any]) -> bytes:
        keys = records_to_keys(csv_to_records(as_text(data)), nearest=options["nearest"])
        sounding, struck = (transposed_keys(each, options["transpose"]) for each in keys)
        return keys_to_text(sounding, struck).encode("ascii")
