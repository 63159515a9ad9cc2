"""The tables of an export, read from the database."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bachtest.game.models import Game, Participation
from bachtest.lib.snapshot import snapshot
from bachtest.results.counts.answers import answers_of, pairs_of, unpaired_answers_of
from bachtest.results.export import columns
from bachtest.results.export.columns import ExportColumn
from bachtest.studies.models import Study
from generator.models import Version


@dataclass(frozen=True)
class Sheet:
    """A table as it is written. Rows are sorted by its first columns, never by time."""

    name: str
    columns: tuple[ExportColumn, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def sheets_of(study: Study) -> list[Sheet]:
    """All tables of a study. They share their pseudonyms with each other, with no other export."""
    names: dict[UUID, str] = defaultdict(lambda: secrets.token_hex(8))
    pseudonym = names.__getitem__
    games = Game.objects.filter(participation__study=study)
    listeners = Participation.objects.filter(games__in=games).distinct()
    items = pairs_of(study)
    versions = Version.objects.filter(pieces__pairs__in=items).distinct()
    # So that the tables agree with each other while people play.
    with snapshot():
        sheets = [
            _sheet("answers", answers_of(study), columns.answer_columns(pseudonym), sort=3),
            _sheet("games", games, columns.game_columns(pseudonym), sort=2),
            _sheet("listeners", listeners, columns.listener_columns(pseudonym), sort=1),
            _sheet("items", items, columns.item_columns(study, items.clips()), sort=1),
            _sheet("composers", versions, columns.composer_columns(study), sort=6),
        ]
        unpaired = unpaired_answers_of(study)
        described = columns.answer_columns(pseudonym)
        apart = _sheet("unpaired_answers", unpaired, described, sort=3)
    return [*sheets, apart] if apart.rows else sheets


def _sheet(
    name: str, records: QuerySet[Any, Any], described: Sequence[ExportColumn], *, sort: int
) -> Sheet:
    # Aggregates need an alias, and no model has a field that begins like this.
    expressions = {
        f"column_{column.name}": column.source
        for column in described
        if not isinstance(column.source, str)
    }
    paths = (
        column.source if isinstance(column.source, str) else f"column_{column.name}"
        for column in described
    )
    rows = [
        tuple(column.convert(value) for column, value in zip(described, row, strict=True))
        for row in records.order_by().annotate(**expressions).values_list(*paths)
    ]
    return Sheet(name, tuple(described), tuple(sorted(rows, key=lambda row: row[:sort])))
