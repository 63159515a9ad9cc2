"""When a worker fits the model again, and that it does so once."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.timezone import now

from bachtest.results.counts.flags import FLAGS_VERSION
from bachtest.results.fit.stored_fit import FitDesign, fit_of
from bachtest.results.models import StoredAnalysis
from bachtest.stats.rates.summary import FEW
from bachtest.studies.models import Study

# A fit is stale when the answers have grown, or shrunk, by more than this share.
GROWTH = 0.1
# A worker that has not answered for so long is taken to have lost the request.
PATIENCE = timedelta(minutes=10)


def refit(study: Study) -> StoredAnalysis:
    """Fit the model to the answers that are there now, and keep what pages show of it."""
    from bachtest.results.fit.model_fit import (  # with SciPy, for workers alone
        fit_answers,
        included_answers,
    )

    start = time.monotonic()
    answers = included_answers(study)
    fit = fit_answers(answers, FitDesign.of(study))
    values = {
        "flags_version": FLAGS_VERSION,
        "asked_at": None,
        "made_at": now(),
        "answers": len(answers.correct),
        "seconds": time.monotonic() - start,
        "fit": fit.to_json(),
    }
    return StoredAnalysis.objects.update_or_create(study=study, defaults=values)[0]


def is_stale(analysis: StoredAnalysis, answers: int) -> bool:
    """Whether enough answers have come or gone, or the design has changed."""
    if answers < FEW:
        return False
    grown = abs(answers - analysis.answers) > GROWTH * analysis.answers
    fit = fit_of(analysis)
    if fit is None or "band" not in analysis.fit:  # made before there was a band over time
        return True
    return grown or fit.design != FitDesign.of(analysis.study)


def is_asked(analysis: StoredAnalysis) -> bool:
    """Whether a worker was asked, and may still answer."""
    return analysis.asked_at is not None and analysis.asked_at >= now() - PATIENCE


def claim(study: Study) -> bool:
    """True for the one caller that is to ask a worker, until the worker answers or is given up."""
    unanswered = Q(asked_at=None) | Q(asked_at__lt=now() - PATIENCE)
    return bool(StoredAnalysis.objects.filter(unanswered, study=study).update(asked_at=now()))


def lost_requests() -> QuerySet[Study]:
    """Studies whose fit was asked for, and no worker has answered in time."""
    return Study.objects.filter(analysis__asked_at__lt=now() - PATIENCE)


def release(study: Study) -> None:
    """Give a claim back: the worker looked, and the fit still holds."""
    StoredAnalysis.objects.filter(study=study).update(asked_at=None)
