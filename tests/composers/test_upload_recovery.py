"""What stops in the middle is taken up again: by a worker, by an admin, or it is cleared away."""

from __future__ import annotations

import os
from datetime import timedelta as td
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils.timezone import now
from pytest_django import Settings

from bachtest.composers.checking import accepting, check_checkpoint, claims, scoring, work
from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import Sample, Upload
from bachtest.composers.recovering import requeue
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.receiving import complete_forgotten
from bachtest.composers.uploading.withdrawing import delete_expired, withdraw
from generator.models import Composer, Piece, Version
from generator.music.corpus.works import Corpus
from tests.builders import make_version
from tests.composers.material import (
    checkpoint_bytes,
    keep_works,
    uploaded,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue", "few_stages")]


def test_a_dead_workers_upload_is_taken_up_again(
    author: User, tmp_path: Path, settings: Settings
) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    assert claims.claim(upload.id) is not None
    assert claims.claim(upload.id) is None  # it is being worked on
    Upload.objects.update(lease_until=now() - td(seconds=1), changed=now() - td(hours=1))
    assert requeue() == 1
    assert requeue() == 0  # its task is expected
    again = claims.claim(upload.id)
    assert again is not None and again.tries == 2


def test_after_three_dead_workers_an_admin_is_asked(author: User, tmp_path: Path) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    for _ in range(3):
        assert claims.claim(upload.id) is not None
        Upload.objects.update(lease_until=now() - td(seconds=1))
        claims.expire_leases()
    assert claims.claim(upload.id) is None
    upload.refresh_from_db()
    assert "3 workers died" in upload.failure
    assert claims.retry(upload)
    assert claims.claim(upload.id) is not None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_claim_drops_its_result(
    author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make_version(Composer.objects.create(slug="mine", kind="checkpoint"))
    checked = Upload.objects.create(
        owner=author, kind="checkpoint", slug="mine", length=1, status="checked", version=version
    )
    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.05)

    def slow(version: object, stage: str, progress: work.Progress) -> list[object]:
        Upload.objects.filter(id=checked.id).update(claims=99)
        assert progress.lost.wait(timeout=10)
        progress(1, 2)
        raise AssertionError("the claim was lost")

    monkeypatch.setattr(scoring, "score_stage", slow)
    assert not next_stage(checked.id)
    checked.refresh_from_db()
    assert checked.claims == 99
    assert version.scores.rows == {}


def test_a_defect_is_seen_and_tried_again(checked: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> list[object]:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(scoring, "score_stage", broken)
    with pytest.raises(ZeroDivisionError):
        next_stage(checked.id)
    checked.refresh_from_db()
    assert (checked.status, checked.failure) == ("checked", "ZeroDivisionError: ours")
    assert not next_stage(checked.id)
    assert claims.retry(checked)


def test_what_arrived_before_a_server_died_is_looked_at(author: User, tmp_path: Path) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    Upload.objects.update(status="receiving")
    assert complete_forgotten() == 1
    upload.refresh_from_db()
    assert upload.status == "quarantined"


def test_old_files_are_deleted_and_their_reasons_stay(author: User, tmp_path: Path) -> None:
    refused = uploaded(author, b"no checkpoint at all", slug="one")
    fresh = uploaded(author, b"nor is this one", slug="two")
    Upload.objects.filter(id=refused.id).update(changed=now() - td(days=31))
    assert delete_expired() == 1
    refused.refresh_from_db()
    assert refused.file_deleted and refused.reason
    assert not quarantine.path_of(refused.id).exists()
    assert quarantine.path_of(fresh.id).exists()


def test_an_upload_that_nobody_goes_on_with_expires(author: User, tmp_path: Path) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    Upload.objects.update(status="receiving", changed=now() - td(days=8))
    assert delete_expired() == 1
    upload.refresh_from_db()
    assert upload.status == "refused" and "not finished within 7 days" in upload.reason


def test_a_worker_that_died_before_it_wrote_its_result_costs_nothing(
    checked: Upload, author: User, tmp_path: Path
) -> None:
    Upload.objects.filter(id=checked.id).update(status="refused", version=None)
    again = uploaded(author, checkpoint_bytes(tmp_path))
    assert next_stage(again.id)
    again.refresh_from_db()
    assert again.version is not None and again.status == "checked"


def test_what_was_withdrawn_meanwhile_is_no_defect(
    author: User, tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_works(corpus)
    upload = uploaded(author, checkpoint_bytes(tmp_path))

    def withdrawn(path: Path) -> object:
        withdraw(upload, by="author")
        return check_checkpoint.check_checkpoint(path)

    monkeypatch.setattr(accepting, "check_checkpoint", withdrawn)
    assert not next_stage(upload.id)
    upload.refresh_from_db()
    assert (upload.status, upload.failure) == ("refused", "")
    assert not Version.objects.exists() and not Composer.objects.filter(slug="mine").exists()


def test_what_the_site_lacks_can_be_tried_again(
    author: User, tmp_path: Path, corpus: Corpus
) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    assert not next_stage(upload.id)  # there are no works
    upload.refresh_from_db()
    assert upload.status == "quarantined" and "make setup" in upload.failure
    keep_works(corpus)
    claims.retry(upload)
    assert next_stage(upload.id)


def test_a_stage_that_takes_too_long_ends(
    checked: Upload, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SCORE_SECONDS = -1.0
    assert not next_stage(checked.id)
    checked.refresh_from_db()
    assert checked.status == "refused"
    assert "took more than -1 seconds for 1 of 2" in checked.reason


def test_a_sample_that_another_worker_makes_is_waited_for(
    checked: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    while next_stage(checked.id) and not Sample.objects.exists():
        pass
    Sample.objects.all().delete()
    Piece.objects.update(status="running")
    assert not next_stage(checked.id)
    checked.refresh_from_db()
    assert checked.status == "checked" and checked.lease_until is not None


def test_files_that_no_row_knows_are_deleted(author: User, settings: Settings) -> None:
    quarantine.create(stray := uuid4())
    quarantine.create(young := uuid4())
    os.utime(quarantine.path_of(stray), (0, 0))
    delete_expired()
    assert not quarantine.path_of(stray).exists() and quarantine.path_of(young).exists()


def test_an_outage_costs_no_try_and_asks_the_database_nothing(
    checked: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object) -> list[object]:
        raise OperationalError("database is locked")

    def fails(*args: object) -> list[object]:
        monkeypatch.setattr(claims, "claimed", gone)
        gone()
        return []

    monkeypatch.setattr(scoring, "score_stage", fails)
    assert not next_stage(checked.id)
    checked.refresh_from_db()
    assert (checked.status, checked.failure, checked.stage) == ("checked", "", "")
    assert checked.tries == 0 and checked.lease_until is not None
