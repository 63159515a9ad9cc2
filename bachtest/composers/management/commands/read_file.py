from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.management.file_report_text import report_lines
from generator.management.reading_options import add_reading_options, file_to_read
from generator.services.file_report import file_report


class Command(BaseCommand):
    help = "Show what is understood of a file with music, as compose --melody reads it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="MIDI or MusicXML file")
        add_reading_options(parser)

    def handle(self, **options: Any) -> None:
        try:
            report = file_report(file_to_read(options["file"], options))
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        plain = not self.stdout.isatty() or (sys.stdout.encoding or "").lower() != "utf-8"
        width = shutil.get_terminal_size().columns
        for line in report_lines(report, width=width, plain=plain):
            self.stdout.write(line)
