"""Which of its renderings a pair plays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from generator.models import Rendering


class RenderedClip(Protocol):
    """A rendering, or what was read of one."""

    @property
    def pk(self) -> int: ...
    @property
    def piece_id(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...


AnyClip = TypeVar("AnyClip", bound=RenderedClip)


def played_clips(clips: Iterable[AnyClip], *, newest_of: int) -> dict[int, AnyClip]:
    """By piece: the clips of a pair that were rendered in the same way, the newest of this piece.

    An old pair without such a way keeps the newest clip of each piece.
    """
    by_fingerprint: dict[str, dict[int, AnyClip]] = {}
    newest: dict[int, AnyClip] = {}
    for row in sorted(clips, key=lambda row: row.pk):
        by_fingerprint.setdefault(row.fingerprint, {})[row.piece_id] = row
        newest[row.piece_id] = row
    common = [both for both in by_fingerprint.values() if len(both) == 2]
    return max(common, key=lambda both: both[newest_of].pk, default=newest)


def sources(played: dict[int, Rendering], masters: Iterable[Rendering]) -> dict[int, Rendering]:
    """By piece: what the bytes of a round are made from, of the same kind for all its clips.

    Masters if each clip has one, otherwise the clips themselves: an MP3 that was encoded twice
    would name its side beside one that was encoded once.
    """
    made = {(row.piece_id, row.fingerprint): row for row in masters if row.sha256}
    keys = {piece: (piece, clip.fingerprint) for piece, clip in played.items()}
    if all(key in made for key in keys.values()):
        return {piece: made[key] for piece, key in keys.items()}
    return played
