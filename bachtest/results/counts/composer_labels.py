"""What reports call the composers of a study: two versions of one never share a label."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q

from bachtest.game.models import Answer
from bachtest.stats.rates.order import UNSTATED
from bachtest.studies.models import Study
from generator.models import Composer, Pair, Version


class ComposerLabel(NamedTuple):
    """The label in reports and exports, and the name on pages."""

    label: str
    name: str


# Of a pair with Bach on both sides, as a table has it whose cell is empty.
NO_COMPOSER = ComposerLabel(UNSTATED, "Bach")
# By version; None is Bach.
ComposerLabels = dict[int | None, ComposerLabel]


def composer_labels(study: Study) -> ComposerLabels:
    """The composer, with the version too if the study has several of that composer."""
    several = _several_versions(study)
    labels: ComposerLabels = {
        version.pk: ComposerLabel(str(version), f"{version.composer.name} {version.tag}")
        if version.pk in several
        else ComposerLabel(version.composer.slug, version.composer.name)
        for version in Version.objects.select_related("composer")
    }
    return labels | {None: NO_COMPOSER}


def labels_with_versions(study: Study) -> tuple[str, ...]:
    versions = Version.objects.filter(id__in=_several_versions(study))
    return tuple(sorted(map(str, versions.select_related("composer"))))


def _several_versions(study: Study) -> set[int]:
    """Versions that share their composer with another one, among the answers or in the pool."""
    # Few composers have a second version, so that a page seldom asks for answers here.
    candidates = Composer.objects.annotate(n=Count("versions")).filter(n__gt=1)
    conditions = {condition for slot in study.rounds for condition in slot}
    in_pool = Pair.objects.filter(
        Q(excluded_reason="") | Q(differing=0),
        differing__isnull=False,
        machine__version=OuterRef("pk"),
        machine__condition__in=conditions,
    )
    answers = Answer.objects.filter(
        correct__isnull=False,
        round__pair__machine__version=OuterRef("pk"),
        round__game__participation__study=study,
    )
    drawn = study.composers.filter(weight__gt=0)
    rows = Version.objects.filter(
        Q(Exists(answers)) | Q(Exists(in_pool), id__in=drawn.values("version")),
        composer__in=candidates.values("id"),
    ).values_list("id", "composer")
    versions = list(rows)
    counts = Counter(composer for _, composer in versions)
    return {version for version, composer in versions if counts[composer] > 1}
