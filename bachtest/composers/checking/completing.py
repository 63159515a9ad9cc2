"""What pages show of composers that nobody uploaded: those that come with the code, and collections
that a command imported. A worker makes it when listeners' pieces are done."""

from __future__ import annotations

import logging
from datetime import timedelta as td

from django.db.models import Q
from django.utils.timezone import now
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from bachtest.composers.checking.samples import SampleWaits, make_sample, missing_samples
from bachtest.composers.checking.scoring import missing_stages, score_missing_stage
from generator.errors import GeneratorError, in_one_line
from generator.models import Piece, Version
from generator.services.site_registry import site_registry

logger = logging.getLogger(__name__)

LONGEST = td(hours=1)
"""What one task may take: a stage of the scores of a collection, or a piece."""


@task()
def complete_version(version_id: int) -> bool:
    """Make the next thing that a page lacks, and queue what comes after it."""
    version = Version.objects.select_related("composer").get(id=version_id)
    try:
        goes_on = _make_next(version)
    except SampleWaits:
        goes_on = False  # it is looked at again at the next recovery
    except GeneratorError as error:
        logger.warning("%s: %s", version, in_one_line(str(error)))
        goes_on = False
    if goes_on:
        complete_version.enqueue(version_id)
    return goes_on


def _make_next(version: Version) -> bool:
    if _lacks_scores(version):
        score_missing_stage(version)
        return True
    if missing := missing_samples(version):
        make_sample(version, missing[0])
        return len(missing) > 1
    return False


def _lacks_scores(version: Version) -> bool:
    """Scores of what comes with the code come with it too."""
    return version.kind == Version.Kind.COLLECTION and bool(missing_stages(version))


def complete_others() -> int:
    """Queue versions that lack something; how many."""
    if Piece.objects.pending().exclude(tune="").exists() or _is_queued():
        return 0
    ours = Q(shipped=True, composer__slug__in=site_registry().starters)
    imported = Q(kind=Version.Kind.COLLECTION, uploads=None)
    asked = 0
    for version in Version.objects.ready().filter(ours | imported).select_related("composer"):
        if _lacks_scores(version) or missing_samples(version):
            complete_version.enqueue(version.id)
            asked += 1
    return asked


def _is_queued() -> bool:
    """The row of a worker that was killed says for ever that its task is running."""
    tasks = DBTaskResult.objects.filter(task_path=complete_version.module_path)
    lately = Q(status=TaskResultStatus.RUNNING, started_at__gt=now() - LONGEST)
    return tasks.filter(Q(status=TaskResultStatus.READY) | lately).exists()
