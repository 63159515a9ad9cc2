"""Bytes by key in a folder, for a while. What is torn or gone was simply never kept."""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import suppress
from pathlib import Path

DIGEST_BYTES = 32
TIDY_SECONDS = 60.0


class ShortLivedFiles:
    """Several processes may share the folder.

    Files are not forced to the disk, so that keeping one takes no time: each begins with the digest
    of the rest, and after a power cut a torn one is not believed.
    """

    def __init__(self, folder: Path, *, seconds: float, max_bytes: int) -> None:
        self.folder, self.seconds, self.max_bytes = folder, seconds, max_bytes
        self._tidied = 0.0

    def has(self, key: str) -> bool:
        try:
            return self._path(key).is_file()
        except OSError:
            return False

    def read(self, key: str) -> bytes | None:
        try:
            kept = self._path(key).read_bytes()
        except OSError:
            return None
        digest, content = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
        return content if hashlib.sha256(content).digest() == digest else None

    def keep(self, key: str, content: bytes) -> None:
        """Raises `OSError` if there is no room."""
        self.tidy()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        temporary = path.with_suffix(f".{secrets.token_hex(8)}")
        try:
            temporary.write_bytes(hashlib.sha256(content).digest() + content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def drop(self, key: str) -> None:
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Delete what is too old, and the oldest of what is too much; once a minute at most."""
        if time.monotonic() < self._tidied:
            return
        self._tidied = time.monotonic() + TIDY_SECONDS
        newest_first = sorted(self._stats(), reverse=True)
        total = 0
        for changed, size, path in newest_first:
            total += size
            if total > self.max_bytes or changed < time.time() - self.seconds:
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _stats(self) -> list[tuple[float, int, Path]]:
        found = []
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                with suppress(OSError):  # another process tidies too
                    stat = path.stat()
                    found.append((stat.st_mtime, stat.st_size, path))
        return found

    def _path(self, key: str) -> Path:
        # A key may be a secret; the name of a file is seen by whoever lists the folder.
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.kept"
