"""Samples as sound: a piece, the run that it shares with a work, and that run in the work."""

from __future__ import annotations

import logging
from hashlib import sha256

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bachtest.composers.models import Sample
from bachtest.composers.page.access import visible_composer, visible_versions
from bachtest.composers.page.heard_samples import may_be_heard, newest_clip
from bachtest.lib.byte_ranges import ranged_response

logger = logging.getLogger(__name__)


@require_safe
def piece_clip(request: HttpRequest, slug: str, sample_id: int) -> HttpResponse:
    clip = newest_clip(_visible_sample(request, slug, sample_id).piece)
    return _sound(request, clip.file if clip else None)


@require_safe
def run_clip(request: HttpRequest, slug: str, sample_id: int) -> HttpResponse:
    return _sound(request, _visible_sample(request, slug, sample_id).run_clip)


@require_safe
def work_clip(request: HttpRequest, slug: str, sample_id: int) -> HttpResponse:
    return _sound(request, _visible_sample(request, slug, sample_id).work_clip)


def _visible_sample(request: HttpRequest, slug: str, sample_id: int) -> Sample:
    """Whoever may see the version may hear it, as far as rule 13 allows anybody to."""
    versions = visible_versions(request.user, visible_composer(request.user, slug))
    rows = Sample.objects.select_related("version", "piece__excerpt__work")
    sample = rows.filter(id=sample_id, version__in=versions).first()
    if sample is None or not may_be_heard(sample):
        raise Http404
    return sample


def _sound(request: HttpRequest, stored: FieldFile | None) -> HttpResponse:
    if not stored:
        raise Http404
    try:
        with stored.open() as file:
            content = bytes(file.read())
    except FileNotFoundError:
        logger.error("there is no clip of a sample at %s", stored.name)
        raise Http404 from None
    headers = {"Cache-Control": "private, max-age=3600", "ETag": f'"{sha256(content).hexdigest()}"'}
    return ranged_response(request, content, "audio/mpeg", headers)
