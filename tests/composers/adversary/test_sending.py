"""The way in, by the rules of tus, and by none."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from datetime import timedelta as td
from pathlib import Path
from uuid import UUID

import pytest
from django.utils.timezone import now

from bachtest.composers.checking.claims import claim, fail
from bachtest.composers.models import ApiToken, ComposerPage, Upload
from bachtest.composers.publishing import turn_down
from bachtest.composers.uploading import quarantine, senders
from bachtest.composers.uploading.announcing import UploadRefused
from bachtest.composers.uploading.withdrawing import delete_expired
from generator.models import Version
from tests.builders import make_composer
from tests.composers.adversary.hostile_checkpoints import sound
from tests.composers.adversary.the_door import announce_file, names_in, person, send, work
from tests.composers.adversary.tus_client import LIST, TYPE, TusClient, error_of, token_of

DATA = bytes(range(256)) * 4


@pytest.fixture
def tus(author) -> TusClient:
    return TusClient(token_of(author))


def id_of(url: str) -> UUID:
    return UUID(url.rstrip("/").rpartition("/")[2])


def test_an_upload_that_broke_off_goes_on_where_it_stopped(tus):
    data = sound()
    cut = len(data) * 99 // 100
    url = tus.begin(len(data))
    assert tus.patch(url, 0, data[:cut]).headers["Upload-Offset"] == str(cut)
    assert tus.offset(url) == cut
    assert tus.patch(url, cut, data[cut:]).status_code == 204
    upload = Upload.objects.get(id=id_of(url))
    assert upload.sha256 == hashlib.sha256(data).hexdigest()
    assert upload.status == Upload.Status.QUARANTINED


def test_a_stream_that_ends_early_keeps_what_came(author):
    class Broken:
        parts = [DATA, b"more"]

        def read(self, size: int) -> bytes:
            if not self.parts:
                raise ConnectionResetError
            return self.parts.pop(0)

    upload = announce_file(author, 5000)
    assert quarantine.append(upload.id, 0, Broken(), 5000) == len(DATA) + 4
    assert quarantine.size_of(upload.id) == len(DATA) + 4


@pytest.mark.parametrize("offset", [0, 1, len(DATA) - 1, len(DATA) + 1, 10**14])
def test_a_wrong_offset_is_refused_and_nothing_changes(tus, offset):
    url = tus.begin(10**8)
    tus.patch(url, 0, DATA)
    assert tus.patch(url, offset, b"x").status_code in (409, 413)
    assert tus.offset(url) == len(DATA)


@pytest.mark.parametrize("offset", ["", "-1", "1e3", "0x10", "1" * 30, "٣"])
def test_an_offset_that_is_no_number_is_refused(tus, offset):
    assert error_of(tus.patch(tus.begin(5000), offset, DATA)) == (400, "bad_header")


def test_no_more_is_taken_than_was_announced(tus):
    url = tus.begin(len(DATA) - 1)
    assert error_of(tus.patch(url, 0, DATA)) == (413, "too_large")
    assert tus.offset(url) == 0


@pytest.mark.parametrize("length", ["0", "-5", "1e9", str(10**15), "", "12 000"])
def test_a_length_that_cannot_be_is_refused(tus, length):
    assert tus.post(length).status_code in (400, 413)
    assert not Upload.objects.exists()


def test_a_body_without_a_length_is_refused(tus):
    url = tus.begin(5000)
    headers = tus.headers | {"Upload-Offset": "0", "Content-Type": TYPE}
    response = tus.client.generic("PATCH", url, b"", headers=headers)
    assert error_of(response) == (411, "bad_header")


def test_other_types_and_versions_are_refused(tus):
    url = tus.begin(5000)
    kinds = {"Content-Type": "application/json"}
    assert error_of(tus.patch(url, 0, DATA, **kinds)) == (415, "wrong_type")
    tus.headers["Tus-Resumable"] = "0.2.2"
    assert error_of(tus.patch(url, 0, DATA)) == (412, "wrong_version")


def test_what_is_complete_takes_no_more_and_is_looked_at_once(tus):
    data = sound()
    url = tus.begin(len(data))
    tus.patch(url, 0, data)
    # Whoever did not hear the reply asks again.
    assert tus.patch(url, len(data), b"").status_code == 204
    assert error_of(tus.patch(url, 0, data)) == (410, "gone")
    assert error_of(tus.patch(url, len(data), b"x"))[0] in (410, 413)
    assert Upload.objects.get().steps.count() == 1


def test_two_who_send_the_same_upload_do_not_mix(tus):
    url = tus.begin(5000)
    path = quarantine.path_of(id_of(url))
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert error_of(tus.patch(url, 0, DATA)) == (423, "busy")
    assert tus.patch(url, 0, DATA).status_code == 204


def test_a_full_disk_keeps_what_came_and_goes_on_when_there_is_room(tus, monkeypatch):
    url = tus.begin(len(DATA))
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if os.fstat(handle).st_size >= 700:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:700])

    monkeypatch.setattr(os, "write", full)
    assert error_of(tus.patch(url, 0, DATA)) == (507, "disk_full")
    assert tus.offset(url) == 700
    monkeypatch.setattr(os, "write", write)
    assert tus.patch(url, 700, DATA[700:]).status_code == 204
    assert Upload.objects.get().sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_disk_with_too_little_room_is_said_before_the_first_byte(tus, settings):
    settings.UPLOAD_KEEP_FREE_BYTES = 10**18
    assert error_of(tus.post(100)) == (507, "disk_full")


def test_uploads_take_a_part_of_the_threads_and_a_person_of_these(tus, author):
    url, other = tus.begin(5000), TusClient(token_of(person("other", "upload_version")))
    with senders.senders.one_more(author.pk), senders.senders.one_more(author.pk):
        assert error_of(tus.patch(url, 0, DATA)) == (503, "busy")
        theirs = other.begin(5000, slug="other")
        assert other.patch(theirs, 0, DATA).status_code == 204
        with senders.senders.one_more(-1), senders.senders.one_more(-2):
            assert error_of(other.patch(theirs, len(DATA), DATA)) == (503, "busy")
    assert tus.patch(url, 0, DATA).status_code == 204


def test_links_and_folders_in_quarantine_are_not_followed(tus, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"")
    url = tus.begin(len(DATA))
    path = quarantine.path_of(id_of(url))
    path.unlink()
    path.symlink_to(secret)
    assert error_of(tus.patch(url, 0, DATA)) == (410, "gone")
    assert secret.read_bytes() == b""
    with pytest.raises(FileExistsError):
        quarantine.create(id_of(url))


def test_a_file_that_was_changed_or_swapped_after_it_came_is_refused(author, tmp_path):
    for swap in ("changed", "linked"):
        upload = send(author, sound(), slug=swap)
        path = quarantine.path_of(upload.id)
        if swap == "linked":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        else:
            path.write_bytes(sound()[:-1] + b"x")
        assert work(upload).status == Upload.Status.REFUSED
        assert "upload it again" in upload.reason


def test_somebody_elses_upload_is_not_there(tus):
    url = tus.begin(5000)
    other = TusClient(token_of(person("other", "upload_version")))
    for response in (other.get(url), other.patch(url, 0, DATA), other.delete(url)):
        assert error_of(response) == (404, "not_found")
    assert other.head(url).status_code == 404
    assert other.get(LIST).json() == []
    assert tus.offset(url) == 0


def test_what_the_site_failed_at_is_stored_as_plain_text(author):
    upload = send(author, sound())
    claim(upload.id)
    upload.refresh_from_db()
    fail(upload, "a\0b" * 5_000)
    upload.refresh_from_db()
    assert upload.failure.startswith("a?b")
    assert len(upload.failure) == 4_000


def test_a_list_of_uploads_is_short_however_long_their_reports_are(author, tus):
    upload = announce_file(author, 100, "collection")
    Upload.objects.filter(id=upload.id).update(report={"files": ["x" * 400] * 2_000})
    assert len(tus.get(LIST).content) < 2_000
    assert len(tus.get(f"{LIST}{upload.id}/").json()["report"]["files"]) == 2_000


def test_who_may_not_upload_is_told_so(author):
    assert error_of(TusClient(token_of(author, scopes=())).post(100))[0] == 403
    assert error_of(TusClient(token_of(person("reader"))).post(100))[0] == 403
    assert TusClient("").post(100).status_code == 401
    expired = token_of(author)
    ApiToken.objects.update(expiry=now() - td(seconds=1))
    assert TusClient(expired).post(100).status_code == 401
    token = token_of(author)
    author.is_active = False
    author.save()
    assert TusClient(token).post(100).status_code == 401
    author.delete()
    assert TusClient(token).post(100).status_code == 401
    assert not Upload.objects.exists()


def test_a_person_who_left_leaves_an_upload_that_is_refused(author):
    upload = send(author, sound())
    author.delete()
    assert work(upload).status == Upload.Status.REFUSED
    assert "no account" in upload.reason


def test_a_browser_needs_its_csrf_token(author, tus):
    tus.client.force_login(author)
    del tus.headers["Authorization"]
    assert tus.post(100).status_code == 403
    upload = announce_file(author, 100)
    decide = tus.client.post(f"/uploads/{upload.id}/decide/", {"deed": "withdraw"})
    assert decide.status_code == 403
    assert Upload.objects.get().status == Upload.Status.RECEIVING


def test_another_composers_name_is_taken(tus):
    owner = person("owner", "upload_version")
    ComposerPage.objects.create(composer=make_composer("theirs"), owner=owner)
    assert error_of(tus.post(100, slug="theirs")) == (403, "taken")
    for slug in ("bach", "flagship"):
        assert error_of(tus.post(100, slug=slug)) == (409, "taken")


def test_quarantine_is_nobody_elses(author, settings):
    upload = announce_file(author, 100)
    assert quarantine.path_of(upload.id).stat().st_mode & 0o077 == 0
    folder = settings.QUARANTINE_DIR / "new"
    settings.QUARANTINE_DIR = folder
    quarantine.create(upload.id)
    assert folder.stat().st_mode & 0o077 == 0


def test_what_was_checked_counts_until_somebody_decides(author, publisher, excerpts, settings):
    settings.UPLOAD_QUOTA_BYTES = len(sound()) + 100
    upload = work(send(author, sound()))
    assert upload.file_deleted
    with pytest.raises(UploadRefused, match="over your"):
        announce_file(author, 200)
    turn_down(upload, publisher, "no")
    announce_file(author, 200)


def test_the_weights_of_what_was_refused_go_after_a_month(author, publisher, excerpts, settings):
    """Unless a version that stands has the same."""
    again = person("again", "upload_version")
    uploads = [work(send(user, sound(), slug=user.username)) for user in (author, again)]
    stored = Path(settings.STORAGES["checkpoints"]["OPTIONS"]["location"])
    name = f"{uploads[0].sha256}.safetensors"
    for number, upload in enumerate(uploads):
        turn_down(upload, publisher, "no")
        delete_expired()
        assert names_in(stored) == {name}
        Upload.objects.filter(id=upload.id).update(changed=now() - td(days=31))
        delete_expired()
        assert names_in(stored) == ({name} if number == 0 else set())
    assert set(Version.objects.values_list("status", "file")) == {("failed", "")}
