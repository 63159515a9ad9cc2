"""Clips in a profile that came into use after their pieces were made."""

from __future__ import annotations

import logging
from time import monotonic

from django.conf import settings

from generator.errors import GenerationError
from generator.models import Pair, Piece, Rendering
from generator.music.formats.gridjson import from_json
from generator.rendering.clip import check_rendering, fingerprint, render_clip
from generator.rendering.events import common_samples
from generator.services.rendered.clips import store_another
from generator.services.rendered.profiles_in_use import profiles_in_use

logger = logging.getLogger(__name__)

SECONDS = 5.0
# Pieces that cannot be rendered in a profile; they are tried again once a worker starts anew.
_refused: set[tuple[int, int]] = set()


def make_missing_clips(seconds: float = SECONDS) -> int:
    """Render pieces again that a study cannot play yet, for about so long; how many clips."""
    end, made = monotonic() + seconds, 0
    try:
        check_rendering(settings.SOUNDFONT)
    except GenerationError:
        return 0  # as `manage.py check` says
    for profile in profiles_in_use():
        waiting = Pair.objects.unrendered(profile).order_by("id").values_list("id", flat=True)
        for pair in list(waiting):
            if monotonic() > end:
                return made
            made += _render_both(pair, profile)
    return made


def _render_both(pair_id: int, profile: int) -> int:
    pair = Pair.objects.select_related("bach", "machine").get(id=pair_id)
    chorales = [from_json(piece.grid or {}) for piece in (pair.bach, pair.machine)]
    samples = common_samples(*chorales)
    clips = Rendering.objects.finished_clips(profile).filter(
        fingerprint=fingerprint(settings.SOUNDFONT, samples, profile)
    )
    made = 0
    for piece in (pair.bach, pair.machine):
        if not clips.filter(piece=piece).exists() and (piece.pk, profile) not in _refused:
            made += _render(piece, profile, samples)
    return made


def _render(piece: Piece, profile: int, samples: int | None) -> bool:
    chorale = from_json(piece.grid or {})
    try:
        clip = render_clip(chorale, soundfont=settings.SOUNDFONT, samples=samples, profile=profile)
    except GenerationError as error:
        logger.warning("%s has no clip in profile %d: %s", piece, profile, error)
        _refused.add((piece.pk, profile))
        return False
    return store_another(piece, clip)
