"""Scores of the composers that come with the code, which were measured before they were shipped.

They lie beside the checkpoints, as `manage.py evaluate --json` printed them. A file names the
checkpoint that it is about by its sha256: it says nothing about any other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bachtest.composers.models import VersionScores
from generator.models import Composer, Version
from generator.registry import Shipped
from generator.services.install_shipped import shipped_installed
from generator.services.site_registry import site_registry

STAGE = "shipped"

logger = logging.getLogger(__name__)


def connect() -> None:
    shipped_installed.connect(_composers_installed, dispatch_uid="composers.shipped_installed")


def scores_path(shipped: Shipped) -> Path:
    return shipped.folder / f"{shipped.slug}.scores.json"


def load_shipped_scores(version: Version) -> bool:
    """Store what was shipped about this version, unless a worker has measured it; False: nothing.

    A file that has changed is read again.
    """
    found = site_registry().find_shipped(version.composer.slug) if version.shipped else None
    stored = VersionScores.objects.filter(version=version).first()
    if found is None or (stored is not None and STAGE not in stored.rows):
        return False
    rows = _rows_of(scores_path(found[0]), version)
    if rows is None:
        return False
    if stored is None or stored.rows[STAGE] != rows:
        VersionScores.objects.update_or_create(version=version, defaults={"rows": {STAGE: rows}})
    return True


def _rows_of(path: Path, version: Version) -> list[dict[str, Any]] | None:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if report["sha256"] != version.sha256:
            logger.info("%s is about another checkpoint than version %s", path, version)
            return None
        return [*report["scores"], *report["missing"]]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("%s cannot be read (%r); write it again with evaluate --json", path, error)
        return None


def _composers_installed(composers: Iterable[Composer], **kwargs: Any) -> None:
    for version in Version.objects.ready().filter(composer__in=list(composers), shipped=True):
        load_shipped_scores(version)
