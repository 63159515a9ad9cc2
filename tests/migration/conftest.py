from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import override_settings

from tests.migration.old_rows import Rows, old_rows
from tests.migration.old_site import (
    apps_now,
    connected_to,
    load,
    migrate,
    newest_applied,
    write_clips,
)

FILES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}


@dataclass(frozen=True)
class Migrated:
    """The old site under today's code, and what it was before."""

    file: Path
    media: Path
    rows: dict[str, Rows]
    newest: dict[str, str]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory, django_db_blocker) -> Migrated:
    folder = tmp_path_factory.mktemp("old_site")
    file, media = folder / "db.sqlite3", folder / "media"
    load(file)
    write_clips(file, media)
    with (
        django_db_blocker.unblock(),
        override_settings(STORAGES=FILES, MEDIA_ROOT=media),
        connected_to(file),
    ):
        rows, newest = old_rows(apps_now()), newest_applied()
        migrate()
    return Migrated(file, media, rows, newest)


@pytest.fixture
def old_site(migrated, settings, tmp_path, django_db_blocker) -> Iterator[Migrated]:
    """A copy that a test may write to; everything in the test works on it."""
    settings.STORAGES = {**settings.STORAGES, **FILES}
    settings.MEDIA_ROOT = migrated.media
    shutil.copy(migrated.file, tmp_path / "db.sqlite3")
    with django_db_blocker.unblock(), connected_to(tmp_path / "db.sqlite3"):
        yield migrated
