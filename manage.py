#!/usr/bin/env python
from __future__ import annotations

import os
import re
import sys

# Their --settings NAME=VALUE are settings of a fill.
FILL_COMMANDS = ("compose", "evaluate", "morph", "order_pieces")


def spelled_for_django(arguments: list[str]) -> list[str]:
    """Django itself reads `--settings` as a module, so these commands get it as `--set`."""
    if arguments[1:2] and arguments[1] in FILL_COMMANDS:
        return [re.sub(r"^--settings(?=$|=)", "--set", argument) for argument in arguments]
    return arguments


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(spelled_for_django(sys.argv))
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError:
        exit_without_database()
        raise


def exit_without_database() -> None:
    """Say in one line why there is no connection to the database, if there is none."""
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = " ".join(str(error).split())
        sys.exit(f"no connection to the database: {reason}; check DATABASE_URL and VAR_DIR")


if __name__ == "__main__":
    main()
