from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import Settings

from bachtest.composers.checking import claims, scoring, work
from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import Upload
from generator.music.corpus.works import Corpus
from tests.composers.material import SCORE, checkpoint_bytes, keep_works, uploaded


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    """Quarantine and the storage of checkpoints in a folder of the test's own."""
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    settings.BOXES_DIR = tmp_path / "boxes"
    settings.STORAGES = {
        **settings.STORAGES,
        "checkpoints": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "checkpoints"},
        },
    }


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Makes people with permissions of the app composers."""

    def make(name: str, *permissions: str, **fields: object) -> User:
        user = User.objects.create_user(name, password="secret", **fields)  # type: ignore[arg-type]
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return User.objects.get(pk=user.pk)

    return make


@pytest.fixture
def author(person: Callable[..., User]) -> User:
    return person("author", "upload_version", email="author@example.org")


@pytest.fixture
def manager(person: Callable[..., User]) -> User:
    return person("manager", "upload_version", "publish_version", "manage_composers")


@pytest.fixture
def few_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores take minutes; tests of evaluation measure them."""
    monkeypatch.setattr(claims, "BEAT_SECONDS", 600.0)  # another connection would wait for ours
    monkeypatch.setattr(scoring, "score_stages", lambda version: ["ATB"])
    monkeypatch.setattr(scoring, "score_summary", lambda version, rows: [])

    def score(version: object, stage: str, progress: work.Progress) -> list[dict[str, object]]:
        progress(1, 2)
        return [SCORE]

    monkeypatch.setattr(scoring, "score_stage", score)


@pytest.fixture
def checked(author: User, corpus: Corpus, tmp_path: Path) -> Upload:
    keep_works(corpus)
    upload = uploaded(author, checkpoint_bytes(tmp_path), name="Mine", licence="MIT")
    assert next_stage(upload.id)
    upload.refresh_from_db()
    return upload
