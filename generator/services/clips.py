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
from django.db import transaction
from django.db.models import Q

from generator.errors import GenerationError
from generator.models import Piece, Rendering
from generator.rendering.clip import Clip
from generator.services.claims import ClaimLost, claimed


class TempClip(File):  # type: ignore[type-arg]  # of bytes
    """A finished file on disk: local storage moves it into place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def store_clip(piece: Piece, clip: Clip) -> Rendering:
    """Put a clip into storage, whole or not at all, under a random name.

    The row gets the name before the file exists, so that a worker that dies in between leaves no
    file that no row knows of. A row without a length is such a try; `finish_clip` completes it.
    """
    row = _row_for(piece, clip.fingerprint)
    _save_file(row, clip)
    return row


def store_beside(piece: Piece, other: Piece, clip: Clip) -> Rendering | None:
    """Put a clip of another piece into storage, for whoever claimed `piece`; None if it is there.

    Two workers may render the same clip of Bach's for two pieces: the one that began first then
    finds its row gone when it finishes, and tries again.
    """
    row = _row_beside(piece, other, clip.fingerprint)
    if row is not None:
        _save_file(row, clip)
    return row


def _save_file(row: Rendering, clip: Clip) -> None:
    settings.TEMP_CLIPS_DIR.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=settings.TEMP_CLIPS_DIR, delete=False) as file:
        path = Path(file.name)
        try:
            file.write(clip.mp3)
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
def _row_for(piece: Piece, fingerprint: str) -> Rendering:
    """A new row, in place of earlier tries and of a clip that was rendered in the same way."""
    if not claimed(piece).select_for_update().exists():
        raise ClaimLost
    earlier = piece.renderings.clips().filter(Q(seconds=None) | Q(fingerprint=fingerprint))
    for row in earlier:
        drop_clip(row)
    return _new_row(piece, fingerprint)


@transaction.atomic
def _row_beside(piece: Piece, other: Piece, fingerprint: str) -> Rendering | None:
    """A new row, in place of an earlier try; None if the clip is finished."""
    if not claimed(piece).select_for_update().exists():
        raise ClaimLost
    # Workers that want the same clip take turns.
    Piece.objects.select_for_update().get(id=other.pk)
    for row in other.renderings.clips().filter(fingerprint=fingerprint):
        if row.seconds is not None:
            return None
        drop_clip(row)
    return _new_row(other, fingerprint)


def _new_row(piece: Piece, fingerprint: str) -> Rendering:
    row = Rendering(piece=piece, fingerprint=fingerprint)
    row.file.name = row.file.field.generate_filename(row, f"{secrets.token_hex(16)}.mp3")
    row.save()
    return row


def finish_clip(row: Rendering, clip: Clip) -> None:
    """Complete the row of a stored clip.

    Raises
    ------
    GenerationError
        If another worker dropped it meanwhile.
    """
    finished = Rendering.objects.filter(id=row.pk).update(
        sha256=sha256(clip.mp3).hexdigest(),
        bytes=len(clip.mp3),
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
