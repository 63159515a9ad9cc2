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
            .objects.filter(round__game__participation__study=study.id)
            .values_list("round__pair__machine__version", flat=True)
        )
        for version in versions.order_by("id"):
            if version.composer.in_quiz or version.id in answered:
                weight = _weight(study.old_weights, version.composer)
                # By id: between apps, models of a migration may be rendered more than once.
                rows.create(
                    study_id=study.id,
                    composer_id=version.composer_id,
                    version_id=version.id,
                    weight=weight,
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
    drawn = rows.filter(weight__gt=0)
    # A composer in the quiz is drawn in every study whose weights do not name it.
    not_named = dict.fromkeys(drawn.values_list("composer__slug", flat=True), 0.0)
    for study in apps.get_model("studies", "Study").objects.all():
        # Of several versions of a composer at most one is still drawn; its weight comes last.
        named = rows.filter(study=study.id).order_by("weight")
        study.old_weights = not_named | {row.composer.slug: row.weight for row in named}
        study.save()
    composers = apps.get_model("generator", "Composer").objects
    composers.filter(id__in=drawn.values("composer")).update(in_quiz=True)
    rows.all().delete()


class Migration(migrations.Migration):
    dependencies = [("studies", "0005_study_composers"), ("game", "0007_count_items")]
    operations = [migrations.RunPython(name_composers, weights_again)]
