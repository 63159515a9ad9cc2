"""Flags mark answers by a rule. Only a study's design excludes answers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Q, Value, When

from bachtest.game.models import Answer
from bachtest.game.scoring import QUICK_SECONDS
from bachtest.studies.models import Study

# Whoever guesses gives so many right answers in a row once in 1,024 tries.
QUICK_ANSWERS = 10


@dataclass(frozen=True)
class Flag:
    """`whose` says of its answers where they come from."""

    name: str
    meaning: str
    whose: str
    condition: Q


# Raise it when a flag comes, goes or changes its meaning. Every export carries it, and counts made
# under another version are made again.
FLAGS_VERSION = 2
FLAGS: tuple[Flag, ...] = (
    Flag(
        "knew",
        "the listener said that they knew the piece",
        "from people who said they knew the piece",
        Q(knew=Answer.Knew.YES),
    ),
    Flag(
        "too_good_too_fast",
        f"it and the {QUICK_ANSWERS - 1} answers of the listener before it, or more, were right,"
        f" and each was given within {QUICK_SECONDS:g} seconds of the first moment possible",
        "that were right and quick too often in a row",
        Q(quick_streak__gte=QUICK_ANSWERS),
    ),
)


def flag_column(flag: Flag) -> Case:
    return Case(When(flag.condition, then=Value(True)), default=Value(False))


def unknown_exclusions(study: Study) -> list[str]:
    """Flags that the design names but that do not exist."""
    return sorted(set(study.exclusions) - {flag.name for flag in FLAGS})
