"""What is missing before every open study can be played; asked with the database at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError

from bachtest.game.pool import unplayable_conditions
from bachtest.studies.models import Study


def check_open_studies(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    if not databases:
        return []
    try:
        studies = list(Study.objects.open())
        missing = {study.slug: unplayable_conditions(study) for study in studies}
    except DatabaseError:
        return []  # not migrated yet: there is no study to play
    return [
        checks.Warning(
            f"study {slug!r} has no pair to play for {', '.join(conditions)}",
            hint=f"manage.py order_pieces --composer ... --condition {conditions[0]} --count 20",
            id="game.W001",
        )
        for slug, conditions in missing.items()
        if conditions
    ]


def register() -> None:
    checks.register(check_open_studies, checks.Tags.database)
