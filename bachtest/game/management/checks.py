"""What is wrong with stored designs, and what open studies lack; both ask the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError

from bachtest.game.pool import unplayable_conditions
from bachtest.studies.models import Study


def check_studies(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    if not databases:
        return []
    try:
        return [message for study in Study.objects.order_by("slug") for message in _check(study)]
    except DatabaseError:
        return []  # not migrated yet: there is no study to play


def _check(study: Study) -> list[checks.CheckMessage]:
    """The admin form of earlier code took any design, so stored ones are checked too."""
    faults = study.faults()
    messages: list[checks.CheckMessage] = [
        checks.Error(
            f"study {study.slug!r}, {field}: {fault}",
            hint=f"correct the design {_where(study)}",
            id="game.E001",
        )
        for field, fault in faults.items()
    ]
    if study.is_open and "rounds" not in faults and (missing := unplayable_conditions(study)):
        messages.append(
            checks.Warning(
                f"study {study.slug!r} has no pair to play for {', '.join(missing)}",
                hint=f"manage.py order_pieces --composer ... --condition {missing[0]} --count 20",
                id="game.W001",
            )
        )
    return messages


def _where(study: Study) -> str:
    if not settings.ADMIN_PATH:
        return "in the admin, which ADMIN_PATH= switches off"
    return f"at /{settings.ADMIN_PATH}/studies/study/{study.pk}/change/"


def register() -> None:
    checks.register(check_studies, checks.Tags.database)
