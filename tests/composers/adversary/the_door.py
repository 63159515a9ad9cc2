"""The way of every upload: announced, received, looked at, and checked by a worker."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.storage import storages

from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import ComposerPage, Upload, VersionScores
from bachtest.composers.uploading.announcing import announce, announced
from bachtest.composers.uploading.receiving import receive
from generator.models import Composer, Piece, Rendering, Version
from generator.services.checkpoint_files import STORAGE

ENDINGS = {"checkpoint": "safetensors", "collection": "zip"}


def person(name: str, *permissions: str, **fields: Any) -> User:
    user = User.objects.create_user(name, password="secret", **fields)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return User.objects.get(pk=user.pk)  # without remembered permissions


def announce_file(user: User, length: int, kind: str = "checkpoint", **fields: str) -> Upload:
    known = {"kind": kind, "slug": "hostile", "filename": f"hostile.{ENDINGS[kind]}"}
    return announce(user, announced(known | fields, length))


def send(user: User, data: bytes, kind: str = "checkpoint", **fields: str) -> Upload:
    """A file that has arrived and was looked at."""
    upload = announce_file(user, len(data), kind, **fields)
    receive(upload, 0, io.BytesIO(data))
    upload.refresh_from_db()
    return upload


def work(upload: Upload) -> Upload:
    """One stage of a worker, the checks; the scores of what is sound take long."""
    next_stage(upload.id)
    upload.refresh_from_db()
    return upload


def children() -> set[int]:
    """Processes that this one has started and that are still there."""
    found = Path("/proc/self/task").glob("*/children")
    return {int(pid) for each in found for pid in each.read_text().split()}


def rows() -> dict[str, int]:
    models = (Version, Composer, ComposerPage, VersionScores, Piece, Rendering)
    return {model.__name__: model.objects.count() for model in models}


def files() -> dict[str, set[str]]:
    """What lies where uploads could leave something."""
    checkpoints = Path(storages[STORAGE].location)
    places = {"checkpoints": checkpoints, "media": Path(settings.MEDIA_ROOT)}
    places |= {"boxes": Path(settings.BOXES_DIR), "temporary": Path(tempfile.gettempdir())}
    return {name: names_in(path) for name, path in places.items()}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """At the end there is one more upload with its file, which the rules keep, and nothing else."""
    uploads = Upload.objects.count()
    before = rows(), files(), children()
    yield
    assert (rows(), files(), children()) == before
    kept = {f"{each.id.hex}.part" for each in Upload.objects.filter(file_deleted=False)}
    assert names_in(Path(settings.QUARANTINE_DIR)) == kept
    assert Upload.objects.count() == uploads + 1
