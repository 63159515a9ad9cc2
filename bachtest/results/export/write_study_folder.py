"""A study as a folder of tables: everything behind its numbers, and nobody's name.

DIR/answers.csv games.csv listeners.csv items.csv composers.csv   the tables
DIR/unpaired_answers.csv        answers to whole chorales of collections, if there are any
DIR/codebook.csv                what every column means, and what it was in version 1
DIR/design.json                 the study's design, as `bachtest.stats` reads it
DIR/dataset_description.json    the description that Psych-DS asks for
DIR/data/study-..._data.csv     the tables again, named as Psych-DS asks
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from bachtest.lib.errors import AppError
from bachtest.results.counts.flags import FLAGS_VERSION, unknown_exclusions
from bachtest.results.export.columns import CHANGED_SINCE_1, as_rendering, as_short
from bachtest.results.export.sorted_rows import Row, RowProgress
from bachtest.results.export.tables import Sheet, sheets_of
from bachtest.studies.models import Study

EXPORT_VERSION = 6


# Opens a file of the export by its name.
OpenFile = Callable[[str], AbstractContextManager[TextIO]]


def export_study(study: Study, out: Path) -> list[Sheet]:
    """Write the export beside its place, and move it there once it is complete."""
    out = out.absolute()
    _check_place(out)
    check_exportable(study)
    try:
        with TemporaryDirectory(prefix=f".{out.name}-rows-", dir=out.parent) as spool:
            sheets = sheets_of(study, Path(spool))
            draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
            try:
                _write_folder(draft, study, sheets)
                draft.chmod(0o755)
                draft.replace(out)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise AppError(f"cannot write {out}: {error.strerror or error}", "export") from None
    return sheets


def check_exportable(study: Study) -> None:
    if unknown := unknown_exclusions(study):
        raise AppError(
            f"the design of {study.slug!r} excludes answers by the flag {unknown[0]!r}, which does"
            " not exist; correct its exclusions",
            "export",
        )


def _check_place(out: Path) -> None:
    try:
        if out.is_dir() and any(out.iterdir()):
            raise AppError(f"{out} is not empty; choose a new folder", "export")
    except OSError as error:
        raise AppError(f"cannot read {out}: {error.strerror or error}", "export") from None
    if out.exists() and not out.is_dir():
        raise AppError(f"{out} is a file; choose a new folder", "export")
    if not out.parent.is_dir():
        raise AppError(f"{out.parent} is not a folder; create it first", "export")


def _write_folder(folder: Path, study: Study, sheets: Sequence[Sheet]) -> None:
    (folder / "data").mkdir()
    write_files(lambda name: (folder / name).open("w", newline="", encoding="utf-8"), study, sheets)


def write_files(
    open_file: OpenFile,
    study: Study,
    sheets: Sequence[Sheet],
    progress: RowProgress | None = None,
) -> None:
    """All files of an export, one after the other, wherever they are opened."""
    progress = progress or RowProgress()
    name = re.sub(r"[^A-Za-z0-9]", "", study.slug)
    for sheet in sheets:
        psych_ds = f"data/study-{name}_description-{sheet.name}_data.csv"
        for path in (f"{sheet.name}.csv", psych_ds):
            with open_file(path) as file:
                _write_csv(file, sheet.header, sheet.rows, progress)
    header = ("file", "column", "meaning", "version_1")
    with open_file("codebook.csv") as file:
        _write_csv(file, header, _codebook(sheets), RowProgress())
    for path, value in (
        ("design.json", _design(study)),
        ("dataset_description.json", _description(study, sheets)),
    ):
        with open_file(path) as file:
            file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _codebook(sheets: Sequence[Sheet]) -> list[tuple[str, str, str, str]]:
    """The last cell is empty unless version 1 of the export differs."""
    return [
        (file, column.name, column.meaning, CHANGED_SINCE_1.get((file, column.name), ""))
        for sheet in sheets
        for file in (f"{sheet.name}.csv",)
        for column in sheet.columns
    ]


def _write_csv(
    file: TextIO, header: Sequence[str], rows: Iterable[Row], progress: RowProgress
) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        progress.advance()


def _weights(study: Study) -> dict[str, float]:
    """By slug; where a study plays several versions of a composer, by slug and version."""
    rows = study.composers.select_related("version__composer").order_by("id")
    slugs = Counter(row.composer.slug for row in rows)
    return {
        row.composer.slug if slugs[row.composer.slug] == 1 else str(row.version): as_short(
            row.weight
        )
        for row in rows
    }


def _design(study: Study) -> dict[str, Any]:
    return {
        "export_version": EXPORT_VERSION,
        "flags_version": FLAGS_VERSION,
        "study": study.slug,
        "title": study.title,
        "rounds": study.rounds,
        "composers": _weights(study),
        "protocol": study.protocol,
        "feedback": study.feedback,
        "listen_seconds": study.seconds_to_hear(),
        "rendering": as_rendering(study.rendering),
        "margin": study.margin,
        "exclusions": study.exclusions,
        "stopping": study.stopping,
        "consent_version": study.consent_version,
        "consent_text": study.consent_text,
    }


def _description(study: Study, sheets: Sequence[Sheet]) -> dict[str, Any]:
    # A column in several tables is one variable; the first table says what it means.
    meanings: dict[str, str] = {}
    for sheet in sheets:
        for column in sheet.columns:
            meanings.setdefault(column.name, column.meaning)
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": study.title,
        "description": (
            f"Answers from the study {study.slug!r}. A listener hears two clips of a four-part"
            " chorale: one is Bach; in the other a machine wrote some or all of the voices. Which"
            " is Bach?"
        ),
        "schemaVersion": "Psych-DS 0.4.0",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": name, "description": meaning}
            for name, meaning in meanings.items()
        ],
    }
