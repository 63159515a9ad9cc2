"""A database of its own for each site that a test starts, on whatever the tests run on."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg


def new_database(folder: Path) -> dict[str, str]:
    """The variables that a site's processes need, to keep all they create apart from others."""
    variables = {"VAR_DIR": str(folder)}
    if server := os.environ.get("DATABASE_URL"):
        name = f"site_{secrets.token_hex(8)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        variables["DATABASE_URL"] = server.replace("/postgres?", f"/{name}?")
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
