"""The ZIPs: made by a worker for one person, kept for some days."""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.timezone import now

from bachtest.lib.errors import AppError
from bachtest.results.export.export_claims import (
    ClaimedProgress,
    ExportLost,
    claim_export,
    end_export,
    fail_export,
    put_export_back,
    written_progress,
)
from bachtest.results.export.write_study_zip import write_study_zip
from bachtest.results.models import ExportJob
from generator.services.outages import describe, outage_behind

logger = logging.getLogger(__name__)

DAYS_KEPT = 7
# Nobody writes to a file for so long without touching it.
ABANDONED_SECONDS = 24 * 3600


def path_of(name: str) -> Path:
    return Path(settings.EXPORTS_DIR) / name


def make_zip(job_id: int) -> None:
    """Make an export that waits; its row says how that ended.

    1. Claim it by a conditional update; a worker that changes no row leaves it alone.
    2. Renew the lease while working, and write down how far it is.
    3. Put the ZIP into its place, then name it in the row if the claim still stands.
    4. After an outage of the database let it wait; a full disk or a defect fails it, since
       somebody looks on and can start again.
    """
    job = claim_export(job_id)
    if job is None:
        return
    try:
        with written_progress(job) as progress:
            _make(job, progress)
    except ExportLost:
        logger.warning("%s: another worker took over; this file is dropped", job)
    except AppError as error:
        fail_export(job, error.message)
    except OSError as error:
        logger.warning("%s: %s", job, describe(error))
        fail_export(job, f"the file could not be written: {error.strerror or error}")
    except Exception as error:
        if outage := outage_behind(error):
            put_export_back(job, describe(outage))
            return
        logger.exception("%s", job)
        fail_export(job, f"a defect of this software: {describe(error)}")
        raise


def _make(job: ExportJob, progress: ClaimedProgress) -> None:
    name = f"{secrets.token_hex(16)}.zip"
    path = path_of(name)
    size = write_study_zip(job.study, path, progress)
    values = {"done": progress.total, "total": progress.total, "bytes": size, "reason": ""}
    ended = {"status": ExportJob.Status.DONE, "file": name, "finished": now()}
    if not end_export(job, **values, **ended):
        path.unlink(missing_ok=True)
        raise ExportLost


def delete_old_exports() -> int:
    """Delete ZIPs that are some days old, and what dead workers left; how many ZIPs."""
    old = ExportJob.objects.exclude(file="").filter(finished__lt=now() - timedelta(days=DAYS_KEPT))
    deleted = 0
    for job_id, name in old.values_list("id", "file"):
        path_of(name).unlink(missing_ok=True)
        deleted += ExportJob.objects.filter(id=job_id, file=name).update(file="")
    _delete_abandoned()
    return deleted


def _delete_abandoned() -> None:
    folder = Path(settings.EXPORTS_DIR)
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another worker deletes too
            if path.stat().st_mtime > time.time() - ABANDONED_SECONDS:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif not ExportJob.objects.filter(file=path.name).exists():
                path.unlink()
