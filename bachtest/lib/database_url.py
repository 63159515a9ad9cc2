"""The database that DATABASE_URL names, as Django's settings describe it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

FORMS = (
    "use sqlite:///PATH, postgres://USER:PASSWORD@HOST:PORT/NAME, or for a server on a Unix socket "
    "postgres:///NAME?host=/FOLDER"
)
MAX_PORT = 65535


def database_of(url: str, *, default: Path, base: Path) -> dict[str, Any]:
    """The settings of Django's database; without a URL, a SQLite file at `default`.

    A relative path of a SQLite file starts at `base`, whatever folder a process runs in.
    """
    if not url:
        return _sqlite(default)
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return _sqlite(_sqlite_file(url, base))
    if scheme in ("postgres", "postgresql"):
        return _postgres(url)
    raise _refused(url, "this names no database")


def _sqlite(file: Path) -> dict[str, Any]:
    # A transaction takes its write lock at the start, so none fails halfway with "database is
    # locked". An answer is on the disk before its reply leaves (synchronous=FULL).
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        # Of each thread that serves requests, so that few of them open the file. Not for ever: a
        # file that was put in its place is found.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _sqlite_file(url: str, base: Path) -> Path:
    name = unquote(url.partition("://")[2])
    if not name.startswith("/") or name.strip("/") in ("", ":memory:") or "?" in url:
        raise _refused(url, "this names no file")
    file = base / name[1:]
    if not file.parent.is_dir():
        raise _refused(url, f"there is no folder {file.parent}; create it, or name another")
    if file.is_dir():
        raise _refused(url, f"{file} is a folder; name a file in it")
    return file


def _postgres(url: str) -> dict[str, Any]:
    # Loaded only here, so that a site on SQLite starts without it.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        # The other messages quote the part that is wrong, which may be the password.
        reason = str(error).strip()
        is_option = reason.startswith("invalid URI query parameter")
        raise _refused(url, reason if is_option else "this cannot be read") from None
    if not parts.get("dbname"):
        raise _refused(url, "the name of the database is missing")
    ports = str(parts.get("port", "")).split(",")
    if any(port and not _is_port(port) for port in ports):
        raise _refused(url, f"a port is a number from 1 to {MAX_PORT}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"connect_timeout": 10, **parts},
        # A connection serves many requests; one that the server closed meanwhile is replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _is_port(port: str) -> bool:
    return port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT


def _refused(url: str, reason: str) -> ImproperlyConfigured:
    signs = "; write @ / : # % ? in a name or password as %40 %2F %3A %23 %25 %3F"
    hint = FORMS + signs * ("@" in url)
    return ImproperlyConfigured(f"DATABASE_URL={masked(url)!r}: {reason}; {hint}")


def masked(url: str) -> str:
    """The URL without what is, or may be meant as, a password."""
    # All up to the last @, since an unescaped password may contain any sign.
    start = r"[\w+.-]*://" if "://" in url else ""
    url = re.sub(rf"^({start}[^@:]*:).*@", r"\1***@", url, flags=re.DOTALL)
    # Without a host, what stands in the place of a port may be the password.
    url = re.sub(r"^([\w+.-]*://[^\[@:/?]*:)(?!\d+(?:[/?,]|$))[^@/?]+", r"\1***", url)
    return re.sub(r"(pass\w*=)[^&\s]*", r"\1***", url)
