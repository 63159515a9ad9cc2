from __future__ import annotations

from django.conf import settings

from generator.registry import Registry, installed


def site_registry() -> Registry:
    """The families of this site: those of the setting REGISTRY, else all that are installed."""
    chosen: Registry | None = settings.REGISTRY
    return installed() if chosen is None else chosen
