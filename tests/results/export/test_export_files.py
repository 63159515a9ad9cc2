"""An export that a person ordered is made once, whole, and deleted after some days."""

from __future__ import annotations

import csv
import errno
import os
import time
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError
from django.utils.timezone import now
from django_tasks import default_task_backend

from bachtest.lib.errors import AppError
from bachtest.results.export import export_claims, export_files
from bachtest.results.export.export_claims import ExportLost, claim_export, claimed_export
from bachtest.results.export.export_files import make_zip, path_of
from bachtest.results.export.export_orders import new_export
from bachtest.results.models import ExportJob
from bachtest.results.tasks import order_export
from bachtest.stats.__main__ import main
from bachtest.studies.models import Study
from generator.tasks import recover

QUEUED_AGAIN, DELETED = "exports queued again", "exports deleted after 7 days"
DONE, FAILED = ExportJob.Status.DONE, ExportJob.Status.FAILED


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.EXPORTS_DIR = tmp_path / "exports"
    return settings.EXPORTS_DIR


@pytest.fixture
def ada(db, folder) -> User:
    return User.objects.create_user("ada", is_staff=True)


def made(job: ExportJob) -> ExportJob:
    make_zip(job.id)
    job.refresh_from_db()
    return job


def files(folder: Path) -> dict[str, list[list[str]]]:
    """Tables without the columns that are drawn for each export, in an order of their own."""
    tables = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        kept = [i for i, name in enumerate(header) if name not in ("listener", "game")]
        lines = sorted([row[i] for i in kept] for row in rows) if path.suffix == ".csv" else rows
        tables[path.relative_to(folder).as_posix()] = [header, *lines]
    return tables


def test_the_zip_holds_the_folder_of_the_command(played, ada, folder, tmp_path, capsys):
    job = made(new_export(played, ada))
    assert (job.status, job.reason) == (DONE, "")
    assert job.done == job.total == 3 * (28 + 12 + 12 + 5 + 2)
    [path] = folder.iterdir()
    assert (path.name, path.stat().st_size) == (job.file, job.bytes)
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    assert files(tmp_path / "quiz") == files(tmp_path / "out")
    capsys.readouterr()
    assert main([str(tmp_path / "quiz"), "--pooled"]) == 0
    assert "18 of 26" in capsys.readouterr().out


def test_pseudonyms_differ_between_two_exports(played, ada, tmp_path):
    ids = []
    for _ in range(2):
        job = made(new_export(played, ada))
        with ZipFile(path_of(job.file)) as archive:
            archive.extractall(tmp_path)
        with (tmp_path / "quiz" / "listeners.csv").open() as file:
            ids.append({row["listener"] for row in csv.DictReader(file)})
    assert not ids[0] & ids[1]


def test_a_second_task_for_the_same_export_finds_nothing_to_do(played, ada, folder):
    job = made(new_export(played, ada))
    make_zip(job.id)
    assert len(list(folder.iterdir())) == 1


def test_a_full_disk_fails_it_and_leaves_nothing(played, ada, folder, monkeypatch):
    def full_disk(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    job = made(new_export(played, ada))
    assert job.status == FAILED
    assert job.reason == "the file could not be written: No space left on device"
    assert list(folder.iterdir()) == []
    assert new_export(played, ada).status == "queued", "the person can start again"


def test_an_outage_of_the_database_lets_it_wait(played, ada, folder, monkeypatch):
    def locked(*arguments):
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(export_files, "write_study_zip", locked)
        job = made(new_export(played, ada))
    assert (job.status, job.tries) == ("queued", 0)
    assert "database is locked" in job.reason
    assert (made(job).status, job.tries) == (DONE, 1)


def test_a_defect_fails_it_and_is_raised(played, ada, monkeypatch):
    def broken(*arguments):
        raise KeyError("x")

    monkeypatch.setattr(export_files, "write_study_zip", broken)
    job = new_export(played, ada)
    with pytest.raises(KeyError):
        make_zip(job.id)
    job.refresh_from_db()
    assert (job.status, "KeyError" in job.reason) == (FAILED, True)


def test_a_design_that_cannot_be_exported_is_refused_at_once(played, ada):
    played.exclusions = ["late"]
    played.save()
    with pytest.raises(AppError, match="the flag 'late', which does not exist"):
        new_export(played, ada)
    assert not ExportJob.objects.exists()


def test_a_worker_whose_claim_was_lost_drops_its_file(played, ada, folder, monkeypatch):
    job = new_export(played, ada)
    write = export_files.write_study_zip

    def slow(*arguments):
        size = write(*arguments)
        ExportJob.objects.filter(id=job.id).update(status="queued")
        assert claim_export(job.id).claims == 2
        return size

    monkeypatch.setattr(export_files, "write_study_zip", slow)
    assert made(job).status == "running"
    assert list(folder.iterdir()) == []


def test_rows_stop_once_the_claim_is_lost(played, ada):
    progress = export_claims.ClaimedProgress(claim_export(new_export(played, ada).id))
    progress.advance()
    progress.lost.set()
    with pytest.raises(ExportLost):
        progress.advance()


@pytest.mark.django_db(transaction=True)
def test_progress_is_written_while_it_is_made(ada, folder, monkeypatch):
    """By a thread with a connection of its own, so that everybody sees it at once."""
    study = Study.objects.get_or_create(slug="quiz")[0]
    monkeypatch.setattr(export_claims, "BEAT_SECONDS", 0.01)
    job = new_export(study, ada)
    seen = []

    def watched(study, path, progress):
        before = ExportJob.objects.get(id=job.id).lease_until
        progress.total, progress.done = 10, 4
        for _ in range(1000):
            row = ExportJob.objects.get(id=job.id)
            if row.done:
                break
            time.sleep(0.01)
        seen.append((row.done, row.total, row.lease_until > before))
        return 0

    monkeypatch.setattr(export_files, "write_study_zip", watched)
    assert made(job).status == DONE
    assert seen == [(4, 10, True)]


def test_ordering_queues_it_before_pieces(
    played, ada, recorded_queue, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = order_export(played, ada)
    [task] = default_task_backend.results
    assert (task.args, task.task.priority) == ([job.id], 10)


def test_recovery_takes_up_what_a_dead_worker_left(played, ada, recorded_queue):
    job = claim_export(new_export(played, ada).id)
    assert recover()[QUEUED_AGAIN] == 0, "its worker is alive"
    past = {"lease_until": now() - timedelta(seconds=1)}
    claimed_export(job).update(**past)
    assert recover()[QUEUED_AGAIN] == 1
    assert recover()[QUEUED_AGAIN] == 0, "a task is expected now"
    assert not claimed_export(job).exists()
    assert made(job).status == DONE


def test_after_three_deaths_it_fails(played, ada, recorded_queue):
    job = new_export(played, ada)
    for _ in range(3):
        ExportJob.objects.filter(id=job.id).update(status="queued")
        claim_export(job.id)
        ExportJob.objects.update(lease_until=now() - timedelta(seconds=1))
        recover()
    job.refresh_from_db()
    assert (job.status, job.tries) == (FAILED, 3)
    assert "3 workers died" in job.reason


def test_a_lost_task_is_made_again(played, ada, recorded_queue):
    job = new_export(played, ada)
    assert recover()[QUEUED_AGAIN] == 0, "it may be on its way"
    ExportJob.objects.update(lease_until=now() - timedelta(seconds=1))
    assert recover()[QUEUED_AGAIN] == 1
    assert [task.args for task in default_task_backend.results] == [[job.id]]


def test_a_file_is_deleted_after_seven_days_and_the_row_stays(played, ada, folder, recorded_queue):
    old, young = (made(new_export(played, ada)) for _ in range(2))
    for job, days in ((old, 7.1), (young, 6.9)):
        ExportJob.objects.filter(id=job.id).update(finished=now() - timedelta(days=days))
    assert recover()[DELETED] == 1
    assert [path.name for path in folder.iterdir()] == [young.file]
    old.refresh_from_db()
    assert (old.status, old.file) == (DONE, "")
    assert recover()[DELETED] == 0


def test_what_dead_workers_left_is_deleted_after_a_day(played, ada, folder, recorded_queue):
    job = made(new_export(played, ada))
    part, orphan, rows = folder / ".a.zip.part", folder / "b.zip", folder / ".a.zip-rows-x"
    rows.mkdir()
    (rows / "answers-0.jsonl").write_text("[]")
    for path in (part, orphan):
        path.write_text("")
    recover()
    assert len(list(folder.iterdir())) == 4
    yesterday = time.time() - 25 * 3600
    for path in folder.iterdir():
        os.utime(path, (yesterday, yesterday))
    recover()
    assert [path.name for path in folder.iterdir()] == [job.file]
