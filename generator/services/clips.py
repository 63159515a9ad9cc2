from __future__ import annotations

import secrets
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File

from generator.models import Piece
from generator.services.claims import ClaimLost, held


class Part(File):  # type: ignore[type-arg]  # of bytes
    """A whole file on disk: local storage moves it into place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def store_clip(piece: Piece, mp3: bytes) -> str:
    """Put a clip into storage, whole or not at all, under a name that tells nothing.

    The name is in the row before the file is, so that a worker that dies in between leaves
    nothing that nobody knows of.
    """
    if piece.clip.name:
        piece.clip.storage.delete(piece.clip.name)
    name = piece.clip.field.generate_filename(piece, f"{secrets.token_hex(16)}.mp3")
    if not held(piece).update(clip=name):
        raise ClaimLost
    settings.PARTS_DIR.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=settings.PARTS_DIR, delete=False) as file:
        path = Path(file.name)
        try:
            file.write(mp3)
            file.flush()
            return str(piece.clip.storage.save(name, Part(file, file.name)))
        finally:
            path.unlink(missing_ok=True)


def sweep_parts() -> None:
    """Remove what workers that died had begun to write."""
    if not settings.PARTS_DIR.is_dir():
        return
    for part in settings.PARTS_DIR.iterdir():
        with suppress(FileNotFoundError):  # another worker sweeps too
            if part.stat().st_mtime < time.time() - settings.LEASE_SECONDS:
                part.unlink()
