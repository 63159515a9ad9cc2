"""The only bridge from rows to statistics: the database groups and counts, `bachtest.stats` thinks.

The work outside the database is linear in the cells, not in the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When

from bachtest.game.models import Answer
from bachtest.stats import summary
from bachtest.stats.audibility import PoolCount, likeness
from bachtest.stats.report import GROUPS, Flagged, Report
from bachtest.stats.summary import summarise
from bachtest.studies.models import Study
from generator.models import Composer, Pair


@dataclass(frozen=True)
class Flag:
    """A mark on an answer, computed from its row. Only a study's design leaves answers out."""

    name: str
    meaning: str
    condition: Q


# Raised when a flag comes, goes or changes its meaning; written into every export.
FLAGS_VERSION = 1
FLAGS: tuple[Flag, ...] = (
    Flag("knew", "the listener said that they knew the piece", Q(knew=Answer.Knew.YES)),
)

_CONDITION = "round__pair__machine__condition"
_COMPOSER = "round__pair__machine__composer__slug"
_EXPERIENCE = "round__game__listener__experience"
_FIELDS = ("condition", "composer", "experience")


@dataclass(frozen=True)
class Group:
    """Answers of one condition, composer, experience and set of flags."""

    labels: tuple[str, ...]
    flags: frozenset[str]
    n: int
    correct: int


def answers_of(study: Study) -> QuerySet[Answer]:
    return Answer.objects.filter(round__game__study=study)


def flag_column(flag: Flag) -> Case:
    return Case(When(flag.condition, then=Value(True)), default=Value(False))


def study_report(study: Study) -> Report:
    """What `python -m bachtest.stats` says of the study's export, from the database."""
    groups = _groups(study)
    excluded = frozenset(study.exclusions)
    kept = [group for group in groups if not group.flags & excluded]
    listeners, items = _sizes(study, excluded)
    return Report(
        source=study.slug,
        of_answers=True,
        overall=summarise(_counts(kept, ())).cells[0],
        everything=summarise(_counts(groups, ())).cells[0],
        listeners=listeners,
        items=items,
        flags=tuple(
            Flagged(
                flag.name,
                sum(group.n for group in groups if flag.name in group.flags),
                flag.name in excluded,
            )
            for flag in FLAGS
        ),
        breakdowns=tuple(summarise(_counts(kept, by), by) for by in GROUPS),
        alike=likeness(_pool(study), _counts(kept, ("composer", "condition"))),
    )


def unknown_exclusions(study: Study) -> list[str]:
    """Flags that the design names and that do not exist."""
    return sorted(set(study.exclusions) - {flag.name for flag in FLAGS})


def _groups(study: Study) -> list[Group]:
    marks = [f"flag_{flag.name}" for flag in FLAGS]
    rows = (
        answers_of(study)
        .annotate(
            condition=F(_CONDITION),
            composer=F(_COMPOSER),
            experience=F(_EXPERIENCE),
            **{f"flag_{flag.name}": flag_column(flag) for flag in FLAGS},
        )
        .values_list(*_FIELDS, *marks)
        .annotate(n=Count("id"), right=Count("id", filter=Q(correct=True)))
        .order_by()
    )
    width = len(_FIELDS)
    return [
        Group(
            labels=tuple(row[:width]),
            flags=frozenset(
                flag.name
                for flag, marked in zip(FLAGS, row[width : width + len(FLAGS)], strict=True)
                if marked
            ),
            n=row[-2],
            correct=row[-1],
        )
        for row in rows
    ]


def _counts(groups: Iterable[Group], by: Sequence[str]) -> list[summary.Count]:
    at = [_FIELDS.index(field) for field in by]
    return [
        summary.Count(tuple(group.labels[i] for i in at), group.n, group.correct)
        for group in groups
    ]


def _sizes(study: Study, excluded: frozenset[str]) -> tuple[int, int]:
    kept = answers_of(study)
    for flag in FLAGS:
        if flag.name in excluded:
            kept = kept.exclude(flag.condition)
    sizes = kept.aggregate(
        listeners=Count("round__game__listener", distinct=True),
        items=Count("round__pair", distinct=True),
    )
    return sizes["listeners"], sizes["items"]


def pairs_of(study: Study) -> QuerySet[Pair]:
    """The study's items: pairs of its conditions by its composers, and whatever was answered."""
    never = [slug for slug, weight in study.composers.items() if weight == 0]
    answered = Pair.objects.filter(rounds__answer__isnull=False, rounds__game__study=study)
    composers = Composer.objects.exclude(kind=Composer.Kind.BACH).filter(
        Q(in_quiz=True) & ~Q(slug__in=never) | Q(pieces__pair__in=answered)
    )
    conditions = {condition for slot in study.rounds for condition in slot}
    return Pair.objects.filter(
        Q(machine__composer__in=composers, machine__condition__in=conditions) | Q(id__in=answered)
    )


def _pool(study: Study) -> list[PoolCount]:
    alike = Q(differing=0)
    rows = (
        pairs_of(study)
        .filter(Q(set_aside="") | alike)
        .values_list("machine__composer__slug", "machine__condition")
        .annotate(
            pairs=Count("id"),
            alike=Count("id", filter=alike),
            sum=Sum("differing", output_field=models.FloatField()),
        )
        .order_by()
    )
    return [PoolCount(*row) for row in rows]
