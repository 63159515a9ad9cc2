"""Counts of answers, kept as answers come, change and go, so that no page counts them again.

Every table is one way to sort the answers, and each answer stands once in each. A cell's labels are
what its table sorts by; its flags keep apart what a design may leave out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.db.models import CharField, F, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Substr

from bachtest.game.models import Answer
from bachtest.results.counts.flags import FLAGS, FLAGS_VERSION, flag_column
from bachtest.results.models import Analysis, Tally
from bachtest.studies.models import Study

BATCH = 2000
LISTENERS = "listeners"


class Fact(NamedTuple):
    """What is counted of an answer, in the order of `_PATHS`."""

    study: int
    correct: bool
    condition: str
    composer: int
    experience: str
    item: int
    listener: str
    trial: int
    side: str
    first: bool
    chosen: str
    hour: str


# What takes Python long to read of a million rows, a UUID and a date, is read as text.
_PATHS: tuple[str | Combinable, ...] = (
    "round__game__study_id",
    "correct",
    "round__pair__machine__condition",
    "round__pair__machine__composer_id",
    "round__game__listener__experience",
    "round__pair_id",
    Cast("round__game__listener_id", CharField()),
    "round__number",
    "round__bach_side",
    "first",
    "chosen",
    Substr(Cast("created", CharField()), 1, len("2026-11-21 10")),
)

TABLES: dict[str, Callable[[Fact], tuple[object, ...]]] = {
    "cells": lambda fact: (fact.condition, fact.composer, fact.experience),
    "items": lambda fact: (fact.item,),
    LISTENERS: lambda fact: (fact.listener.replace("-", ""),),
    "trials": lambda fact: (fact.trial,),
    "sides": lambda fact: (fact.side, "first" if fact.first else "second", fact.chosen),
    "hours": lambda fact: (fact.hour,),
}


class Key(NamedTuple):
    study_id: int
    table: str
    labels: str
    flags: str


# Answers by key and by whether they are right.
Counts = Counter[tuple[Key, bool]]


@dataclass(frozen=True)
class Cell:
    """Answers that share labels and flags."""

    labels: tuple[str, ...]
    flags: frozenset[str]
    n: int
    correct: int


def count(answers: QuerySet[Answer]) -> Counts:
    """The answers counted anew, in every table."""
    # One pass over what may be millions: names are put together for each cell, not each answer.
    raw: Counter[tuple[int, str, tuple[object, ...], tuple[bool, ...], bool]] = Counter()
    marks = {f"flag_{flag.name}": flag_column(flag) for flag in FLAGS}
    rows = answers.order_by().annotate(**marks).values_list(*_PATHS, *marks)
    width, tables = len(_PATHS), tuple(TABLES.items())
    for row in rows.iterator(chunk_size=BATCH):
        fact, marked = Fact(*row[:width]), row[width:]
        for table, sort in tables:
            raw[fact.study, table, sort(fact), marked, fact.correct] += 1
    counts: Counts = Counter()
    for (study, table, labels, marked, correct), n in raw.items():
        names = [flag.name for flag, mark in zip(FLAGS, marked, strict=True) if mark]
        key = Key(study, table, "|".join(map(str, labels)), _flags_text(names))
        counts[key, correct] += n
    return counts


def note(change: Counts) -> None:
    """Write a change down; in the transaction of whatever changed."""
    Tally.objects.bulk_create(_rows(change, merged=False))


def _rows(counts: Counts, *, merged: bool) -> list[Tally]:
    rows = []
    for key in dict.fromkeys(key for key, _ in counts):
        right, wrong = counts[key, True], counts[key, False]
        if right or wrong:
            rows.append(Tally(**key._asdict(), n=right + wrong, correct=right, merged=merged))
    return rows


def read(study: Study, table: str) -> list[Cell]:
    """All cells of a table, sums and changes added up by the database."""
    rows = (
        Tally.objects.filter(study=study, table=table)
        .values_list("labels", "flags")
        .annotate(Sum("n"), Sum("correct"))
        .order_by()
    )
    return [
        Cell(tuple(labels.split("|")), frozenset(filter(None, flags.split(","))), n, correct)
        for labels, flags, n, correct in rows
        if n
    ]


def kept_cells(study: Study, table: str) -> list[Cell]:
    """The cells of a table without what the design leaves out, flags added up."""
    excluded = frozenset(study.exclusions)
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    for cell in read(study, table):
        if not cell.flags & excluded:
            n, correct = sums.get(cell.labels, (0, 0))
            sums[cell.labels] = (n + cell.n, correct + cell.correct)
    return [Cell(labels, frozenset(), *sums[labels]) for labels in sums]


def number_of_labels(study: Study, table: str, flags: Collection[frozenset[str]]) -> int:
    """How many labels of a table have answers with one of these sets of flags.

    The sums are counted by an index alone; labels with changes are left out of that and added up.
    """
    cells = Tally.objects.filter(study=study, table=table, flags__in=map(_flags_text, flags))
    sums, labels = cells.filter(merged=True), cells.filter(merged=False).values("labels")
    now = cells.filter(labels__in=labels).values("labels").annotate(sum=Sum("n")).order_by()
    if len(flags) == 1:  # then no label has two sums
        return sums.count() - sums.filter(labels__in=labels).count() + now.filter(sum__gt=0).count()
    return cells.values("labels").annotate(sum=Sum("n")).filter(sum__gt=0).order_by().count()


def _flags_text(flags: Collection[str]) -> str:
    return ",".join(flag.name for flag in FLAGS if flag.name in flags)


def changes(study: Study) -> int:
    """Answers and deletions that wait to be merged, about."""
    return Tally.objects.filter(study=study, merged=False).count() // len(TABLES)


def merge(study: Study) -> int:
    """Add the changes to the sums; readers see the same numbers before and after."""
    with transaction.atomic():
        _lock(study)
        waiting = list(Tally.objects.filter(study=study, merged=False))
        sums: dict[Key, tuple[int, int]] = {}
        for row in waiting:
            key = Key(row.study_id, row.table, row.labels, row.flags)
            n, correct = sums.get(key, (0, 0))
            sums[key] = (n + row.n, correct + row.correct)
        for key, (n, correct) in sums.items():
            _add(key, n, correct)
        ids = [row.id for row in waiting]
        for start in range(0, len(ids), BATCH):
            Tally.objects.filter(id__in=ids[start : start + BATCH]).delete()
    return len(waiting)


def _add(key: Key, n: int, correct: int) -> None:
    cell = Tally.objects.filter(**key._asdict(), merged=True)
    if not cell.update(n=F("n") + n, correct=F("correct") + correct):
        Tally.objects.create(**key._asdict(), n=n, correct=correct, merged=True)
    cell.filter(n=0).delete()


def rebuild(study: Study) -> int:
    """Count everything anew; new answers wait meanwhile."""
    with transaction.atomic():
        _lock(study)
        Tally.objects.filter(study=study).delete()
        rows = _rows(count(Answer.objects.filter(round__game__study=study)), merged=True)
        Tally.objects.bulk_create(rows, batch_size=BATCH)
        Analysis.objects.update_or_create(study=study, defaults={"flags_version": FLAGS_VERSION})
    return len(rows)


def ensure_counted(study: Study) -> None:
    """Count all answers unless that was done under the present flags."""
    if not Analysis.objects.filter(study=study, flags_version=FLAGS_VERSION).exists():
        rebuild(study)


def _lock(study: Study) -> None:
    # Two merges at once would add the same changes twice. Games may still begin meanwhile.
    list(Study.objects.select_for_update(no_key=True).filter(id=study.id))
