from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from pytest_django import Settings

from generator.families.checkpoint import CheckpointError, sha256_of
from generator.models import Version
from generator.services.checkpoint_files import checkpoint_path
from generator.services.composers import version_source
from tests.builders import make_composer, make_version, save_miniature

pytestmark = pytest.mark.django_db
FOLDER = "django.core.files.storage.FileSystemStorage"
ELSEWHERE = "tests.generator.services.test_checkpoint_files.Elsewhere"


class Elsewhere(Storage):
    """Of another machine: its files have no path here."""

    def __init__(self, location: Path) -> None:
        self.files: dict[str, bytes] = {}

    def _open(self, name: str, mode: str) -> ContentFile:
        if name not in self.files:
            raise FileNotFoundError(name)
        return ContentFile(self.files[name])

    def _save(self, name: str, content: File) -> str:
        self.files[name] = content.read()
        return name

    def exists(self, name: str) -> bool:
        return name in self.files

    def delete(self, name: str) -> None:
        del self.files[name]


@pytest.fixture
def stored(settings: Settings, tmp_path: Path):
    """A version whose file lies in a storage of this kind."""

    def version_in(backend: str) -> Version:
        options = {"location": tmp_path / "checkpoints"}
        settings.STORAGES = settings.STORAGES | {
            "checkpoints": {"BACKEND": backend, "OPTIONS": options}
        }
        settings.CHECKPOINT_COPIES_DIR = tmp_path / "copies"
        path = save_miniature(tmp_path / "mini.safetensors")
        with path.open("rb") as file:
            name = storages["checkpoints"].save("mini.safetensors", file)
        return make_version(make_composer("other"), file=name, sha256=sha256_of(path))

    return version_in


def test_a_file_in_a_folder_is_read_where_it_lies(stored, tmp_path):
    version = stored(FOLDER)
    assert checkpoint_path(version) == tmp_path / "checkpoints" / "mini.safetensors"
    assert version_source(version).members


def test_a_file_elsewhere_is_copied_once(stored, tmp_path):
    version = stored(ELSEWHERE)
    path = checkpoint_path(version)
    assert path == tmp_path / "copies" / f"{version.sha256}.safetensors"
    assert version_source(version).members
    storages["checkpoints"].delete(version.file)
    assert checkpoint_path(version) == path


def test_a_file_that_is_gone_is_named(stored):
    version = stored(ELSEWHERE)
    storages["checkpoints"].delete(version.file)
    with pytest.raises(CheckpointError, match=r"no 'mini\.safetensors' in the storage"):
        checkpoint_path(version)
