from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File

from generator.models import Piece
from generator.services.claims import ClaimLost, claimed


class TempClip(File):  # type: ignore[type-arg]  # of bytes
    """A finished file on disk: local storage moves it into place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def store_clip(piece: Piece, mp3: bytes) -> str:
    """Put a clip into storage, whole or not at all, under a random name.

    The row gets the name before the file exists, so that a worker that dies in between leaves no
    file that no row knows of.
    """
    if piece.clip.name:
        piece.clip.storage.delete(piece.clip.name)
    name = piece.clip.field.generate_filename(piece, f"{secrets.token_hex(16)}.mp3")
    if not claimed(piece).update(clip=name):
        raise ClaimLost
    settings.TEMP_CLIPS_DIR.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=settings.TEMP_CLIPS_DIR, delete=False) as file:
        path = Path(file.name)
        try:
            file.write(mp3)
            file.flush()
            return str(piece.clip.storage.save(name, TempClip(file, file.name)))
        except OSError:
            # A storage on another disk may have copied a part.
            with suppress(OSError):
                piece.clip.storage.delete(name)
            raise
        finally:
            path.unlink(missing_ok=True)


def delete_stale_temp_files() -> None:
    """Delete what dead workers had begun to write."""
    if not settings.TEMP_CLIPS_DIR.is_dir():
        return
    for path in settings.TEMP_CLIPS_DIR.iterdir():
        with suppress(FileNotFoundError):  # another worker deletes too
            if path.stat().st_mtime < time.time() - settings.LEASE_SECONDS:
                path.unlink()
