"""A file from quarantine becomes a version that nobody plays yet."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction

from bachtest.composers.checking.check_checkpoint import SiteFault, check_checkpoint
from bachtest.composers.checking.claims import UploadClaimLost, claimed
from bachtest.composers.models import ComposerPage, Upload
from bachtest.composers.permissions import UPLOAD
from bachtest.composers.publishing import give_back
from bachtest.composers.steps import OF, advance
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.announcing import UploadRefused, check_right
from bachtest.composers.uploading.withdrawing import delete_file
from generator.collecting.collection_files import open_collection
from generator.collecting.drafts import WORKS_FILE, music_names
from generator.collecting.importing import CollectionOrder
from generator.errors import GeneratorError
from generator.models import Composer, Version
from generator.music.formats.format_errors import FormatError
from generator.services.checkpoint_files import STORAGE
from generator.tasks import collect

MUSIC = (".mid", ".midi", ".musicxml", ".xml", ".mxl")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Of every file in a ZIP of ours: the same files give the same bytes."""


class NotAccepted(GeneratorError):
    """What was uploaded cannot become a version, for a reason that its uploader can read."""


def accept(upload: Upload) -> None:
    """Check a file; it becomes a version, or an error says why it is refused.

    Raises
    ------
    GeneratorError
    UploadClaimLost
    """
    path = quarantine.path_of(upload.id)
    _check_unchanged(upload, path)
    _check_owner(upload)
    if upload.kind == Upload.Kind.COLLECTION:
        _accept_collection(upload, path)
    else:
        _accept_checkpoint(upload, path)
    delete_file(upload)


def _check_unchanged(upload: Upload, path: Path) -> None:
    if upload.file_deleted or path.is_symlink() or not path.is_file():
        raise NotAccepted("the file is no longer in quarantine; upload it again")
    if quarantine.sha256_of(upload.id) != upload.sha256:
        raise NotAccepted("the file changed after it was uploaded; upload it again")


def _check_owner(upload: Upload) -> None:
    """The rights of whoever uploaded it may have changed meanwhile."""
    if upload.owner is None or not upload.owner.is_active:
        raise NotAccepted("whoever uploaded it has no account any more")
    if not upload.owner.has_perm(UPLOAD):
        raise NotAccepted("whoever uploaded it may no longer upload")
    try:
        check_right(upload.owner, upload.slug, upload.kind)
    except UploadRefused as error:
        raise NotAccepted(error.message) from error


def _accept_checkpoint(upload: Upload, path: Path) -> None:
    checked = check_checkpoint(path)
    name = _stored(upload, path)
    fields: dict[str, Any] = checked.fields | {
        "kind": Version.Kind.CHECKPOINT,
        "shipped": False,
        "file": name,
        "licence": upload.licence,
        "status": Version.Status.CHECKING,
    }
    with transaction.atomic():
        composer = _composer(upload, Composer.Kind.CHECKPOINT)
        if known := composer.versions.filter(sha256=upload.sha256).first():
            _check_free(upload, known)
        version, _ = Version.objects.update_or_create(
            composer=composer, sha256=upload.sha256, defaults=fields
        )
        _hold(upload, version, checked.report)


def _accept_collection(upload: Upload, path: Path) -> None:
    order = CollectionOrder(
        slug=upload.slug,
        path=path,
        name=upload.name,
        licence=upload.licence,
        trained_on=upload.trained_on,
        published=False,
    )
    imported = collect(order, lambda: _begin_rows(upload))
    _check_free(upload, imported.version)
    report = {"files": [str(file) for file in imported.files]}
    try:
        name = _packed_anew(path)
        with transaction.atomic():
            version = Version.objects.select_for_update().get(id=imported.version.pk)
            _check_free(upload, version)
            version.file, version.licence = name, upload.licence
            version.status = Version.Status.CHECKING
            version.save(update_fields=["file", "licence", "status"])
            _hold(upload, version, report)
    except UploadClaimLost:
        if not imported.version.uploads.exists():  # it was withdrawn while its files were read
            give_back(imported.version)
        raise


def _begin_rows(upload: Upload) -> None:
    if not claimed(upload).exists():
        raise UploadClaimLost
    _composer(upload, Composer.Kind.COLLECTION)


def _packed_anew(path: Path) -> str:
    """A ZIP of what was read and nothing else, in the storage under its own sha256."""
    with TemporaryFile() as packed:
        with open_collection(path) as files, ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            kept = [name for name in files.names if name == WORKS_FILE]
            kept += [name for name in music_names(files) if name.lower().endswith(MUSIC)]
            for name in kept:
                with suppress(FormatError):  # its line in the report says what is wrong
                    archive.writestr(ZipInfo(name, EPOCH), files.read(name), ZIP_DEFLATED)
        packed.seek(0)
        name = f"{hashlib.file_digest(packed, 'sha256').hexdigest()}.zip"
        packed.seek(0)
        if not storages[STORAGE].exists(name):
            storages[STORAGE].save(name, File(packed))
    return name


def _check_free(upload: Upload, version: Version) -> None:
    """A version that was refused, or that a dead worker left, may come in again."""
    open_statuses = (Version.Status.CHECKING, Version.Status.FAILED)
    others = version.uploads.exclude(id=upload.id).exclude(status=OF.REFUSED)
    if version.status not in open_statuses or others.exists():
        raise NotAccepted(
            f"this file is version {version.tag} of {upload.slug!r} already; nothing to do"
        )


def _hold(upload: Upload, version: Version, report: dict[str, Any]) -> None:
    """In the transaction that makes the version: it belongs to the upload from then on."""
    if not claimed(upload).update(version=version, report=report):
        raise UploadClaimLost
    if not advance(upload, [OF.QUARANTINED], OF.CHECKED):
        raise UploadClaimLost


def _stored(upload: Upload, path: Path) -> str:
    """The name of the file in the storage of versions, where only its own bytes may lie."""
    name = f"{upload.sha256}.safetensors"
    if not storages[STORAGE].exists(name):
        with path.open("rb") as file:
            stored = storages[STORAGE].save(name, File(file))
        if stored != name:  # another worker was quicker
            storages[STORAGE].delete(stored)
    with storages[STORAGE].open(name) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != upload.sha256:
            raise SiteFault(f"{name} in the storage of versions is another file; restore it")
    return name


def _composer(upload: Upload, kind: str) -> Composer:
    composer, is_new = Composer.objects.get_or_create(
        slug=upload.slug, defaults={"name": upload.name or upload.slug, "kind": kind}
    )
    if is_new:
        ComposerPage.objects.create(composer=composer, owner=upload.owner)
    else:  # somebody else may have taken the name meanwhile
        _check_owner(upload)
    return composer
