from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from bachtest.game.cookies import listener_of
from bachtest.results.counts.tallies import ensure_counted
from bachtest.results.page.context import results_page
from bachtest.results.page.methods import methods_html
from bachtest.studies.models import Study
from generator.services.outages import outage_behind

logger = logging.getLogger(__name__)

PUBLIC_STUDY = "quiz"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    study = get_object_or_404(Study, slug=PUBLIC_STUDY)
    if not is_counted(study):
        return render(request, "results/being_counted.html")
    ctx = results_page(study, listener_of(request), request.GET.getlist("by"))
    return render(request, "results/index.html", ctx)


def is_counted(study: Study) -> bool:
    """Count the answers if that was not done yet; False while the database takes no data."""
    try:
        ensure_counted(study)
    except Exception as error:
        if not outage_behind(error):
            raise
        logger.warning("the answers of %s were not counted: %s", study, error)
        return False
    return True


@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    pages = [mark_safe(methods_html(name)) for name in ("results", "statistics")]
    return render(request, "results/methods.html", {"pages": pages})
