"""Rows for the composers that come with the code."""

from __future__ import annotations

from django.db import transaction

from generator.families.checkpoint import read_checkpoint
from generator.models import Composer
from generator.registry import SHIPPED, Shipped
from generator.services.composer_source import sha256_of_file
from generator.services.composers import bach


def install_shipped() -> list[Composer]:
    """Rows for Bach and for the shipped checkpoints; safe to repeat."""
    return [bach(), *(_install(shipped) for shipped in SHIPPED)]


def _install(shipped: Shipped) -> Composer:
    digest = sha256_of_file(shipped.path)
    row = Composer.objects.filter(slug=shipped.slug).first()
    if row is not None and row.sha256 == digest:
        return row
    read_checkpoint(shipped.path, shipped.family)  # raises if the file is damaged
    with transaction.atomic():
        if row is not None:
            _retire(row)
        return Composer.objects.create(
            slug=shipped.slug,
            name=shipped.name,
            kind=Composer.Kind.CHECKPOINT,
            family=shipped.family,
            checkpoint=shipped.path.name,
            sha256=digest,
            in_quiz=shipped.in_quiz,
        )


def _retire(row: Composer) -> None:
    """A new file is a new composer; the old one keeps its pieces under a name of its own."""
    if not row.pieces.exists():
        row.delete()
        return
    tag = row.sha256[:8]
    row.slug, row.name, row.in_quiz = f"{row.slug}-{tag}", f"{row.name} ({tag})", False
    row.save(update_fields=["slug", "name", "in_quiz"])
