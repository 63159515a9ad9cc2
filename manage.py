#!/usr/bin/env python
from __future__ import annotations

import os
import re
import sys

# Their --settings NAME=VALUE are settings of a fill.
FILL_COMMANDS = ("compose", "evaluate", "order_pieces")


def spelled_for_django(arguments: list[str]) -> list[str]:
    """Django itself reads `--settings` as a module, so these commands get it as `--set`."""
    if arguments[1:2] and arguments[1] in FILL_COMMANDS:
        return [re.sub(r"^--settings(?=$|=)", "--set", argument) for argument in arguments]
    return arguments


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(spelled_for_django(sys.argv))
