"""Counts of answers, kept up to date as answers come, change and go, so that no page counts them.

Every table sorts the answers in one way. Each answer that is right or wrong stands once in each
table, but in `sides` only if it is the choice of a side. Answers to unpaired items (Bach beside a
whole chorale of an outside system) stand in `unpaired` and nowhere else: the two sides are not the
same music, so their rates are no rates of the others. A cell's labels are what its table sorts
by. Its flags keep apart the answers that a design may exclude.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import CharField, Count, F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Substr

from bachtest.game.models import Answer
from bachtest.lib.compiled_query import CompiledQuery
from bachtest.results.counts.flags import FLAGS, FLAGS_VERSION, flag_column
from bachtest.results.counts.sides import BACH_SIDE, CHOSEN_SIDE
from bachtest.results.models import StoredAnalysis, Tally
from bachtest.studies.models import Study
from generator.models import Pair

BATCH = 2000
LISTENERS = "listeners"
UNPAIRED = Q(round__pair__kind=Pair.Kind.UNPAIRED)


class AnswerFacts(NamedTuple):
    """What the tables sort an answer by, in the order of `_PATHS`."""

    study: int
    correct: bool
    kind: str
    condition: str
    version: int | None
    experience: str
    item: int
    listener: str
    trial: int
    side: str
    first: bool
    chosen: str
    hour: str


# UUIDs and dates are read as text: for a million rows Python takes long to make objects of them.
_PATHS: tuple[str | Combinable, ...] = (
    "round__game__participation__study_id",
    "correct",
    "round__pair__kind",
    "round__pair__machine__condition",
    "round__pair__machine__version_id",
    "round__game__participation__experience",
    "round__pair_id",
    Cast("round__game__participation__listener_id", CharField()),
    "round__number",
    BACH_SIDE,
    "first",
    CHOSEN_SIDE,
    Substr(Cast("created", CharField()), 1, len("2026-11-21 10")),
)

Sort = Callable[[AnswerFacts], tuple[object, ...] | None]
TABLES: dict[str, Sort] = {
    "cells": lambda facts: (facts.condition, facts.version, facts.experience),
    "items": lambda facts: (facts.item,),
    LISTENERS: lambda facts: (facts.listener.replace("-", ""),),
    "trials": lambda facts: (facts.trial,),
    "sides": lambda facts: (
        (facts.side, "first" if facts.first else "second", facts.chosen) if facts.side else None
    ),
    "hours": lambda facts: (facts.hour,),
}
UNPAIRED_TABLES: dict[str, Sort] = {"unpaired": lambda facts: (facts.version,)}


class TallyKey(NamedTuple):
    study_id: int
    table: str
    labels: str
    flags: str


# Answers by key, right and wrong ones apart.
Counts = Counter[tuple[TallyKey, bool]]


@dataclass(frozen=True)
class TallyCell:
    """Answers that share labels and flags."""

    labels: tuple[str, ...]
    flags: frozenset[str]
    n: int
    correct: int


def count(answers: QuerySet[Answer]) -> Counts:
    """Count answers from their rows, for every table."""
    return _counted(_facts(answers).iterator(chunk_size=BATCH))


def count_one(answer: Answer) -> Counts:
    """The same for one that is stored, as it is in the database."""
    return _counted(_ONE_ANSWER(answer.pk))


def _facts(answers: QuerySet[Answer]) -> QuerySet[Answer, Any]:
    flags = {f"flag_{flag.name}": flag_column(flag) for flag in FLAGS}
    scored = answers.filter(correct__isnull=False)
    return scored.order_by().annotate(**flags).values_list(*_PATHS, *flags)


_ONE_ANSWER = CompiledQuery(lambda pk: _facts(Answer.objects.filter(pk=pk)), Answer._meta.pk)


def _counted(rows: Iterable[tuple[Any, ...]]) -> Counts:
    # One pass over what may be millions of answers: keys are put together once a cell.
    groups: Counter[tuple[int, str, tuple[object, ...], tuple[bool, ...], bool]] = Counter()
    width, paired, unpaired = len(_PATHS), tuple(TABLES.items()), tuple(UNPAIRED_TABLES.items())
    for row in rows:
        facts, marks = AnswerFacts(*row[:width]), row[width:]
        for table, sort in unpaired if facts.kind == Pair.Kind.UNPAIRED else paired:
            if (labels := sort(facts)) is not None:
                groups[facts.study, table, labels, marks, facts.correct] += 1
    counts: Counts = Counter()
    for (study, table, labels, marks, correct), n in groups.items():
        names = [flag.name for flag, mark in zip(FLAGS, marks, strict=True) if mark]
        key = TallyKey(study, table, "|".join(map(str, labels)), _flags_text(names))
        counts[key, correct] += n
    return counts


def record(change: Counts) -> None:
    """Write a change down, in the transaction of whatever changed."""
    Tally.objects.bulk_create(_rows(change, merged=False))


def _rows(counts: Counts, *, merged: bool) -> list[Tally]:
    rows = []
    for key in dict.fromkeys(key for key, _ in counts):
        right, wrong = counts[key, True], counts[key, False]
        if right or wrong:
            rows.append(Tally(**key._asdict(), n=right + wrong, correct=right, merged=merged))
    return rows


def read(study: Study, table: str) -> list[TallyCell]:
    """All cells of a table; the database adds up sums and changes."""
    rows = (
        Tally.objects.filter(study=study, table=table)
        .values_list("labels", "flags")
        .annotate(Sum("n"), Sum("correct"))
        .order_by()
    )
    return [
        TallyCell(tuple(labels.split("|")), frozenset(filter(None, flags.split(","))), n, correct)
        for labels, flags, n, correct in rows
        if n
    ]


def included_cells(study: Study, table: str) -> list[TallyCell]:
    """The cells of a table without the answers that the design excludes, flags added up."""
    excluded = frozenset(study.exclusions)
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    for cell in read(study, table):
        if not cell.flags & excluded:
            n, correct = sums.get(cell.labels, (0, 0))
            sums[cell.labels] = (n + cell.n, correct + cell.correct)
    return [TallyCell(labels, frozenset(), *sums[labels]) for labels in sums]


def number_of_labels(study: Study, table: str, flags: Collection[frozenset[str]]) -> int:
    """How many labels of a table have answers with one of these sets of flags.

    An index counts the labels that have a sum alone; those with changes are added up.
    """
    cells = Tally.objects.filter(study=study, table=table, flags__in=map(_flags_text, flags))
    sums, labels = cells.filter(merged=True), cells.filter(merged=False).values("labels")
    changed = cells.filter(labels__in=labels).values("labels").annotate(sum=Sum("n")).order_by()
    if len(flags) == 1:  # then no label has two sums
        unchanged = sums.count() - sums.filter(labels__in=labels).count()
        return unchanged + changed.filter(sum__gt=0).count()
    return cells.values("labels").annotate(sum=Sum("n")).filter(sum__gt=0).order_by().count()


def _flags_text(flags: Collection[str]) -> str:
    return ",".join(flag.name for flag in FLAGS if flag.name in flags)


def changes(study: Study) -> int:
    """How many answers and deletions wait to be merged; a change of flags counts as two."""
    return sum(n for _, n in _CHANGES(study.pk))


def _changes(study: Any) -> QuerySet[Tally, Any]:
    # Each answer stands in one of these.
    tables = ("trials", *UNPAIRED_TABLES)
    waiting = Tally.objects.filter(study=study, table__in=tables, merged=False)
    return waiting.order_by().values_list("study").annotate(Count("id"))


_CHANGES = CompiledQuery(_changes, Study._meta.pk)


def merge(study: Study) -> int:
    """Add the changes to the sums. Readers see the same numbers before and after."""
    with transaction.atomic():
        # Two merges at once would add the same changes twice. Games may still begin.
        list(Study.objects.select_for_update(no_key=True).filter(id=study.id))
        waiting = list(Tally.objects.filter(study=study, merged=False))
        sums: dict[TallyKey, tuple[int, int]] = {}
        for row in waiting:
            key = TallyKey(row.study_id, row.table, row.labels, row.flags)
            n, correct = sums.get(key, (0, 0))
            sums[key] = (n + row.n, correct + row.correct)
        for key, (n, correct) in sums.items():
            _add(key, n, correct)
        ids = [row.id for row in waiting]
        for start in range(0, len(ids), BATCH):
            Tally.objects.filter(id__in=ids[start : start + BATCH]).delete()
    return len(waiting)


def _add(key: TallyKey, n: int, correct: int) -> None:
    cell = Tally.objects.filter(**key._asdict(), merged=True)
    if not cell.update(n=F("n") + n, correct=F("correct") + correct):
        Tally.objects.create(**key._asdict(), n=n, correct=correct, merged=True)
    cell.filter(n=0).delete()


def rebuild(study: Study) -> int:
    """Count every answer again; new answers wait meanwhile."""
    with transaction.atomic():
        # An answer between the two queries would be counted twice. Its commit waits for this lock,
        # since its changes point to the study.
        list(Study.objects.select_for_update().filter(id=study.id))
        Tally.objects.filter(study=study).delete()
        rows = _rows(
            count(Answer.objects.filter(round__game__participation__study=study)), merged=True
        )
        Tally.objects.bulk_create(rows, batch_size=BATCH)
        version = {"flags_version": FLAGS_VERSION}
        StoredAnalysis.objects.update_or_create(study=study, defaults=version)
    return len(rows)


def ensure_counted(study: Study) -> None:
    """Count all answers, unless they were counted under the present flags."""
    if not StoredAnalysis.objects.filter(study=study, flags_version=FLAGS_VERSION).exists():
        rebuild(study)
