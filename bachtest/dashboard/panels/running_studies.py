"""Open studies: what they play, and how many answers came."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q, Sum
from django.utils.timezone import now

from bachtest.dashboard.panels.refill_state import RefillState, refill_states
from bachtest.results.models import Tally
from bachtest.studies.models import Study, StudyComposer


@dataclass(frozen=True)
class RunningStudy:
    study: Study
    today: int
    total: int
    played: tuple[StudyComposer, ...]
    refill: RefillState


def running_studies() -> list[RunningStudy]:
    """Answers that are right or wrong, as the results count them; a day is one of UTC."""
    played = StudyComposer.objects.filter(weight__gt=0).select_related("version__composer")
    by_study = Prefetch("composers", played.order_by("id"))
    studies = list(Study.objects.open().order_by("slug").prefetch_related(by_study))
    tallies = Tally.objects.filter(table="hours", study__in=studies).values("study").order_by()
    sums = tallies.annotate(
        total=Sum("n"), today=Sum("n", filter=Q(labels__startswith=f"{now():%Y-%m-%d}"))
    )
    counts = {row["study"]: (row["today"] or 0, row["total"] or 0) for row in sums}
    rows, states = [], refill_states(studies)
    for study in studies:
        versions = tuple(study.composers.all())  # as they were prefetched
        numbers = counts.get(study.pk, (0, 0))
        rows.append(RunningStudy(study, *numbers, versions, states[study.pk]))
    return rows
