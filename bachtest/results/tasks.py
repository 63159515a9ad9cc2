"""The results' part of the queue: what a worker does so that pages need not."""

from __future__ import annotations

from django_tasks import task

from bachtest.results import tallies
from bachtest.studies.models import Study

# Answers that come between two merges; a page adds up as many by itself.
MERGE_EVERY = 100


@task()
def tend(study_id: int) -> int:
    return tallies.merge(Study.objects.get(id=study_id))
