"""What an uploader writes is shown as it was written, and runs nowhere."""

from __future__ import annotations

import logging

import pytest
from django.core import mail
from django.test import Client

from bachtest.composers.models import Upload
from bachtest.composers.publishing import publish, turn_down
from bachtest.composers.steps import refuse
from bachtest.composers.uploading.announcing import UploadRefused
from tests.composers.adversary.hostile_checkpoints import changed
from tests.composers.adversary.hostile_music import meta, midi, note, track
from tests.composers.adversary.hostile_zips import ZIPS, of
from tests.composers.adversary.test_deciding import scored
from tests.composers.adversary.the_door import announce_file, person, send, work
from tests.composers.adversary.tus_client import TusClient, token_of

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'


def page(viewer, path: str) -> str:
    client = Client()
    client.force_login(viewer)
    response = client.get(path)
    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    return response.content.decode()


def test_markup_in_every_field_is_shown_as_text(author, publisher):
    upload = announce_file(
        author, 100, "collection", name=SCRIPT, licence=SCRIPT + IMAGE, trained_on=SCRIPT,
        filename=f"{SCRIPT}{IMAGE}.zip",
    )  # fmt: skip
    Upload.objects.filter(id=upload.id).update(
        report={"files": [f"{SCRIPT}: refused: {IMAGE}"]}, failure=SCRIPT, stage=SCRIPT
    )
    refuse(upload, f"{SCRIPT}\n{IMAGE}", by=SCRIPT)
    for viewer in (author, publisher):
        for path in ("/uploads/", f"/uploads/{upload.id}/"):
            shown = page(viewer, path)
            assert "alert(1)" in shown
            assert SCRIPT not in shown
            assert "<img src=x" not in shown


@pytest.mark.parametrize("slug", ["../../admin", "a/b", "a b", "a\n", "<b>", "ä", "", "a" * 51])
def test_a_slug_that_is_a_path_or_markup_is_refused(slug, author):
    with pytest.raises(UploadRefused):
        announce_file(author, 100, slug=slug)


@pytest.mark.parametrize("name", ["filename", "name", "licence"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00b", "a\x1b[31m", "a\u202eb", "\ud800"])
def test_what_cannot_be_shown_is_refused(name, text, author):
    with pytest.raises(UploadRefused, match="cannot be shown"):
        announce_file(author, 100, **{name: f"{text}.safetensors"})


def test_a_path_in_a_filename_is_no_path(author, tmp_path):
    upload = send(author, b"x", filename="../../../etc/passwd.safetensors")
    assert upload.status == Upload.Status.REFUSED
    assert [path.name for path in (tmp_path / "quarantine").iterdir()] == [f"{upload.id.hex}.part"]


def test_metadata_of_the_protocol_that_are_no_text_are_refused(author):
    tus = TusClient(token_of(author))
    for said in (
        "kind",
        "kind !!!!",
        "kind /w==",
        "kind YQ==,kind YQ==",
        "a " * 99,
        ",,,",
        "x" * 300_000,
    ):
        headers = tus.headers | {"Upload-Length": "100", "Upload-Metadata": said}
        assert tus.client.post("/api/v1/uploads/", headers=headers).status_code == 400
    for field in ("length", "owner", "status", "version", "__class__"):
        assert tus.post(100, **{field: "1"}).status_code in (201, 400)
    assert set(Upload.objects.values_list("length", "status")) <= {(100, "receiving")}


def test_a_file_writes_no_line_into_the_log(author, excerpts, caplog):
    name = meta(3, b"\x00a\nERROR the site burns\x1b[31m") + note()
    upload = work(send(author, of("a.mid", midi(*[track(name)] * 5)), "collection"))
    assert upload.status == Upload.Status.REFUSED
    lines = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert any("ERROR the site burns" in line for line in lines)
    assert all(line.isprintable() for line in lines)
    assert "\x00" not in upload.reason
    assert "\x1b" not in upload.reason


def test_no_path_of_the_site_stands_in_a_reason(author, excerpts, tmp_path):
    for data in (b"x", changed(family="a"), changed(works="{}")):
        reason = send(author, data).reason
        assert reason
        assert str(tmp_path) not in reason
        assert ".part" not in reason
    for attack in ZIPS.values():
        if not attack.at_the_door:
            upload = work(send(author, attack.make(), "collection"))
            assert str(tmp_path) not in upload.reason
            assert ".part" not in upload.reason


def test_a_mail_has_one_subject(author, publisher, settings):
    settings.EMAIL_HOST = "localhost"
    author.email = "author@example.org"
    author.save()
    upload = scored(author)
    turn_down(upload, publisher, f"no\nBcc: everybody@example.org\n{SCRIPT}")
    assert [(m.subject, m.to, m.bcc) for m in mail.outbox] in (
        [],
        [("new: Refused", ["author@example.org"], [])],
    )


def test_a_reason_is_not_longer_than_is_kept(publisher):
    upload = scored(person("author"))
    turn_down(upload, publisher, "x" * 100_000)
    assert len(upload.reason) == 4_000
    other = scored(person("another"), "another")
    publish(other, publisher, "x" * 100_000)
    assert len(other.steps.last().reason) == 4_000
