"""From a composer's slug, or its row, to what it writes with; and which works it may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import DatabaseError

from generator.models import Composer, Version, Work
from generator.registry import SHIPPED
from generator.services.checkpoint_files import checkpoint_path
from generator.services.composer_source import ComposerError, ComposerSource, sha256_of_file

if TYPE_CHECKING:
    from generator.families.base import Setting

BACH = "bach"


def find_source(slug: str, settings: Mapping[str, Setting] | None = None) -> ComposerSource:
    """The composer with this slug; one that comes with the code is found without a database.

    Raises
    ------
    ComposerError
        If there is no such composer, or it cannot write.
    """
    for shipped in SHIPPED:
        if shipped.slug == slug:
            return ComposerSource(slug, shipped.family, shipped.path, settings or {})
    return installed_source(find_composer(slug), settings)


def installed_source(
    composer: Composer, settings: Mapping[str, Setting] | None = None
) -> ComposerSource:
    """The newest version of a composer, as what new pieces are written with."""
    return version_source(ready_version(composer), settings)


def ready_version(composer: Composer) -> Version:
    """The newest version that can write.

    Raises
    ------
    ComposerError
        If there is none: Bach, a collection, or no checkpoint passed its check yet.
    """
    version = composer.versions.ready().filter(kind=Version.Kind.CHECKPOINT).first()
    if version is None:
        raise ComposerError(f"composer {composer.slug!r} has no checkpoint, so it cannot write")
    return version


def version_source(
    version: Version, settings: Mapping[str, Setting] | None = None
) -> ComposerSource:
    """This version and no other: its file must be the one that was installed."""
    path = checkpoint_path(version)
    slug = version.composer.slug
    if sha256_of_file(path) != version.sha256:
        raise ComposerError(
            f"{path} is not the file of version {version.tag} of {slug!r}; restore it, or run "
            "manage.py install_composers and order from the new version"
        )
    return ComposerSource(slug, version.family, path, settings or {})


def find_composer(slug: str) -> Composer:
    known = [BACH, *(shipped.slug for shipped in SHIPPED)]
    try:
        composer = Composer.objects.filter(slug=slug).first()
        known += Composer.objects.exclude(slug__in=known).values_list("slug", flat=True)
    except DatabaseError:
        composer = None  # not set up yet: only the shipped composers exist
    if composer is not None:
        return composer
    if slug in known:
        raise ComposerError(f"composer {slug!r} is not installed yet; run make setup")
    raise ComposerError(f"unknown composer {slug!r}; use one of {', '.join(known)}")


def bach() -> Composer:
    return Composer.objects.get_or_create(
        slug=BACH, defaults={"name": "J. S. Bach", "kind": Composer.Kind.BACH}
    )[0]


def unseen_fold(source: ComposerSource, work: Work) -> int | None:
    """The member that writes a work: one that never saw its tune. None: there are no folds.

    Raises
    ------
    ComposerError
        If there is no such member.
    """
    fold = source.fold_of(work.bwv)
    if fold is None and source.members[0].fold:
        raise ComposerError(
            f"no member of composer {source.slug!r} was kept from {work.bwv}; choose another work"
        )
    if work.tune in seen_tunes(source, fold):
        raise ComposerError(
            f"composer {source.slug!r} was trained on the tune of {work.bwv}; "
            "choose a work of part 'test'"
        )
    return fold


def seen_tunes(source: ComposerSource, fold: int | None) -> frozenset[str]:
    """Tune families of the works that a member of a composer was trained on.

    Raises
    ------
    ComposerError
        If it was trained on a work of unknown tune, so that no tune is certain to be unseen.
    """
    trained_on = source.trained_on(fold)
    tunes = dict(Work.objects.filter(bwv__in=trained_on).values_list("bwv", "tune"))
    if missing := sorted(trained_on - tunes.keys()):
        raise ComposerError(
            f"composer {source.slug!r} was trained on {missing[0]!r}, which is not in the corpus: "
            "its tune is unknown, so no work is certain to be new; choose another composer"
        )
    return frozenset(tunes.values())
