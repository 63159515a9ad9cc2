"""What the commands have in common that turn one file into another."""

from __future__ import annotations

import sys
from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.errors import GeneratorError
from generator.music.formats.files import MAX_BYTES, read_limited, write_file
from generator.music.formats.format_errors import FormatError

PIPE = "-"


class ConvertCommand(BaseCommand):
    """Reads a file, converts it, and writes another, whole or not at all."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="IN", help="file to read; - for standard input")
        parser.add_argument("target", metavar="OUT", help="file to write; - for standard output")

    def handle(self, **options: Any) -> None:
        try:
            data = self.converted(_read(options["source"]), options)
            if options["target"] == PIPE:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                write_file(options["target"], data)
                self.stdout.write(f"wrote {options['target']}")
        except GeneratorError as error:
            raise CommandError(str(error)) from error

    @abstractmethod
    def converted(self, data: bytes, options: dict[str, Any]) -> bytes:
        """The contents of the file to write."""


def as_text(data: bytes) -> str:
    """The text of a file in Latin-1, in which every byte is a character."""
    return data.decode("latin-1").replace("\r\n", "\n")


def _read(source: str) -> bytes:
    if source != PIPE:
        return read_limited(source)
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if not data or len(data) > MAX_BYTES:
        raise FormatError(
            f"standard input is empty or larger than {MAX_BYTES // 1_000_000} MB; give one piece"
        )
    return data
