"""Everything on a composer's page, of the one version that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.utils.safestring import SafeString

from bachtest.composers.markdown import render_card, render_our_card
from bachtest.composers.models import ComposerPage, RegistryStep, Upload
from bachtest.composers.page.access import PUBLISHED, Visitor, may_edit, visible_versions
from bachtest.composers.page.citation import Citation, citation_of
from bachtest.composers.page.faults import Faults, faults_of
from bachtest.composers.page.heard_samples import HeardSample, heard_samples
from bachtest.composers.page.provenance import VersionOrigin, can_be_downloaded, provenance_of
from bachtest.composers.page.score_tables import ScoreTables, score_tables
from bachtest.composers.publishing import BY_UPLOADER
from bachtest.results.page.composer_rates import VersionRates, rates_of_versions
from bachtest.results.views import PUBLIC_STUDY, is_counted
from bachtest.stats.rates.summary import FEW
from bachtest.studies.models import Study
from generator.models import Composer, Version
from generator.services.site_registry import site_registry


@dataclass(frozen=True)
class VersionLine:
    """A row of the table of versions."""

    version: Version
    status: str
    is_published: bool
    is_shown: bool
    by_its_uploader: bool
    published: datetime | None
    can_be_downloaded: bool


@dataclass(frozen=True)
class StudyRates:
    study: Study
    versions: tuple[VersionRates, ...]


@dataclass(frozen=True)
class PageOfComposer:
    composer: Composer
    version: Version
    is_published: bool
    """Of the version that is shown; others of the composer may be published already."""
    author: str
    """Whom the page names; empty unless the owner said so."""
    card: SafeString
    may_edit: bool
    scores: ScoreTables | None
    studies: tuple[StudyRates, ...]
    samples: tuple[HeardSample, ...]
    faults: Faults | None
    versions: tuple[VersionLine, ...]
    provenance: VersionOrigin
    citation: Citation
    can_be_downloaded: bool
    query: str
    """Of a link that keeps the chosen version."""
    few: int = FEW


def page_of_composer(
    composer: Composer, visitor: Visitor, *, url: str, tag: str = "", condition: str = ""
) -> PageOfComposer:
    """`tag` chooses a version, `condition` the scores to compare.

    Raises
    ------
    Http404
        If the visitor may see no version of this tag.
    """
    versions = list(visible_versions(visitor, composer).select_related("composer"))
    version = _chosen(versions, tag)
    page = ComposerPage.objects.filter(composer=composer).first()
    author = page.author if page else ""
    return PageOfComposer(
        composer,
        version,
        version.status in PUBLISHED,
        author,
        _card(version, page),
        may_edit(visitor, composer),
        score_tables(version, condition),
        tuple(_studies(versions)),
        tuple(heard_samples(version)),
        faults_of(version),
        tuple(_lines(versions, version)),
        provenance_of(version),
        citation_of(version, author=author, url=url),
        can_be_downloaded(version),
        f"version={version.tag}&" if tag else "",
    )


def _card(version: Version, page: ComposerPage | None) -> SafeString:
    """What was written on the site; of a shipped version its page in docs, else a line of it."""
    if page and page.card:
        return render_card(page.card)
    found = site_registry().find_shipped(version.composer.slug) if version.shipped else None
    if found and found[0].card.is_file():
        return render_our_card(found[0].card.read_text(encoding="utf-8"))
    return render_card(version.composer.about)


def public_studies() -> Iterable[Study]:
    """Whose results everybody may see while they come in: those that have a results page."""
    return Study.objects.filter(slug=PUBLIC_STUDY)


def _chosen(versions: list[Version], tag: str) -> Version:
    if tag:
        found = next((version for version in versions if version.tag == tag), None)
        if found is None:
            raise Http404
        return found
    for status in PUBLISHED:
        if of_status := [version for version in versions if version.status == status]:
            return of_status[0]
    return versions[0]


def _studies(versions: Sequence[Version]) -> Iterable[StudyRates]:
    for study in public_studies():
        if is_counted(study) and (rates := rates_of_versions(study, versions)):
            yield StudyRates(study, tuple(rates))


def _lines(versions: Sequence[Version], shown: Version) -> list[VersionLine]:
    steps = RegistryStep.objects.filter(version__in=versions, status=Upload.Status.PUBLISHED)
    last = {step.version_id: step for step in steps.order_by("id")}
    return [_line(each, last.get(each.pk), is_shown=each == shown) for each in versions]


def _line(version: Version, step: RegistryStep | None, *, is_shown: bool) -> VersionLine:
    is_published = version.status in PUBLISHED
    return VersionLine(
        version,
        version.get_status_display(),
        is_published,
        is_shown,
        is_published and step is not None and step.reason.startswith(BY_UPLOADER),
        step.at if is_published and step else None,
        can_be_downloaded(version),
    )
