"""What should never be so. Cheap checks run with each dashboard; the thorough one is a button."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from time import monotonic

from django.core.files.storage import storages
from django.db.models import Exists, Max, OuterRef, QuerySet

from bachtest.dashboard.panels.item_cells import ItemCells
from bachtest.dashboard.panels.running_studies import RunningStudy
from generator.models import Pair, Piece, Rendering, Version
from generator.services.pairs import DAMAGED

SAMPLE = 20
BATCH = 200
THOROUGH_SECONDS = 20.0
random = SystemRandom()


def study_alarms(studies: Sequence[RunningStudy], cells: ItemCells) -> Iterator[str]:
    """Of what is open: versions that may not be played, and rounds that cannot be."""
    for running in studies:
        versions = [row.version for row in running.played]
        for version in versions:
            if version.status != Version.Status.READY:
                words = version.get_status_display()
                yield f"Study {running.study.slug} plays {version}, which is {words}"
        if missing := cells.missing(running.study, {version.pk for version in versions}):
            yield f"Study {running.study.slug} has no pair to play for {', '.join(missing)}"


def file_alarms() -> Iterator[str]:
    """Of files: a few clips at random, the checkpoints, and rows that say none is there."""
    without = Piece.objects.filter(
        ~Exists(Rendering.objects.clips().filter(piece=OuterRef("pk"))), status=Piece.Status.DONE
    )
    if count := without.count():
        yield f"{count} pieces are done and have no clip"
    if count := Rendering.objects.clips().filter(sha256="").count():
        yield f"{count} clips had no file when they were last looked for"
    damaged = Pair.objects.filter(excluded_reason__startswith=DAMAGED).order_by("-id")
    if reason := damaged.values_list("excluded_reason", flat=True).first():
        what = reason.removeprefix(DAMAGED)
        yield f"{damaged.count()} pairs are excluded for damaged files, such as: {what}"
    for clip in _some(Rendering.objects.clips().exclude(sha256="")):
        if fault := _size_fault(clip):
            yield fault
    yield from _checkpoint_alarms()


def _checkpoint_alarms() -> Iterator[str]:
    ready = Version.objects.ready().filter(shipped=False, kind=Version.Kind.CHECKPOINT)
    for version in ready.exclude(file="").select_related("composer"):
        if not storages["checkpoints"].exists(version.file):
            yield f"The file of version {version} is missing: {version.file}"


def _some(clips: QuerySet[Rendering]) -> list[Rendering]:
    """As many as SAMPLE from a place at random, and fewer near the end."""
    last = clips.aggregate(last=Max("id"))["last"] or 0
    return list(
        clips.filter(id__gte=random.randint(0, max(0, last - SAMPLE))).order_by("id")[:SAMPLE]
    )


def _size_fault(clip: Rendering) -> str:
    try:
        size = clip.file.size
    except FileNotFoundError:
        return f"The clip of piece {clip.piece_id} is missing: {clip.file.name}"
    if size != clip.bytes:
        return f"The clip of piece {clip.piece_id} has {size} bytes; its row says {clip.bytes}"
    return ""


@dataclass
class ThoroughCheck:
    checked: int = 0
    total: int = 0
    faults: list[str] = field(default_factory=list)


def compare_clips(seconds: float = THOROUGH_SECONDS) -> ThoroughCheck:
    """Read clips and compare their sha256 with their rows, from a place at random, for so long."""
    clips = Rendering.objects.clips().exclude(sha256="").order_by("id")
    ids = list(clips.values_list("id", flat=True))
    start = random.randrange(len(ids)) if ids else 0
    check, end = ThoroughCheck(total=len(ids)), monotonic() + seconds
    for clip in _in_batches([*ids[start:], *ids[:start]]):
        if monotonic() > end:
            break
        check.checked += 1
        if fault := _size_fault(clip) or _sha256_fault(clip):
            check.faults.append(fault)
    return check


def _in_batches(ids: Sequence[int]) -> Iterable[Rendering]:
    for at in range(0, len(ids), BATCH):
        yield from Rendering.objects.filter(id__in=ids[at : at + BATCH])


def _sha256_fault(clip: Rendering) -> str:
    with clip.file.open() as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    if sha256 == clip.sha256:
        return ""
    return f"The clip of piece {clip.piece_id} has other bytes than its row says: {clip.file.name}"
