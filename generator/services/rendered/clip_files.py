"""The files of a pair, and whether they are whole: each has the bytes that its row says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from generator.models import Pair, Rendering
from generator.played_clips import played_clips, sources

LOOKS = 5


@dataclass(frozen=True)
class PairFiles:
    """By piece: the clips that a pair plays, and what the bytes of its rounds are made from."""

    clips: dict[int, Rendering]
    sources: dict[int, Rendering]

    def rows(self) -> list[Rendering]:
        return list(
            {row.pk: row for row in (*self.clips.values(), *self.sources.values())}.values()
        )


def files_of(pairs: Iterable[Pair], profile: int) -> dict[int, PairFiles]:
    """What each pair plays in a study of this profile, in one query."""
    pairs = list(pairs)
    pieces = {piece for pair in pairs for piece in (pair.bach_id, pair.machine_id)}
    kept = Rendering.objects.exclude(kind=Rendering.Kind.STEM).filter(
        piece__in=pieces, profile=profile, seconds__isnull=False
    )
    by_piece: dict[int, list[Rendering]] = {}
    for row in kept:
        by_piece.setdefault(row.piece_id, []).append(row)
    return {pair.pk: _files_of(pair, by_piece) for pair in pairs}


def _files_of(pair: Pair, by_piece: dict[int, list[Rendering]]) -> PairFiles:
    rows = by_piece.get(pair.bach_id, []) + by_piece.get(pair.machine_id, [])
    clips = [row for row in rows if row.kind == Rendering.Kind.CLIP]
    masters = [row for row in rows if row.kind == Rendering.Kind.MASTER]
    played = played_clips(clips, newest_of=pair.machine_id)
    return PairFiles(played, sources(played, masters))


class ClipFault(Exception):
    """A clip cannot be played, and why, in words."""

    def __init__(self, row: Rendering, why: str, *, is_gone: bool = False) -> None:
        super().__init__(f"the {row.kind} of piece {row.piece_id} {why}")
        self.row = row
        self.is_gone = is_gone


class StorageGoneError(OSError):
    """No clip at all is where it should be: an outage, and no fault of one of them."""


def check_size(row: Rendering) -> None:
    """A look that costs no reading.

    Raises
    ------
    ClipFault
        If the file is missing, or longer or shorter than its row says.
    OSError
        If the storage cannot be asked.
    """
    if not row.file.name or not row.sha256:
        raise ClipFault(row, "is missing", is_gone=True)
    try:
        size = row.file.size
    except FileNotFoundError:
        raise ClipFault(row, "is missing", is_gone=True) from None
    if size != row.bytes:
        raise ClipFault(row, f"has {size} bytes; its row says {row.bytes}")


def whole_content(row: Rendering) -> bytes:
    """The bytes of a clip, which have the sha256 of its row; raises as `check_size` does."""
    check_size(row)
    # Not row.file.open(), which would keep it open in a row that several threads share.
    with row.file.storage.open(str(row.file.name)) as file:
        content = bytes(file.read())
    if sha256(content).hexdigest() != row.sha256:
        raise ClipFault(row, "has other bytes than its row says")
    return content


def check_storage(fault: ClipFault) -> None:
    """Whether a missing clip is the only one: some others are looked for.

    Raises
    ------
    StorageGoneError
        If they are all missing, such as while a disk is not mounted.
    """
    if not fault.is_gone:
        return
    others = Rendering.objects.exclude(piece=fault.row.piece_id).exclude(sha256="")
    rows = list(others.order_by("?")[:LOOKS])
    if rows and not any(row.file.storage.exists(str(row.file.name)) for row in rows):
        raise StorageGoneError("no clip is where it should be; is the storage there?")
