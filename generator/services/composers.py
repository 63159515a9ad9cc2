"""From a composer's slug, or its row, to what it writes with; and which works it may write."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError

from generator.families.checkpoint_metadata import Member
from generator.families.settings import from_json
from generator.models import Composer, Version, Work
from generator.registry import BACH
from generator.services.checkpoint_files import checkpoint_path
from generator.services.composer_source import (
    ComposerError,
    ComposerSource,
    fold_of,
    sha256_of_file,
)
from generator.services.site_registry import site_registry


def find_source(slug: str) -> ComposerSource:
    """The composer with this slug; one that comes with the code is found without a database.

    Raises
    ------
    ComposerError
        If there is no such composer, or it cannot write.
    """
    if found := site_registry().find_shipped(slug):
        shipped, family = found
        return ComposerSource(slug, family, shipped.path, site_registry())
    return installed_source(find_composer(slug))


def installed_source(composer: Composer) -> ComposerSource:
    """The newest version of a composer, as what new pieces are written with."""
    return version_source(ready_version(composer))


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


def version_source(version: Version) -> ComposerSource:
    """This version and no other: its file must be the one that was installed."""
    path = checkpoint_path(version)
    slug = version.composer.slug
    if sha256_of_file(path) != version.sha256:
        raise ComposerError(
            f"{path} is not the file of version {version.tag} of {slug!r}; restore it, or run "
            "manage.py install_composers and order from the new version"
        )
    defaults = {name: each.default for name, each in from_json(version.settings).items()}
    return ComposerSource(slug, version.family, path, site_registry(), defaults)


def find_composer(slug: str) -> Composer:
    known = [BACH, *(shipped.slug for shipped, _ in site_registry().shipped)]
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


def listed_members(version: Version) -> tuple[Member, ...]:
    """The members of a version by fold, by its row; no file is read.

    Raises
    ------
    ComposerError
        If the row does not list them yet.
    """
    if not version.members:
        raise ComposerError(f"version {version} lists no works; run manage.py install_composers")
    return tuple(
        Member(frozenset(each["trained_on"]), frozenset(each["fold"])) for each in version.members
    )


def unseen_fold(slug: str, members: Sequence[Member], work: Work) -> int | None:
    """The member that writes a work: one that never saw its tune. None: there are no folds.

    Raises
    ------
    ComposerError
        If there is no such member.
    """
    fold = fold_of(work.bwv, members)
    if fold is None and members[0].fold:
        raise ComposerError(
            f"no member of composer {slug!r} was kept from {work.bwv}; choose another work"
        )
    if work.tune in seen_tunes(slug, members[fold or 0]):
        raise ComposerError(
            f"composer {slug!r} was trained on the tune of {work.bwv}; choose a work of part 'test'"
        )
    return fold


def seen_tunes(slug: str, member: Member) -> frozenset[str]:
    """Tune families of the works that a member of a composer was trained on.

    Raises
    ------
    ComposerError
        If it was trained on a work of unknown tune, so that no tune is certain to be unseen.
    """
    tunes = dict(Work.objects.filter(bwv__in=member.trained_on).values_list("bwv", "tune"))
    if missing := sorted(member.trained_on - tunes.keys()):
        raise ComposerError(
            f"composer {slug!r} was trained on {missing[0]!r}, which is not in the corpus: "
            "its tune is unknown, so no work is certain to be new; choose another composer"
        )
    return frozenset(tunes.values())
