"""A database of its own for each site that a test starts, on whatever the tests run on."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

ROOT = Path(__file__).parent.parent
MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""


@dataclass(frozen=True)
class Template:
    """What a site has when it begins: files by their path in its folder, and rows on a server."""

    files: Mapping[str, bytes]
    database: str


def new_database(folder: Path, script: str = "") -> dict[str, str]:
    """A migrated database, after a script that fills it; the script may know no folder.

    The variables that a site's processes need, to keep all they create apart from others. Sites
    with the same script are copies of one: migrations take seconds.
    """
    template = _template(script)
    for path, content in template.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return _variables(folder, _created(template.database))


@cache
def _template(script: str) -> Template:
    with TemporaryDirectory() as name:
        folder = Path(name)
        database = _created()
        variables = _variables(folder, database)
        env = os.environ | variables | {"DJANGO_SETTINGS_MODULE": "bachtest.settings"}
        subprocess.run([sys.executable, "-c", MIGRATE + script], cwd=ROOT, env=env, check=True)
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
    assert not [path for path in files if path.endswith("-wal")], "the database is not whole"
    return Template(files, database)


def _created(template: str = "template1") -> str:
    """The name of a new database, a copy of another; none without a server."""
    if not (server := os.environ.get("DATABASE_URL")):
        return ""
    name = f"site_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _variables(folder: Path, database: str) -> dict[str, str]:
    variables = {"VAR_DIR": str(folder)}
    if server := os.environ.get("DATABASE_URL"):
        variables["DATABASE_URL"] = server.replace("/postgres?", f"/{database}?")
    return variables


def connect(environment: Mapping[str, str]) -> sqlite3.Connection | psycopg.Connection:
    """To a site's database, from outside the site; each statement is a transaction."""
    if url := environment.get("DATABASE_URL"):
        return psycopg.connect(url, autocommit=True)
    file = Path(environment["VAR_DIR"], "db.sqlite3")
    return sqlite3.connect(file, timeout=60, isolation_level=None)


def rows_in(environment: Mapping[str, str], sql: str) -> list[tuple]:
    with closing(connect(environment)) as database:
        return database.execute(sql).fetchall()
