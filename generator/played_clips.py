"""Which of its renderings a pair plays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.models import Rendering


def played_clips(clips: Iterable[Rendering], *, newest_of: int) -> dict[int, Rendering]:
    """By piece: the clips of a pair that were rendered in the same way, the newest of this piece.

    An old pair without such a way keeps the newest clip of each piece. The clips come by id.
    """
    by_fingerprint: dict[str, dict[int, Rendering]] = {}
    newest: dict[int, Rendering] = {}
    for row in clips:
        by_fingerprint.setdefault(row.fingerprint, {})[row.piece_id] = row
        newest[row.piece_id] = row
    common = [both for both in by_fingerprint.values() if len(both) == 2]
    return max(common, key=lambda both: both[newest_of].pk, default=newest)
