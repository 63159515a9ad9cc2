"""Masters of clips that were made before there were any."""

from __future__ import annotations

import logging
from hashlib import sha256
from time import monotonic

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from generator.errors import GenerationError
from generator.models import Piece, Rendering
from generator.music.formats.gridjson import from_json
from generator.rendering.clip import Clip, fingerprint, render_clip
from generator.rendering.events import SAMPLE_RATE
from generator.services.rendered.clips import drop_clip, finish_clip, new_row, save_file

logger = logging.getLogger(__name__)

SECONDS = 2.0


def make_missing_masters(seconds: float = SECONDS) -> int:
    """Render clips without a master again, for about so long; how many got one.

    A master is kept only if its MP3 has the bytes of the clip: then it is what that clip was made
    from. Otherwise (another synthesiser, font or processor) a row without a file says that there is
    none, and rounds are made from both MP3s of a pair.
    """
    end, made = monotonic() + seconds, 0
    try:
        renderable = _renderable()
    except GenerationError:
        return 0  # FluidSynth or the font is missing, as `manage.py check` says
    for row_id, samples in renderable:
        if monotonic() > end:
            break
        made += _make_master(Rendering.objects.select_related("piece").get(id=row_id), samples)
    return made


def _renderable() -> list[tuple[int, int | None]]:
    """Clips without a master that this machine renders in the same way, and a length asked for."""
    masters = Rendering.objects.filter(
        Q(file="") | Q(seconds__isnull=False),  # none can be made, or it is finished
        kind=Rendering.Kind.MASTER,
        piece=OuterRef("piece"),
        fingerprint=OuterRef("fingerprint"),
    )
    clips = Rendering.objects.finished_clips().exclude(sha256="").filter(~Exists(masters))
    rows = clips.filter(piece__status=Piece.Status.DONE).order_by("-id")
    lengths: dict[int, int | None] = {}
    columns = ("id", "fingerprint", "profile", "seconds")
    for row_id, made_by, profile, seconds in rows.values_list(*columns):
        for samples in (None, round((seconds or 0.0) * SAMPLE_RATE)):
            if fingerprint(settings.SOUNDFONT, samples, profile) == made_by:
                lengths[row_id] = samples
    return list(lengths.items())


def _make_master(row: Rendering, samples: int | None) -> bool:
    clip = _rendered_again(row, samples)
    tries = Rendering.objects.filter(
        kind=Rendering.Kind.MASTER, piece=row.piece, fingerprint=row.fingerprint
    )
    for each in tries.filter(seconds=None):
        drop_clip(each)
    try:
        with transaction.atomic():
            master = new_row(row.piece, row.fingerprint, row.profile, Rendering.Kind.MASTER)
    except IntegrityError:
        return False  # another worker makes it
    if clip is None:
        Rendering.objects.filter(id=master.pk).update(file="")
        return False
    try:
        save_file(master, clip.master)
        finish_clip([master], clip)
    except GenerationError:
        drop_clip(master)  # another worker took over
        return False
    return True


def _rendered_again(row: Rendering, samples: int | None) -> Clip | None:
    """The clip as it was, if it comes out the same."""
    try:
        chorale = from_json(row.piece.grid or {})
        clip = render_clip(
            chorale, soundfont=settings.SOUNDFONT, samples=samples, profile=row.profile
        )
    except (GenerationError, ValueError) as error:
        logger.warning("no master of piece %s: %s", row.piece_id, error)
        return None
    return clip if sha256(clip.mp3).hexdigest() == row.sha256 else None
