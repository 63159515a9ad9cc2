"""The list of published composers, with Bach as the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.text import Truncator

from bachtest.composers.models import VersionScores
from bachtest.composers.page.access import PUBLISHED, published_versions
from bachtest.composers.page.composer_page import public_studies
from bachtest.composers.page.score_figures import MeasuredScore
from bachtest.composers.page.score_tables import (
    MACHINE_LISTENER,
    PARALLELS,
    PREFERRED,
    find,
    measured,
)
from bachtest.results.page.composer_rates import overall_rates
from bachtest.results.page.rows import RateRow
from bachtest.results.views import is_counted
from bachtest.stats.rates.summary import FEW
from generator.models import Composer, Version
from generator.registered import first_sentence

LINE = 140


@dataclass(frozen=True)
class ListedComposer:
    """`slug` is empty for Bach, who has no page."""

    slug: str
    name: str
    kind: str
    line: str
    rate: RateRow | None
    listener: MeasuredScore | None
    parallels: MeasuredScore | None


@dataclass(frozen=True)
class ComposerList:
    composers: tuple[ListedComposer, ...]
    bach_listener: str
    bach_parallels: str
    condition: str = PREFERRED
    few: int = FEW


def composer_list() -> ComposerList:
    newest = _newest_versions()
    rates = _rates()
    scores = {
        row.version_id: measured(row)
        for row in VersionScores.objects.filter(version__in=[each.pk for each in newest])
    }
    rows = [_listed(each, rates, scores.get(each.pk, [])) for each in newest]
    listeners = [row.listener for row in rows if row.listener]
    parallels = [row.parallels for row in rows if row.parallels]
    return ComposerList(
        tuple(sorted(rows, key=lambda row: row.name.lower())),
        listeners[0].bach_figure if listeners else "",
        parallels[0].bach_figure if parallels else "",
    )


def _newest_versions() -> list[Version]:
    """Of each composer what is played, or what was played last."""
    newest: dict[int, Version] = {}
    for status in PUBLISHED:
        rows = published_versions().filter(status=status).select_related("composer")
        for version in rows.exclude(composer__kind=Composer.Kind.BACH).order_by("-created", "-id"):
            newest.setdefault(version.composer_id, version)
    return list(newest.values())


def _rates() -> Mapping[int, RateRow]:
    rates: dict[int, RateRow] = {}
    for study in public_studies():
        if is_counted(study):
            rates |= overall_rates(study)
    return rates


def _listed(
    version: Version, rates: Mapping[int, RateRow], scores: Iterable[MeasuredScore]
) -> ListedComposer:
    composer, scores = version.composer, list(scores)
    return ListedComposer(
        composer.slug,
        composer.name,
        _kind(version),
        _line(composer, version),
        rates.get(version.pk),
        find(scores, MACHINE_LISTENER, PREFERRED),
        find(scores, PARALLELS, PREFERRED),
    )


def _kind(version: Version) -> str:
    if version.kind == Version.Kind.COLLECTION:
        return "collection"
    return "checkpoint" if version.status == Version.Status.READY else "checkpoint, retired"


def _line(composer: Composer, version: Version) -> str:
    if composer.about:
        return Truncator(first_sentence(composer.about)).chars(LINE)
    if version.kind == Version.Kind.COLLECTION:
        return "Pieces by a system that is not run here."
    members = len(version.members)
    trained = f", {members} networks trained on different tunes" if members > 1 else ""
    return f"Family {version.family}{trained}."
