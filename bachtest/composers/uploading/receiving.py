"""Bytes arrive; when all are there, the file gets its first look, which opens nothing."""

from __future__ import annotations

from bachtest.composers.models import Upload
from bachtest.composers.steps import OF, advance, refuse
from bachtest.composers.tasks import ask_for_check
from bachtest.composers.uploading import quarantine
from generator.collecting.collection_files import open_collection
from generator.errors import GeneratorError
from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_json import HeaderError
from generator.families.checkpoint_metadata import checked_metadata
from generator.services.site_registry import site_registry


def receive(upload: Upload, offset: int, stream: quarantine.ByteStream) -> int:
    """Add bytes to an upload; how many it has then. With the last one it is looked at."""
    size = quarantine.append(upload.id, offset, stream, upload.length)
    if size == upload.length:
        complete(upload)
    return size


def complete(upload: Upload) -> None:
    """Everything has arrived: look at the file, and ask a worker to check it, or refuse it."""
    digest = quarantine.sha256_of(upload.id)
    Upload.objects.filter(id=upload.id, status=OF.RECEIVING).update(sha256=digest)
    if not advance(upload, [OF.RECEIVING], OF.QUARANTINED):
        return
    if reason := first_look(upload):
        refuse(upload, reason)
    else:
        ask_for_check(upload)


def first_look(upload: Upload) -> str:
    """Why a file is refused at once; empty if it may be checked further.

    The standard library alone reads a checkpoint here, and of a ZIP nothing but its directory.
    """
    path = quarantine.path_of(upload.id)
    try:
        if upload.kind == Upload.Kind.COLLECTION:
            with open_collection(path):
                return ""
        with quarantine.open_file(upload.id) as file:
            header = read_header(file)
        checked_metadata(header.metadata, site_registry().families)
    except (HeaderError, GeneratorError) as error:
        return str(error).replace(path.name, upload.filename or "the file")
    return ""


def complete_forgotten() -> int:
    """Look at files whose last byte arrived just before a web process died; how many."""
    waiting = Upload.objects.filter(status=OF.RECEIVING)
    whole = [each for each in waiting if quarantine.size_of(each.id) == each.length]
    for upload in whole:
        complete(upload)
    return len(whole)
