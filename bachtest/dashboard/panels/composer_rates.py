"""All composers at a glance: how often listeners find Bach beside them, and objective scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from bachtest.composers.models import VersionScores
from bachtest.results.models import Tally
from bachtest.stats.rates.proportions import Proportion, wilson
from bachtest.stats.rates.summary import FEW
from bachtest.studies.models import Study
from generator.models import Version

# What stands in a column of its own: by name and condition, with its heading.
HEADLINES = {
    ("machine listener", "ATB"): "machine listener, ATB",
    ("machine listener", "SATB"): "machine listener, SATB",
    ("machine listener 2", "ATB"): "machine listener 2, ATB",
    ("parallels", "ATB"): "parallels, ATB",
    ("copying, longest run, 90th percentile", "ATB"): "longest copy, ATB",
}


@dataclass(frozen=True)
class HeadlineScore:
    title: str
    value: float | None
    low: float | None
    high: float | None
    bach: float | None


@dataclass(frozen=True)
class ComposerRate:
    version: Version
    rate: Proportion
    scores: tuple[HeadlineScore, ...]

    @property
    def few(self) -> bool:
        return self.rate.n < FEW


NO_ANSWERS = (0, 0)


def composer_rates() -> list[ComposerRate]:
    """Of published and retired versions that have answers or scores; pooled over all studies.

    A study's exclusions count as in its own results.
    """
    sums = _answers_by_version()
    scores = dict(VersionScores.objects.values_list("version", "rows"))
    versions = Version.objects.select_related("composer").order_by("composer__slug", "-created")
    return [
        ComposerRate(
            version,
            _rate(*sums.get(version.pk, NO_ANSWERS)),
            _headlines(scores.get(version.pk, {})),
        )
        for version in versions.filter(status__in=[Version.Status.READY, Version.Status.RETIRED])
        if version.pk in sums or version.pk in scores
    ]


def _rate(answers: int, correct: int) -> Proportion:
    return wilson(correct, answers)


def _answers_by_version() -> dict[int, tuple[int, int]]:
    excluded = {id: frozenset(flags) for id, flags in Study.objects.values_list("id", "exclusions")}
    rows = Tally.objects.filter(table="cells").values_list("study", "labels", "flags").order_by()
    sums: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for study, labels, flags, n, correct in rows.annotate(Sum("n"), Sum("correct")):
        version = labels.split("|")[1]
        if version.isdecimal() and not excluded[study].intersection(flags.split(",")):
            sums[int(version)] = (sums[int(version)][0] + n, sums[int(version)][1] + correct)
    return {version: counts for version, counts in sums.items() if counts[0]}


def _headlines(rows: Mapping[str, list[dict[str, Any]]]) -> tuple[HeadlineScore, ...]:
    by_name = {
        (row.get("name"), row.get("condition")): row for part in rows.values() for row in part
    }
    headlines = []
    for key, title in HEADLINES.items():
        row = by_name.get(key, {})
        ratio = row.get("composer") or {}
        headlines.append(
            HeadlineScore(
                title, ratio.get("estimate"), ratio.get("low"), ratio.get("high"), row.get("bach")
            )
        )
    return tuple(headlines)
