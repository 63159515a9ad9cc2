"""The folder of `export_study` as one ZIP, written as it is read, so that memory stays small."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.timezone import now

from bachtest.results.export.sorted_rows import RowProgress
from bachtest.results.export.tables import sheets_of
from bachtest.results.export.write_study_folder import check_exportable, write_files
from bachtest.studies.models import Study

PART = ".part"


def write_study_zip(study: Study, path: Path, progress: RowProgress) -> int:
    """Write the ZIP beside its place, and move it there once it is complete; its bytes.

    Raises
    ------
    AppError
        If the design cannot be exported.
    OSError
        If the disk is full, or cannot be written to.
    """
    check_exportable(study)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}{PART}")
    try:
        with TemporaryDirectory(prefix=f".{path.name}-rows-", dir=path.parent) as spool:
            sheets = sheets_of(study, Path(spool), progress)
            with draft.open("wb") as file:
                with ZipFile(file, "w", ZIP_DEFLATED) as archive:

                    @contextmanager
                    def entry(name: str) -> Iterator[TextIO]:
                        with _entry(archive, f"{study.slug}/{name}") as text:
                            yield text

                    write_files(entry, study, sheets, progress)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return size


@contextmanager
def _entry(archive: ZipFile, name: str) -> Iterator[TextIO]:
    info = ZipInfo(name, now().timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with (
        # Its size is not known beforehand.
        archive.open(info, "w", force_zip64=True) as raw,
        TextIOWrapper(raw, encoding="utf-8", newline="") as text,
    ):
        yield text
