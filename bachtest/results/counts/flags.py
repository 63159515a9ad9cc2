"""Flags mark answers by a rule. Only a study's design excludes answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Q, Value, When

from bachtest.game.models import Answer
from bachtest.studies.models import Study


@dataclass(frozen=True)
class Flag:
    name: str
    meaning: str
    condition: Q


# Raise it when a flag comes, goes or changes its meaning. Every export carries it, and counts made
# under another version are made again.
FLAGS_VERSION = 1
FLAGS: tuple[Flag, ...] = (
    Flag("knew", "the listener said that they knew the piece", Q(knew=Answer.Knew.YES)),
)


def flag_column(flag: Flag) -> Case:
    return Case(When(flag.condition, then=Value(True)), default=Value(False))


def unknown_exclusions(study: Study) -> list[str]:
    """Flags that the design names but that do not exist."""
    return sorted(set(study.exclusions) - {flag.name for flag in FLAGS})
