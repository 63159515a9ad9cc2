"""Clips that are missing or damaged on the disk: their pairs leave the pool, and the admin is told.

A player would be stuck with them, and the length of what is left would name a side.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from random import Random

from bachtest.game.models import Listener, Round
from bachtest.game.pool import draw
from bachtest.game.services import own_clips
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study
from generator.models import Pair
from generator.services.pairs import exclude_damaged
from generator.services.rendered.clip_files import (
    ClipFault,
    PairFiles,
    check_size,
    files_of,
    whole_content,
)

logger = logging.getLogger(__name__)


def draw_whole(
    study: Study, listener: Listener, slots: Sequence[list[str]], rng: Random
) -> list[Pair]:
    """Pairs for the slots, in order, whose files have the lengths that their rows say."""
    while True:
        ids = draw(study, listener, slots, rng)
        rows = Pair.objects.in_bulk(ids)
        files = files_of(rows.values(), study.rendering)
        damaged = [pair for pair in ids if not _is_whole(rows[pair], files[pair])]
        if not damaged:
            return [rows[pair] for pair in ids]


def is_whole(row: Round, files: PairFiles) -> bool:
    """Whether the clips of a round can be sent: its bytes are made already, or could be."""
    return own_clips.are_ready(row) or _is_whole(row.pair, files, by_content=True)


def _is_whole(pair: Pair, files: PairFiles, *, by_content: bool = False) -> bool:
    try:
        check(pair, files)
        if by_content:
            for row in files.sources.values():
                whole_content(row)
    except ClipFault as fault:
        exclude(fault)
        return False
    except OSError as error:
        raise unreadable(error) from error
    return True


def check(pair: Pair, files: PairFiles) -> None:
    """Raises `ClipFault` if a file is missing or has another length, or two sides differ in it."""
    for row in files.rows():
        check_size(row)
    if len({row.bytes for row in files.clips.values()}) > 1:
        raise ClipFault(files.clips[pair.machine_id], "is not as long as the other side's")


def exclude(fault: ClipFault) -> None:
    try:
        exclude_damaged(fault)
    except OSError as error:
        raise unreadable(error) from error


def unreadable(error: OSError) -> AppError:
    """All clips, or the disk: nothing is excluded for it, and the listener may try again."""
    logger.error("the clips cannot be read: %s", error)
    return AppError(
        "The clips cannot be read at the moment. Please try again in a minute.", "no_pairs", 503
    )
