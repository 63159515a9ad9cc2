from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from generator.management.convert_command import ConvertCommand, as_text
from generator.music.formats.piano_text.key_text import text_to_keys
from generator.music.formats.piano_text.record_csv import records_to_csv
from generator.music.formats.piano_text.record_keys import keys_to_records, transposed_keys


class Command(ConvertCommand):
    help = "Write the CSV of music that is text: one track of piano."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--transpose", type=int, default=0, metavar="N", help="semitones up")

    def converted(self, data: bytes, options: dict[str, Any]) -> bytes:
        keys = text_to_keys(as_text(data))
        sounding, struck = (transposed_keys(each, options["transpose"]) for each in keys)
        return records_to_csv(keys_to_records(sounding, struck)).encode("latin-1")
