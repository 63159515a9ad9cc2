"""`--set name=value`: settings of sampling on the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

from django.core.management.base import CommandError


def add_sampling(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the composer's sampling; may be given several times",
    )


def sampling_of(pairs: Sequence[str]) -> dict[str, str]:
    """The settings by name; what they mean, and whether there are such, the composer knows."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (equals and name and value):
            raise CommandError(f"--set {pair!r}; use a form such as rounds=32")
        if name in found:
            raise CommandError(f"--set {name} is given twice; once is enough")
        found[name] = value
    return found
