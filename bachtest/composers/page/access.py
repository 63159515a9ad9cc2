"""Who may see a composer's page, and which of its versions; who may edit its card."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.http import Http404

from bachtest.composers.models import ComposerPage
from bachtest.composers.permissions import MANAGE, PUBLISH
from generator.models import Composer, Version, VersionQuerySet

PUBLISHED = (Version.Status.READY, Version.Status.RETIRED)

Visitor = AbstractBaseUser | AnonymousUser


def published_versions() -> VersionQuerySet:
    return Version.objects.filter(status__in=PUBLISHED)


def visible_composer(visitor: Visitor, slug: str) -> Composer:
    """A composer whose page this visitor may see; Bach himself has none."""
    composer = Composer.objects.exclude(kind=Composer.Kind.BACH).filter(slug=slug).first()
    if composer is None or not visible_versions(visitor, composer).exists():
        raise Http404
    return composer


def visible_versions(visitor: Visitor, composer: Composer) -> VersionQuerySet:
    """Published ones for everybody, all for the owner and those who publish; the newest first."""
    versions = Version.objects.filter(composer=composer).order_by("-created", "-id")
    if sees_unpublished(visitor, composer):
        return versions
    return versions.filter(status__in=PUBLISHED)


def sees_unpublished(visitor: Visitor, composer: Composer) -> bool:
    return may_edit(visitor, composer) or _may(visitor, PUBLISH)


def may_edit(visitor: Visitor, composer: Composer) -> bool:
    return _may(visitor, MANAGE) or is_owner(visitor, composer)


def is_owner(visitor: Visitor, composer: Composer) -> bool:
    if not visitor.is_active or visitor.pk is None:
        return False
    return ComposerPage.objects.filter(composer=composer, owner=visitor.pk).exists()


def _may(visitor: Visitor, permission: str) -> bool:
    return isinstance(visitor, PermissionsMixin | AnonymousUser) and visitor.has_perm(permission)
