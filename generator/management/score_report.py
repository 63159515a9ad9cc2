"""The scores of a composer as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.evaluation.report import Score
from generator.evaluation.scores import MissingScore
from generator.management.evaluated_composer import Evaluated


def score_report(
    slug: str,
    split: str,
    part: str,
    found: Evaluated,
    scores: Sequence[Score],
    *,
    seed: int,
    budget_steps: int | None,
) -> dict[str, Any]:
    """What `manage.py evaluate --json` prints, and what lies beside a shipped checkpoint."""
    missing = [score for score in scores if isinstance(score, MissingScore)]
    return {
        "composer": slug,
        "sha256": found.sha256,
        "split": split,
        "part": part,
        "works": found.works,
        "seed": seed,
        "sampling": found.sampling,
        "budget_steps": budget_steps,
        "scores": [score.as_json() for score in scores if score not in missing],
        "missing": [score.as_json() for score in missing],
    }
