"""Where the file of a version lies. No page and no address serves these files."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from generator.atomic_write import atomic_write
from generator.families.checkpoint import CheckpointError, named_base
from generator.models import Version
from generator.registry import CHECKPOINTS
from generator.services.site_registry import site_registry

STORAGE = "checkpoints"


def checkpoint_path(version: Version) -> Path:
    """A path that a family can read.

    Shipped files are read where they lie; one that has become the base of a newer file has
    another name now. Others come from their storage; of a storage that is no folder of this
    machine, a copy is kept under the file's sha256.

    Raises
    ------
    RegistryError
        If its family is not installed, so that nobody knows where a shipped file lies.
    CheckpointError
        If the storage has no such file, or a shipped file is damaged.
    """
    if version.shipped:
        site_registry().entry(version.family)
        found = site_registry().find_shipped(version.composer.slug)
        path = (found[0].folder if found else CHECKPOINTS) / version.file
        base = named_base(path) if path.is_file() else None
        return base[0] if base and base[1] == version.sha256 else path
    storage = storages[STORAGE]
    try:
        return Path(storage.path(version.file))
    except NotImplementedError:  # how Django's storages say that they are no folder
        copy = Path(settings.CHECKPOINT_COPIES_DIR) / f"{version.sha256}.safetensors"
    if not copy.is_file():
        try:
            with storage.open(version.file) as file:
                content = bytes(file.read())
        except FileNotFoundError as error:
            raise CheckpointError(
                f"no {version.file!r} in the storage of checkpoints; restore it from a backup"
            ) from error
        copy.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(copy, content)
    return copy
