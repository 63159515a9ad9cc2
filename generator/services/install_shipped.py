"""Rows for the composers that come with the code, and for what version each of them is."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import transaction
from django.dispatch import Signal
from django.utils.timezone import now

from generator.errors import GeneratorError
from generator.families.checkpoint import base_of
from generator.families.settings import as_json
from generator.models import Composer, Version
from generator.registry import OURS, Shipped
from generator.services.composer_source import ComposerError, ComposerSource, sha256_of_file
from generator.services.composers import bach
from generator.services.describe_version import describe_version
from generator.services.outages import describe, outage_behind
from generator.services.site_registry import site_registry

logger = logging.getLogger(__name__)

shipped_installed = Signal()
"""After `install_shipped`, with the `composers`: other apps add what they know of them."""


@dataclass
class Installation:
    """Who was installed, and why others were not."""

    composers: list[Composer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ours_failed: bool = False
    """Whether one of the failures is of the project's own."""


def install_shipped() -> Installation:
    """Rows for Bach and for the shipped checkpoints; safe to repeat.

    A composer that cannot be installed leaves the others alone.
    """
    registry = site_registry()
    done = Installation([bach()], [str(error) for error in registry.broken.values()])
    for shipped, family in registry.shipped:
        try:
            done.composers.append(_install(shipped, family))
        except Exception as error:
            if outage_behind(error):
                raise
            # Of a package, which may raise anything.
            if not isinstance(error, GeneratorError):
                logger.exception("%s", shipped.slug)
            reason = str(error) if isinstance(error, GeneratorError) else describe(error)
            done.failures.append(f"{shipped.slug}: {reason}")
            done.ours_failed |= family in OURS
    shipped_installed.send(sender=Installation, composers=done.composers)
    return done


def _install(shipped: Shipped, family: str) -> Composer:
    digest = sha256_of_file(shipped.path)
    base_of(shipped.path)  # raises where the rest of the weights is gone or damaged
    # Of those that came with the code: an upload may be newer, and a retired one stays retired.
    kept = [Version.Status.READY, Version.Status.RETIRED]
    installed = Version.objects.filter(shipped=True, status__in=kept)
    newest = installed.filter(composer__slug=shipped.slug).order_by("-created", "-id").first()
    is_newest = newest is not None and newest.sha256 == digest
    if newest is not None and is_newest and newest.members and _says_settings(newest, family):
        return _named(newest.composer, shipped)
    source = ComposerSource(shipped.slug, family, shipped.path, site_registry())
    described = describe_version(source) | {
        "kind": Version.Kind.CHECKPOINT,
        "shipped": True,
        "file": shipped.path.name,
        "status": newest.status if newest and is_newest else Version.Status.READY,
    }
    with transaction.atomic():
        composer, _ = Composer.objects.get_or_create(
            slug=shipped.slug,
            defaults={"name": shipped.name, "kind": Composer.Kind.CHECKPOINT},
        )
        if composer.kind != Composer.Kind.CHECKPOINT:
            raise ComposerError(f"{shipped.slug!r} is a {composer.kind} here; rename the composer")
        # A file that comes back after another one is the newest again.
        created = {} if is_newest else {"created": now()}
        Version.objects.update_or_create(
            composer=composer, sha256=digest, defaults=described | created
        )
        return _named(composer, shipped)


def _says_settings(version: Version, family: str) -> bool:
    """Whether the row has the settings of the code: they may change while the checkpoint stays."""
    return bool(version.settings == as_json(site_registry().family(family).settings))


def _named(composer: Composer, shipped: Shipped) -> Composer:
    if composer.about != shipped.about:
        composer.about = shipped.about
        composer.save(update_fields=["about"])
    return composer
