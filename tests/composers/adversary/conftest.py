from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from generator.music.corpus.works import Corpus
from tests.composers.adversary.the_door import person
from tests.conftest import DUMMY
from tests.generator.collecting.material import rows_for

HELD_OUT = ("BWV269", "BWV253", "BWV254", "BWV255", "BWV60.5")


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Quarantine, checkpoints, media and boxes of this test alone; no worker takes a task."""
    for name in ("quarantine", "checkpoints", "media", "temporary"):
        (tmp_path / name).mkdir()
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    settings.BOXES_DIR = tmp_path / "boxes"
    settings.MEDIA_ROOT = tmp_path / "media"
    stored = {**settings.STORAGES["checkpoints"], "OPTIONS": {"location": tmp_path / "checkpoints"}}
    settings.STORAGES = {**settings.STORAGES, "checkpoints": stored}
    settings.TASKS = DUMMY
    settings.UPLOAD_KEEP_FREE_BYTES = 0
    # A machine that isolates less than fully still refuses; tests of the child say which it is.
    settings.ISOLATION = "partly"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture
def author(db: None) -> User:
    return person("author", "upload_version")


@pytest.fixture
def publisher(db: None) -> User:
    return person("publisher", "publish_version")


@pytest.fixture
def excerpts(db: None, corpus: Corpus) -> None:
    """Rows of a few works, which smoke runs and collections need."""
    rows_for(corpus, *HELD_OUT)
