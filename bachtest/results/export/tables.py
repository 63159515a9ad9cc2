"""The tables of an export, read from the database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bachtest.game.models import Game, Participation
from bachtest.lib.snapshot import snapshot
from bachtest.results.counts.answers import answers_of, pairs_of, unpaired_answers_of
from bachtest.results.counts.tallies import BATCH
from bachtest.results.export import columns
from bachtest.results.export.columns import Convert, ExportColumn
from bachtest.results.export.sorted_rows import Row, RowProgress, SortedRows
from bachtest.studies.models import Study
from generator.models import Version

UNPAIRED_SHEET = "unpaired_answers"
# A row is read once, and written to two files.
PASSES = 3


@dataclass(frozen=True)
class SheetSource:
    """Where the rows of a table come from, and by how many of its first columns it is sorted."""

    name: str
    records: QuerySet[Any, Any]
    columns: Sequence[ExportColumn]
    sort: int


@dataclass(frozen=True)
class Sheet:
    """A table as it is written. Rows are sorted by its first columns, never by time."""

    name: str
    columns: tuple[ExportColumn, ...]
    rows: SortedRows

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def sheets_of(study: Study, spool: Path, progress: RowProgress | None = None) -> list[Sheet]:
    """All tables of a study. They share their pseudonyms with each other, with no other export.

    Rows that memory should not hold lie in files in `spool` as long as the tables are needed.
    """
    progress = progress or RowProgress()
    # So that the tables agree with each other while people play.
    with snapshot():
        sources = _sources(study, _new_pseudonyms())
        for source in sources:
            progress.expect(PASSES * source.records.count())
        sheets = [_sheet(source, spool, progress) for source in sources]
    return [sheet for sheet in sheets if len(sheet.rows) or sheet.name != UNPAIRED_SHEET]


def _new_pseudonyms() -> Convert:
    """Random to whoever lacks the key, which nobody keeps."""
    key = secrets.token_bytes(32)

    def pseudonym(row: UUID) -> str:
        return blake2b(row.bytes, key=key, digest_size=8).hexdigest()

    return pseudonym


def _sources(study: Study, pseudonym: Convert) -> list[SheetSource]:
    games = Game.objects.filter(participation__study=study)
    listeners = Participation.objects.filter(games__in=games).distinct()
    items = pairs_of(study)
    clips = items.clips(study.rendering)
    versions = Version.objects.filter(pieces__pairs__in=items).distinct()
    answers = columns.answer_columns(pseudonym)
    return [
        SheetSource("answers", answers_of(study), answers, sort=3),
        SheetSource("games", games, columns.game_columns(pseudonym), sort=2),
        SheetSource("listeners", listeners, columns.listener_columns(pseudonym), sort=1),
        SheetSource("items", items, columns.item_columns(study, clips), sort=1),
        SheetSource("composers", versions, columns.composer_columns(study), sort=6),
        SheetSource(UNPAIRED_SHEET, unpaired_answers_of(study), answers, sort=3),
    ]


def _sheet(source: SheetSource, spool: Path, progress: RowProgress) -> Sheet:
    rows = SortedRows(_rows(source, progress), sort=source.sort, spool=spool, name=source.name)
    return Sheet(source.name, tuple(source.columns), rows)


def _rows(source: SheetSource, progress: RowProgress) -> Iterator[Row]:
    # Aggregates need an alias, and no model has a field that begins like this.
    expressions = {
        f"column_{column.name}": column.source
        for column in source.columns
        if not isinstance(column.source, str)
    }
    paths = (
        column.source if isinstance(column.source, str) else f"column_{column.name}"
        for column in source.columns
    )
    converters = [column.convert for column in source.columns]
    records = source.records.order_by().annotate(**expressions).values_list(*paths)
    for row in records.iterator(chunk_size=BATCH):
        progress.advance()
        yield tuple(convert(value) for convert, value in zip(converters, row, strict=True))
