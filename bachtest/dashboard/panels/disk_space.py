"""What lies on the site's disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Sum

from generator.models import Rendering

LOW_BYTES = 2 * 10**9
LOW_SHARE = 0.05


@dataclass(frozen=True)
class DiskSpace:
    folder: Path
    total: int
    used: int
    free: int
    clips: int
    quarantine: int

    @property
    def alarm(self) -> str:
        if self.free > LOW_BYTES and self.free > LOW_SHARE * self.total:
            return ""
        return f"The disk of {self.folder} is nearly full: workers wait until there is room"


def disk_space() -> DiskSpace:
    usage = shutil.disk_usage(settings.VAR_DIR)
    clips = Rendering.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
    return DiskSpace(
        settings.VAR_DIR, usage.total, usage.used, usage.free, clips, _size(quarantine_folder())
    )


def quarantine_folder() -> Path:
    return Path(settings.QUARANTINE_DIR)


def _size(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # it left quarantine meanwhile
    return size
