from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from bachtest.game.cookies import listener_of
from bachtest.results.page.context import results_page
from bachtest.results.page.methods import methods_html
from bachtest.studies.models import Study

PUBLIC_STUDY = "quiz"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    study = get_object_or_404(Study, slug=PUBLIC_STUDY)
    ctx = results_page(study, listener_of(request), request.GET.getlist("by"))
    return render(request, "results/index.html", ctx)


@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    pages = [mark_safe(methods_html(name)) for name in ("results", "statistics")]
    return render(request, "results/methods.html", {"pages": pages})
