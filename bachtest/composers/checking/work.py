"""The stages of an upload in the worker: checked, scored stage by stage, heard."""

from __future__ import annotations

import logging
from uuid import UUID

from bachtest.composers.checking import claims
from bachtest.composers.checking.accepting import accept
from bachtest.composers.checking.check_checkpoint import SiteFault
from bachtest.composers.checking.claims import Progress, UploadClaimLost, heartbeat
from bachtest.composers.checking.samples import SampleWaits, make_sample, missing_samples
from bachtest.composers.checking.scoring import missing_stages, score_missing_stage
from bachtest.composers.models import Upload
from bachtest.composers.publishing import turn_back
from bachtest.composers.steps import OF, advance
from bachtest.composers.uploading.quarantine import path_of
from generator.errors import GeneratorError, in_one_line
from generator.isolation.isolation_error import ChildNotStarted, HostNotIsolated
from generator.services.outages import describe, outage_behind

logger = logging.getLogger(__name__)


def next_stage(upload_id: UUID) -> bool:
    """Do the next stage; True if another one follows at once."""
    upload = claims.claim(upload_id)
    if upload is None:
        return False
    try:
        with heartbeat(upload) as progress:
            _do_stage(upload, progress)
    except UploadClaimLost:
        _log_lost(upload)
        return False
    except SampleWaits as waits:
        claims.put_back(upload, waits)
        return False
    except Exception as error:
        # First of all: while the database cannot be asked, nothing else can be found out.
        if outage := outage_behind(error):
            claims.put_back(upload, outage)  # recovery takes it up when the outage may be over
        elif not claims.claimed(upload).exists():  # what it worked on was taken away
            _log_lost(upload)
        elif not _ended_by(upload, error):  # a bug: the admin sees why, and it is raised again
            logger.exception("%s", upload)
            claims.fail(upload, describe(error))
            raise
        return False
    claims.release(upload)
    upload.refresh_from_db()
    return upload.status in claims.WORK_STATUSES


def _log_lost(upload: Upload) -> None:
    logger.warning("%s: somebody else took it over; this result is dropped", upload)


def _ended_by(upload: Upload, error: Exception) -> bool:
    """Whether the error is one that may happen: the upload waits for an admin, or is refused."""
    # Of these the upload is not to blame.
    if isinstance(error, HostNotIsolated | ChildNotStarted | SiteFault):
        logger.error("%s: %s", upload, in_one_line(str(error)))
        claims.fail(upload, in_one_line(str(error)))
        return True
    if not isinstance(error, GeneratorError):
        return False
    logger.warning("%s: %s", upload, in_one_line(str(error)))
    # The name under which it lies in quarantine tells nobody anything.
    own_name = path_of(upload.id).name
    turn_back(upload, str(error).replace(own_name, upload.filename or "the file"))
    claims.release(upload)
    return True


def _do_stage(upload: Upload, progress: Progress) -> None:
    if upload.status == OF.QUARANTINED:
        progress.stage("checks")
        accept(upload)
        return
    version = upload.version
    assert version is not None  # it was checked
    if stages := missing_stages(version):
        progress.stage(f"scores: {stages[0]} ({len(stages)} to go)")
        score_missing_stage(version, progress)
        return
    if samples := missing_samples(version):
        progress.stage(f"samples ({len(samples)} to go)")
        make_sample(version, samples[0])
        return
    advance(upload, [OF.CHECKED], OF.SCORED)
