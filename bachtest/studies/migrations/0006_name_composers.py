"""Every study names what it plays: the composers of the quiz, each with the weight that it had.

Composers that were answered but are no longer drawn are named too, with weight 0.
"""

from __future__ import annotations

import math
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAX_WEIGHT = 1000.0


def name_composers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("studies", "StudyComposer").objects
    versions = apps.get_model("generator", "Version").objects.select_related("composer")
    for study in apps.get_model("studies", "Study").objects.all():
        answered = set(
            apps.get_model("game", "Answer")
            .objects.filter(round__game__participation__study=study)
            .values_list("round__pair__machine__version", flat=True)
        )
        for version in versions.order_by("id"):
            if version.composer.in_quiz or version.id in answered:
                weight = _weight(study.old_weights, version.composer)
                rows.create(
                    study=study, composer=version.composer, version=version, weight=weight
                )


def _weight(weights: Any, composer: Any) -> float:
    """The admin form took anything: what is no weight counts as it did, or not at all."""
    if not composer.in_quiz:
        return 0.0
    weight = weights.get(composer.slug, 1) if isinstance(weights, dict) else 1
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        return 1.0
    return min(max(float(weight), 0.0), MAX_WEIGHT) if math.isfinite(weight) else 1.0


def weights_again(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("studies", "StudyComposer").objects.select_related("composer")
    for study in apps.get_model("studies", "Study").objects.all():
        study.old_weights = {row.composer.slug: row.weight for row in rows.filter(study=study)}
        study.save()
    played = rows.filter(weight__gt=0).values("composer")
    composers = apps.get_model("generator", "Composer").objects
    composers.filter(id__in=played).update(in_quiz=True)
    rows.all().delete()


class Migration(migrations.Migration):
    dependencies = [("studies", "0005_study_composers"), ("game", "0007_count_items")]
    operations = [migrations.RunPython(name_composers, weights_again)]
