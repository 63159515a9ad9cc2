"""When the worker looks at all answers again, and what it keeps of that for the pages."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from bachtest.results.counts.flags import FLAGS_VERSION
from bachtest.results.models import Analysis
from bachtest.stats.rates.summary import FEW
from bachtest.studies.models import Study

# Asked for anew when answers have grown, or shrunk, by this share since the last one.
GROWTH = 0.1
# A worker that was asked and has not answered for so long is taken to have lost it.
PATIENCE = timedelta(hours=1)


def analyse(study: Study) -> Analysis:
    """Fit the model to what is there now, and keep what pages show of it."""
    from bachtest.results.fit.model_fit import (  # with SciPy, for workers alone
        findings_of,
        kept_answers,
    )

    start = time.monotonic()
    answers = kept_answers(study)
    findings = findings_of(answers, margin=study.margin) | {"design": _design(study)}
    values = {
        "flags_version": FLAGS_VERSION,
        "asked_at": None,
        "made_at": now(),
        "answers": len(answers.correct),
        "seconds": time.monotonic() - start,
        "findings": findings,
    }
    return Analysis.objects.update_or_create(study=study, defaults=values)[0]


def is_stale(analysis: Analysis, answers: int) -> bool:
    """Whether so much has come or gone, or the design has so changed, that all is to be redone."""
    if answers < FEW:
        return False
    grown = abs(answers - analysis.answers) > GROWTH * analysis.answers
    return grown or analysis.findings.get("design") != _design(analysis.study)


def _design(study: Study) -> dict[str, Any]:
    return {"exclusions": sorted(study.exclusions), "margin": study.margin}


def claim(study: Study) -> bool:
    """Whether it is for the caller to ask a worker; True once until it answers or is given up."""
    waiting = Q(asked_at=None) | Q(asked_at__lt=now() - PATIENCE)
    return bool(Analysis.objects.filter(waiting, study=study).update(asked_at=now()))
