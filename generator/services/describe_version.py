"""What pages and orders need to know of a version, so that the web process reads rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from generator.families.checkpoint import read_config
from generator.families.checkpoint_metadata import Member
from generator.families.fill_run import Budget
from generator.families.settings import as_json
from generator.families.time_limit import time_limit
from generator.families.trial import try_out
from generator.services.composer_source import ComposerSource


def describe_version(source: ComposerSource) -> dict[str, Any]:
    """The fields of a version's row that come from its file; the family is tried out first.

    Raises
    ------
    GeneratorError
        If the checkpoint is not sound, or the family fails its trial.
    """
    seconds = settings.FILL_SECONDS
    with time_limit(source.family, seconds):
        family = source.load()
        try_out(family, Budget(seconds=seconds))
    return {
        "family": source.family,
        "config": read_config(source.checkpoint),
        "settings": as_json(family.settings),
        "members": listed(source.members),
    }


def listed(members: Sequence[Member]) -> list[dict[str, list[str]]]:
    """Members in the form of a version's row."""
    return [
        {"trained_on": sorted(member.trained_on), "fold": sorted(member.fold)} for member in members
    ]
