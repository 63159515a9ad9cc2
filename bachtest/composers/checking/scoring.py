"""Objective scores of a version, a stage at a time; its row keeps what is known already."""

from __future__ import annotations

from collections.abc import Callable

from bachtest.composers.models import VersionScores
from generator.models import Version
from generator.services.version_scores import score_stage, score_stages, score_summary

SUMMARY = "summary"


def missing_stages(version: Version) -> list[str]:
    """Stages without scores, the summary last."""
    scores = VersionScores.objects.filter(version=version).first()
    known = scores.rows if scores else {}
    return [stage for stage in (*score_stages(version), SUMMARY) if stage not in known]


def score_missing_stage(
    version: Version, progress: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Score the next stage that has no scores."""
    stage = missing_stages(version)[0]
    scores, _ = VersionScores.objects.get_or_create(version=version)
    if stage == SUMMARY:
        rows = score_summary(version, scores.all_rows())
    else:
        rows = score_stage(version, stage, progress)
    scores.rows |= {stage: rows}
    scores.save()
