"""The only bridge from rows to statistics: tallies in, a report of `bachtest.stats` out.

The work grows with the number of cells, not of answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum

from bachtest.game.models import Answer
from bachtest.results.counts.composer_labels import ComposerLabels, composer_labels
from bachtest.results.counts.flags import FLAGS
from bachtest.results.counts.tallies import (
    UNPAIRED,
    TallyCell,
    ensure_counted,
    included_cells,
    number_of_labels,
    read,
)
from bachtest.stats.rates import summary
from bachtest.stats.rates.identical_pairs import PoolCount, identical_pairs
from bachtest.stats.rates.summary import Breakdown, summarise
from bachtest.stats.report.pooled_report import GROUPS, Flagged, Report
from bachtest.studies.models import Study
from generator.models import Pair, PairQuerySet, Version

FIELDS = ("condition", "composer", "experience")


def answers_of(study: Study) -> QuerySet[Answer]:
    """Without those to unpaired items, which are analysed apart."""
    return _answers_of(study).exclude(UNPAIRED)


def unpaired_answers_of(study: Study) -> QuerySet[Answer]:
    return _answers_of(study).filter(UNPAIRED)


def _answers_of(study: Study) -> QuerySet[Answer]:
    return Answer.objects.filter(round__game__participation__study=study)


def study_report(study: Study, *, by: Sequence[Sequence[str]] = ()) -> Report:
    """What `python -m bachtest.stats` says about the study's export, from the tallies."""
    ensure_counted(study)
    labels = composer_labels(study)
    cells = _named(read(study, "cells"), labels)
    excluded = frozenset(study.exclusions)
    included = [cell for cell in cells if not cell.flags & excluded]
    flags = {cell.flags for cell in included}
    groups = [*GROUPS, *(tuple(group) for group in by if tuple(group) not in GROUPS)]
    return Report(
        source=study.slug,
        of_answers=True,
        answers=sum(cell.n for cell in cells),
        ties=0,
        overall=summarise(counts_of(included, ())).cells[0],
        everything=summarise(counts_of(cells, ())).cells[0],
        listeners=number_of_labels(study, "listeners", flags),
        items=number_of_labels(study, "items", flags),
        flags=tuple(
            Flagged(
                flag.name,
                sum(cell.n for cell in cells if flag.name in cell.flags),
                flag.name in excluded,
            )
            for flag in FLAGS
        ),
        breakdowns=tuple(summarise(counts_of(included, group), group) for group in groups),
        identical_pairs=identical_pairs(
            _pool(study, labels), counts_of(included, ("composer", "condition"))
        ),
        margin=study.margin,
    )


def unpaired_rates(study: Study) -> Breakdown:
    """By composer, what `python -m bachtest.stats` says about the export's unpaired answers."""
    ensure_counted(study)
    labels = {str(version): label for version, (label, _) in composer_labels(study).items()}
    counts = [
        summary.AnswerCount((labels[version],), cell.n, cell.correct)
        for cell in included_cells(study, "unpaired")
        for version in cell.labels
    ]
    return summarise(counts, ["composer"])


def _named(cells: Iterable[TallyCell], labels: ComposerLabels) -> list[TallyCell]:
    """The tallies know versions by their ids, which never change; a report names them."""
    names = {str(version): label for version, (label, _) in labels.items()}

    def named(condition: str, version: str, experience: str) -> tuple[str, ...]:
        return condition, names[version], experience

    return [replace(cell, labels=named(*cell.labels)) for cell in cells]


def counts_of(cells: Iterable[TallyCell], by: Sequence[str]) -> list[summary.AnswerCount]:
    columns = [FIELDS.index(field) for field in by]
    return [
        summary.AnswerCount(tuple(cell.labels[column] for column in columns), cell.n, cell.correct)
        for cell in cells
    ]


def pairs_of(study: Study) -> PairQuerySet:
    """The study's items: the pairs of its conditions and versions, and all that were answered."""
    answered = Pair.objects.filter(
        rounds__answer__isnull=False, rounds__game__participation__study=study
    )
    versions = Version.objects.filter(Q(id__in=study.weights()) | Q(pieces__pairs__in=answered))
    conditions = {condition for slot in study.rounds for condition in slot}
    return Pair.objects.filter(
        Q(machine__version__in=versions, machine__condition__in=conditions) | Q(id__in=answered)
    )


def _pool(study: Study, labels: ComposerLabels) -> list[PoolCount]:
    identical = Q(differing=0)
    rows = (
        pairs_of(study)
        .filter(Q(excluded_reason="") | identical, differing__isnull=False)
        .values_list("machine__version", "machine__condition")
        .annotate(
            pairs=Count("id"),
            identical=Count("id", filter=identical),
            sum=Sum("differing", output_field=models.FloatField()),
        )
        .order_by()
    )
    return [PoolCount(labels[version].label, *counts) for version, *counts in rows]
