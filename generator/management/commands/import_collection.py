from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generator.collecting.importing import CollectionOrder, Imported
from generator.errors import GeneratorError
from generator.tasks import collect


class Command(BaseCommand):
    help = "Make a composer of MIDI or MusicXML files by a system that is not run here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the composer, such as js-fakes")
        parser.add_argument("path", type=Path, help="a folder or a ZIP")
        parser.add_argument("--name", default="", help="of a new composer, as pages show it")
        parser.add_argument(
            "--licence",
            default="",
            help="under which the pieces may be played in public; without one they never are",
        )
        parser.add_argument(
            "--trained-on",
            type=Path,
            help="works that the system was trained on, one a line; by default works.txt of the "
            "collection",
        )
        parser.add_argument("--seed", type=int, default=0, help="chooses Bach's excerpts")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            order = CollectionOrder(
                slug=options["slug"],
                path=options["path"],
                name=options["name"],
                licence=options["licence"],
                trained_on=_text(options["trained_on"]),
                seed=options["seed"],
            )
            imported = collect(order)
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_summary(imported))


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}") from error


def _summary(imported: Imported) -> str:
    version = imported.version
    if not imported.is_new:
        return f"{version} was imported before; its pieces are as they were"
    lines = [str(file) for file in imported.files]
    accepted = sum(bool(file.accepted) for file in imported.files)
    lines.append(f"{version}: {accepted} of {len(lines)} files accepted")
    if declared := version.declared_works():
        lines.append(f"works trained on, declared and not verified: {len(declared)}")
    if not version.licence:
        lines.append("without --licence its pieces are never played")
    return "\n".join(lines)
