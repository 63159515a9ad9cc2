from __future__ import annotations

import secrets
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Q

from generator.errors import GenerationError
from generator.models import Piece, Rendering
from generator.rendering.clip import Clip
from generator.services.claims import ClaimLost, claimed

# What is kept of a clip: the folder and the ending of each file.
STORED = {Rendering.Kind.CLIP: ("clips", "mp3"), Rendering.Kind.MASTER: ("masters", "flac")}


class TempClip(File):  # type: ignore[type-arg]  # of bytes
    """A finished file on disk: local storage moves it into place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def store_clip(piece: Piece, clip: Clip) -> list[Rendering]:
    """Put a clip and its master into storage, whole or not at all, under random names.

    The rows get the names before the files exist, so that a worker that dies in between leaves no
    file that no row knows of. A row without a length is such a try; `finish_clip` completes it.
    """
    return _save_files(_rows_for(piece, clip), clip)


def store_beside(piece: Piece, other: Piece, clip: Clip) -> list[Rendering]:
    """Put a clip of another piece into storage, for whoever claimed `piece`; none if it is there.

    Two workers may render the same clip of Bach's for two pieces: the one that began first then
    finds its rows gone when it finishes, and tries again.
    """
    return _save_files(_rows_beside(piece, other, clip), clip)


def store_another(piece: Piece, clip: Clip) -> bool:
    """Give a finished piece a clip that it lacks; whether this worker did."""
    tries = piece.renderings.filter(kind__in=STORED, fingerprint=clip.fingerprint)
    for row in tries.filter(seconds=None):
        drop_clip(row)
    try:
        with transaction.atomic():
            rows = _new_rows(piece, clip)
    except IntegrityError:
        return False  # another worker was first
    try:
        finish_clip(_save_files(rows, clip), clip)
    except GenerationError:
        for row in rows:
            drop_clip(row)  # another worker took over
        return False
    return True


def _save_files(rows: list[Rendering], clip: Clip) -> list[Rendering]:
    for row in rows:
        save_file(row, _content(row, clip))
    return rows


def _content(row: Rendering, clip: Clip) -> bytes:
    return clip.master if row.kind == Rendering.Kind.MASTER else clip.mp3


def save_file(row: Rendering, content: bytes) -> None:
    """Whole, under the name that the row has."""
    settings.TEMP_CLIPS_DIR.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=settings.TEMP_CLIPS_DIR, delete=False) as file:
        path = Path(file.name)
        try:
            file.write(content)
            file.flush()
            row.file.storage.save(row.file.name, TempClip(file, file.name))
        except OSError:
            # A storage on another disk may have copied a part.
            with suppress(OSError):
                default_storage.delete(str(row.file.name))
            raise
        finally:
            path.unlink(missing_ok=True)


@transaction.atomic
def _rows_for(piece: Piece, clip: Clip) -> list[Rendering]:
    """New rows, in place of earlier tries and of a clip that was rendered in the same way."""
    if not claimed(piece).select_for_update().exists():
        raise ClaimLost
    earlier = piece.renderings.filter(kind__in=STORED, profile=clip.profile)
    for row in earlier.filter(Q(seconds=None) | Q(fingerprint=clip.fingerprint)):
        drop_clip(row)
    return _new_rows(piece, clip)


@transaction.atomic
def _rows_beside(piece: Piece, other: Piece, clip: Clip) -> list[Rendering]:
    """New rows, in place of an earlier try; none if the clip is finished."""
    if not claimed(piece).select_for_update().exists():
        raise ClaimLost
    # Workers that want the same clip take turns.
    Piece.objects.select_for_update().get(id=other.pk)
    earlier = other.renderings.filter(kind__in=STORED, fingerprint=clip.fingerprint)
    if earlier.finished_clips().exists():
        return []
    for row in earlier:
        drop_clip(row)
    return _new_rows(other, clip)


def _new_rows(piece: Piece, clip: Clip) -> list[Rendering]:
    return [new_row(piece, clip.fingerprint, clip.profile, kind) for kind in STORED]


def new_row(piece: Piece, fingerprint: str, profile: int, kind: Rendering.Kind) -> Rendering:
    """A row without a length, with the name that its file will have."""
    row = Rendering(piece=piece, fingerprint=fingerprint, profile=profile, kind=kind)
    folder, ending = STORED[kind]
    row.file.name = default_storage.generate_filename(f"{folder}/{secrets.token_hex(16)}.{ending}")
    row.save()
    return row


@transaction.atomic
def finish_clip(rows: list[Rendering], clip: Clip) -> None:
    """Complete the rows of a stored clip.

    Raises
    ------
    GenerationError
        If another worker dropped one meanwhile.
    """
    for row in rows:
        content = _content(row, clip)
        finished = Rendering.objects.filter(id=row.pk).update(
            sha256=sha256(content).hexdigest(),
            bytes=len(content),
            seconds=clip.seconds,
            loudness=clip.loudness,
        )
        if not finished:
            raise GenerationError("another worker dropped the clip before it was finished")


def drop_clip(row: Rendering) -> None:
    """Delete the file and its row, if another worker has not done so."""
    if row.file.name:
        default_storage.delete(row.file.name)
    Rendering.objects.filter(id=row.id).delete()


def delete_stale_temp_files() -> None:
    """Delete what dead workers had begun to write."""
    if not settings.TEMP_CLIPS_DIR.is_dir():
        return
    for path in settings.TEMP_CLIPS_DIR.iterdir():
        with suppress(FileNotFoundError):  # another worker deletes too
            if path.stat().st_mtime < time.time() - settings.LEASE_SECONDS:
                path.unlink()
