"""`--settings NAME=VALUE` and `--budget-steps`: how a composer fills, on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from generator.families.fill_run import Budget
from generator.families.settings import from_json
from generator.models import Version


class FillCommand(BaseCommand):
    """A command that has a composer write.

    Its `--settings` takes the place of Django's option of that name, which names a module of
    settings; `DJANGO_SETTINGS_MODULE` still does.
    """

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)
        parser.add_argument(
            "--settings",
            "--set",
            dest="fill_settings",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting of the composer, see below; may be given several times",
        )
        parser.add_argument(
            "--budget-steps",
            type=int,
            metavar="N",
            help="at most so many of the composer's own steps, such as sweeps; part of the piece",
        )
        parser.set_defaults(settings=None)  # what Django looks for
        plain_help = parser.format_help
        # Only help needs the database.
        parser.format_help = lambda: f"{plain_help()}\n{settings_help()}"  # type: ignore[method-assign]
        return parser


def fill_settings(options: Mapping[str, Any]) -> dict[str, str]:
    """The settings by name; the composer knows which exist and what they mean."""
    settings: dict[str, str] = {}
    for pair in options["fill_settings"]:
        name, equals, value = pair.partition("=")
        if not (equals and name and value):
            raise CommandError(f"--settings {pair!r}; use a form such as temperature=0.9")
        if name in settings:
            raise CommandError(f"--settings {name} is given twice; once is enough")
        settings[name] = value
    return settings


def fill_budget(options: Mapping[str, Any]) -> Budget:
    try:
        return Budget(options["budget_steps"], options.get("budget_seconds"))
    except ValueError as error:
        raise CommandError(str(error)) from error


def settings_help() -> str:
    """The settings of each installed composer, as its version's row has them."""
    written = Version.objects.ready().filter(kind=Version.Kind.CHECKPOINT)
    try:
        versions = list(written.select_related("composer"))
    except DatabaseError:
        return "settings: run make setup first; then the composers and their settings stand here\n"
    slugs: dict[str, list[str]] = {}
    lines: dict[str, list[str]] = {}
    for version in versions:
        slugs.setdefault(version.family, [])
        if version.composer.slug not in slugs[version.family]:
            slugs[version.family].append(version.composer.slug)
        settings = from_json(version.settings)
        lines.setdefault(version.family, [each.line(name) for name, each in settings.items()])
    return "".join(
        f"settings of {', '.join(sorted(slugs[family]))}:\n"
        + ("".join(f"  {line}\n" for line in lines[family]) or "  none\n")
        for family in sorted(lines)
    )
