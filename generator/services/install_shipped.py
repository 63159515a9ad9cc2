"""Rows for the composers that come with the code, and for what version each of them is."""

from __future__ import annotations

from django.db import transaction
from django.utils.timezone import now

from generator.families.checkpoint import read_checkpoint
from generator.models import Composer, Version
from generator.registry import SHIPPED, Shipped
from generator.services.composer_source import ComposerSource, sha256_of_file
from generator.services.composers import bach


def install_shipped() -> list[Composer]:
    """Rows for Bach and for the shipped checkpoints; safe to repeat."""
    return [bach(), *(_install(shipped) for shipped in SHIPPED)]


def _install(shipped: Shipped) -> Composer:
    digest = sha256_of_file(shipped.path)
    newest = Version.objects.ready().filter(composer__slug=shipped.slug).first()
    is_newest = newest is not None and newest.sha256 == digest
    if newest is not None and is_newest and (newest.config or newest.settings):
        return newest.composer
    _, config, _ = read_checkpoint(shipped.path, shipped.family)  # raises if it is damaged
    source = ComposerSource(shipped.slug, shipped.family, shipped.path)
    described = {
        "kind": Version.Kind.CHECKPOINT,
        "shipped": True,
        "file": shipped.path.name,
        "family": shipped.family,
        "config": config,
        "settings": source.load().settings,
        "status": Version.Status.READY,
    }
    with transaction.atomic():
        composer, _ = Composer.objects.get_or_create(
            slug=shipped.slug,
            defaults={"name": shipped.name, "kind": Composer.Kind.CHECKPOINT},
        )
        # A file that comes back after another one is the newest again.
        created = {} if is_newest else {"created": now()}
        Version.objects.update_or_create(
            composer=composer, sha256=digest, defaults=described | created
        )
    return composer
