"""In the worker: from quarantine to scores and samples, or to a refusal in words."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.storage import storages
from pytest_django import Settings

from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import Sample, Upload
from bachtest.composers.publishing import turn_back
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.announcing import held_bytes
from bachtest.composers.uploading.withdrawing import withdraw
from generator.models import Composer, Pair, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.works import Corpus
from generator.services.pairs import SET_ASIDE_REASON
from tests.composers.material import (
    SCORE,
    checkpoint_bytes,
    keep_works,
    midi_of,
    uploaded,
    worked,
    zip_bytes,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue", "few_stages")]


def test_a_checkpoint_becomes_a_version_that_nobody_plays_yet(checked: Upload) -> None:
    version = checked.version
    assert checked.status == "checked" and version is not None
    assert (version.status, version.family, version.licence) == ("checking", "markov", "MIT")
    assert version.sha256 == checked.sha256
    assert version.members[0]["trained_on"] == ["BWV253", "BWV254"]
    assert version.settings and version.config
    assert version.composer.page.owner == checked.owner
    assert checked.report["smoke"]["isolation"] in ("full", "partly")
    assert checked.report["smoke"]["peak_memory_bytes"] > 10_000_000
    assert storages["checkpoints"].exists(f"{checked.sha256}.safetensors")
    assert checked.file_deleted and not quarantine.path_of(checked.id).exists()
    assert not Version.objects.ready().exists()


def test_it_is_scored_and_heard(checked: Upload) -> None:
    upload = worked(checked)
    assert (upload.status, upload.stage) == ("scored", ""), upload.reason
    assert upload.version is not None
    assert upload.version.scores.rows == {"ATB": [SCORE], "summary": []}
    samples = list(Sample.objects.filter(version=upload.version))
    assert {sample.piece.tune for sample in samples} <= SET_ASIDE_TUNES
    assert len(samples) == 2
    for sample in samples:
        assert sample.piece.status == "done"
        assert sample.events == sample.piece.copied_run
        assert sample.piece_stop > sample.piece_start
        assert sample.run_clip.size == sample.work_clip.size > 1000
    assert not Pair.objects.exists()
    steps = list(upload.steps.values_list("status", flat=True))
    assert steps == ["quarantined", "checked", "scored"]


def test_a_collection_waits_for_a_second_person_too(author: User, corpus: Corpus) -> None:
    keep_works(corpus, tests=12)
    files = {f"{bwv}.mid": midi_of(corpus, bwv) for bwv in list(corpus.works)[:8]}
    upload = worked(uploaded(author, zip_bytes(files), "collection", "system", licence="CC-BY-4.0"))
    assert upload.status == "scored", upload.reason
    version = upload.version
    assert version is not None and version.status == "checking"
    assert len(upload.report["files"]) == len(files)
    aside = version.pieces.filter(pairs__excluded_reason=SET_ASIDE_REASON)
    assert {sample.piece for sample in version.samples.all()} == set(aside)
    assert 0 < aside.count() <= 4
    assert version.composer.page.owner == author


def test_a_collection_without_music_is_refused_with_every_files_reason(
    author: User, corpus: Corpus
) -> None:
    keep_works(corpus)
    content = zip_bytes({"a.mid": b"no music", "b.mid": b""})
    upload = worked(uploaded(author, content, "collection", "system"))
    assert upload.status == "refused"
    assert "a.mid: refused" in upload.reason and "b.mid: refused" in upload.reason
    assert not Version.objects.filter(composer__slug="system").exists()
    assert not Composer.objects.filter(slug="system").exists()


def test_the_same_file_again_is_refused(checked: Upload, author: User, tmp_path: Path) -> None:
    again = worked(uploaded(author, checkpoint_bytes(tmp_path)))
    assert again.status == "refused"
    assert "is version" in again.reason and "already" in again.reason
    assert Version.objects.count() == 1


def test_a_file_that_was_refused_may_come_again(
    checked: Upload, author: User, tmp_path: Path
) -> None:
    turn_back(checked, "a better one is coming")
    again = uploaded(author, checkpoint_bytes(tmp_path))
    assert next_stage(again.id)
    again.refresh_from_db()
    assert again.version is not None and again.version.status == "checking"


def test_two_people_cannot_take_one_name(
    checked: Upload, manager: User, person: object, tmp_path: Path
) -> None:
    other = person("other", "upload_version")  # type: ignore[operator]
    Composer.objects.filter(slug="mine").update(slug="hidden")
    late = uploaded(other, checkpoint_bytes(tmp_path, trained_on=["BWV253"]))
    Composer.objects.filter(slug="hidden").update(slug="mine")
    late = worked(late)
    assert late.status == "refused" and "belongs to somebody else" in late.reason


def test_a_file_that_changed_in_quarantine_is_refused(author: User, tmp_path: Path) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    path = quarantine.path_of(upload.id)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    upload = worked(upload)
    assert upload.status == "refused" and "changed after it was uploaded" in upload.reason


def test_its_uploader_gets_a_mail_where_mail_is_set_up(
    author: User, settings: Settings, django_capture_on_commit_callbacks: object
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        uploaded(author, b"no checkpoint at all")
    subjects = [message.subject for message in mail.outbox]
    assert subjects == ["mine was refused"]
    assert "header" in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["author@example.org"]


def test_a_file_that_is_being_decided_on_does_not_come_in_twice(
    checked: Upload, author: User, tmp_path: Path
) -> None:
    twin = worked(uploaded(author, checkpoint_bytes(tmp_path)))
    assert twin.status == "refused" and "already" in twin.reason
    checked.refresh_from_db()
    assert checked.version is not None and checked.version.status == "checking"


def test_a_collection_that_was_refused_may_come_again_with_a_licence(
    author: User, corpus: Corpus
) -> None:
    keep_works(corpus, tests=12)
    content = zip_bytes({f"{bwv}.mid": midi_of(corpus, bwv) for bwv in list(corpus.works)[:3]})
    first = uploaded(author, content, "collection", "system")
    assert next_stage(first.id)
    turn_back(first, "name a licence")
    again = uploaded(author, content, "collection", "system", licence="CC0-1.0")
    assert next_stage(again.id)
    again.refresh_from_db()
    version = again.version
    assert version is not None
    assert (version.status, version.licence) == ("checking", "CC0-1.0")
    assert storages["checkpoints"].exists(version.file)


def test_whoever_may_no_longer_upload_brings_nothing(author: User, tmp_path: Path) -> None:
    upload = uploaded(author, checkpoint_bytes(tmp_path))
    author.user_permissions.clear()
    upload = worked(upload)
    assert upload.status == "refused" and "may no longer upload" in upload.reason


def test_a_checkpoint_that_learnt_nothing_of_ours_is_refused(
    author: User, corpus: Corpus, tmp_path: Path
) -> None:
    keep_works(corpus)
    upload = worked(uploaded(author, checkpoint_bytes(tmp_path, trained_on=["BWV999999"])))
    assert (upload.status, upload.failure) == ("refused", "")
    assert "copies cannot be looked for" in upload.reason


def test_of_a_collection_its_music_is_kept_and_nothing_else(author: User, corpus: Corpus) -> None:
    keep_works(corpus, tests=12)
    music = {f"{bwv}.mid": midi_of(corpus, bwv) for bwv in list(corpus.works)[:3]}
    litter = {".hidden.exe": b"MZ", "page.html": b"<script>", "__MACOSX/x.mid": b"MThd"}
    upload = uploaded(author, b"#!/bin/sh" + zip_bytes(music | litter), "collection", "system")
    assert next_stage(upload.id), Upload.objects.get().reason
    upload.refresh_from_db()
    assert upload.version is not None
    with storages["checkpoints"].open(upload.version.file) as file:
        stored = file.read()
    assert hashlib.sha256(stored).hexdigest() == Path(upload.version.file).stem
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        assert set(archive.namelist()) == set(music)


def test_what_is_withdrawn_keeps_no_file_and_no_piece(author: User, corpus: Corpus) -> None:
    keep_works(corpus, tests=12)
    content = zip_bytes({f"{bwv}.mid": midi_of(corpus, bwv) for bwv in list(corpus.works)[:3]})
    upload = uploaded(author, content, "collection", "system", licence="CC0-1.0")
    assert next_stage(upload.id)
    upload.refresh_from_db()
    assert upload.version is not None and held_bytes(author) == len(content)
    file = upload.version.file
    withdraw(upload, by="author")
    assert not storages["checkpoints"].exists(file)
    assert not upload.version.pieces.pending().exists()
    assert held_bytes(author) == 0
