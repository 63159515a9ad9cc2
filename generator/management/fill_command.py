"""`--settings NAME=VALUE` and `--temperature`: how a composer fills, on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError


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
            help="a setting of the composer; may be given several times",
        )
        parser.add_argument(
            "--temperature",
            type=float,
            default=1.0,
            help="factor on the composer's own temperatures; 1 keeps them",
        )
        parser.set_defaults(settings=None)  # what Django looks for
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
