from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bachtest.results.answers import study_report
from bachtest.results.flags import unknown_exclusions
from bachtest.results.page import alike_rows, sections_of
from bachtest.stats.published import BACHBOT_NAME, BACHBOT_SOURCE
from bachtest.stats.summary import FEW
from bachtest.studies.models import Study
from generator.models import Composer

PUBLIC_STUDY = "quiz"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    study = get_object_or_404(Study, slug=PUBLIC_STUDY)
    report = study_report(study)
    names = dict(Composer.objects.values_list("slug", "name"))
    ctx = {
        "study": study,
        "report": report,
        "sections": sections_of(report, names),
        "alike": alike_rows(report, names),
        "few": FEW,
        "anchor_name": BACHBOT_NAME,
        "anchor_source": BACHBOT_SOURCE,
        "unknown_exclusions": unknown_exclusions(study),
    }
    return render(request, "results/index.html", ctx)
