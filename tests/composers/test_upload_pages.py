"""The pages of uploads, tokens and signing in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils.timezone import now

from bachtest.composers.models import ApiToken, Upload
from bachtest.composers.page.downloads import AT_ONCE, counted
from bachtest.composers.tokens import LIFE
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.announcing import held_bytes
from bachtest.lib.errors import AppError
from generator.models import Composer, Version
from tests.composers.material import checkpoint_bytes, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_pages_are_for_people_who_signed_in(client: Client, person: Callable[..., User]) -> None:
    for url in ("/uploads/", "/account/tokens/"):
        assert client.get(url).headers["Location"] == f"/account/login/?next={url}"
    assert of(person("nobody")).get("/uploads/").status_code == 403
    page = client.get("/account/login/?next=/uploads/")
    assert page.status_code == 200
    wrong = client.post("/account/login/", {"username": "nobody", "password": "x"})
    assert b"do not belong together" in wrong.content
    right = client.post("/account/login/", {"username": "nobody", "password": "secret"})
    assert right.headers["Location"] == "/uploads/"


def test_an_author_sees_their_own_and_a_manager_all(
    author: User, manager: User, person: Callable[..., User]
) -> None:
    other = person("other", "upload_version")
    upload = uploaded(author, b"no checkpoint at all", slug="one")
    url = f"/uploads/{upload.id}/"
    assert b"one" in of(author).get("/uploads/").content
    assert b"one</a>" not in of(other).get("/uploads/").content
    assert of(other).get(url).status_code == 404
    page = of(author).get(url).content.decode()
    assert "Refused: the header" in page and "by the site" in page
    assert b"author" in of(manager).get("/uploads/").content
    assert of(manager).get(url).status_code == 200


def test_a_manager_decides_on_the_page(author: User, manager: User) -> None:
    composer = Composer.objects.create(slug="mine", name="Mine", kind="checkpoint")
    version = Version.objects.create(composer=composer, sha256="a" * 64)
    upload = Upload.objects.create(
        owner=author, kind="checkpoint", slug="mine", length=1, status="scored", version=version
    )
    decide = f"/uploads/{upload.id}/decide/"
    assert b"Publish</button>" not in of(author).get(f"/uploads/{upload.id}/").content
    assert b"Publish</button>" in of(manager).get(f"/uploads/{upload.id}/").content
    refused = of(author).post(decide, {"deed": "publish"}, follow=True)
    assert b"You may not publish." in refused.content
    done = of(manager).post(decide, {"deed": "publish"}, follow=True)
    assert b"It is Published now." in done.content
    assert b"Say why" in of(manager).post(decide, {"deed": "retire"}, follow=True).content
    gone = of(manager).post(decide, {"deed": "retire", "reason": "old"}, follow=True)
    assert b"It is Retired now." in gone.content
    assert of(manager).post(decide, {"deed": "explode"}).status_code == 404


def test_what_an_uploader_wrote_is_shown_as_text(author: User) -> None:
    upload = uploaded(author, b"no checkpoint at all", filename="<script>x</script>.safetensors")
    page = of(author).get(f"/uploads/{upload.id}/").content.decode()
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_a_token_is_shown_once_and_revoked(author: User) -> None:
    client = of(author)
    made = client.post("/account/tokens/", {"name": "laptop", "scopes": "upload"})
    token = ApiToken.objects.get()
    secret = made.context["made"]
    assert secret.startswith("bot-") and secret in made.content.decode()
    assert secret not in client.get("/account/tokens/").content.decode()
    assert b"laptop" in client.get("/account/tokens/").content

    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/uploads/").json() == []
    token.refresh_from_db()
    assert token.last_used is not None
    client.post(f"/account/tokens/{token.token_key}/revoke/")
    assert program.get("/api/v1/uploads/").status_code == 401


def test_a_token_expires(author: User) -> None:
    _, secret = ApiToken.objects.create(user=author, expiry=LIFE, name="t", scopes=["upload"])
    ApiToken.objects.update(expiry=now())
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/uploads/").status_code == 401


def test_a_token_has_a_name_and_a_scope(author: User) -> None:
    client = of(author)
    for fields in ({"name": "", "scopes": "upload"}, {"name": "x"}):
        assert client.post("/account/tokens/", fields).status_code == 400
    assert not ApiToken.objects.exists()


def test_the_command_takes_the_same_path(author: User, tmp_path: Path) -> None:
    checkpoint_bytes(tmp_path)
    path = str(tmp_path / "mine.safetensors")
    with pytest.raises(CommandError, match="say whose composer"):
        call_command("add_checkpoint", path)
    with pytest.raises(CommandError, match="no user 'ghost'"):
        call_command("add_checkpoint", path, owner="ghost")
    call_command("add_checkpoint", path, owner="author")
    upload = Upload.objects.get()
    assert (upload.slug, upload.status, upload.owner) == ("mine", "quarantined", author)
    (tmp_path / "bad.safetensors").write_bytes(b"pickle")
    with pytest.raises(CommandError, match="refused: the file has 6 bytes"):
        call_command("add_checkpoint", str(tmp_path / "bad.safetensors"), owner="author")
    with pytest.raises(CommandError, match="cannot read"):
        call_command("add_checkpoint", str(tmp_path / "none.safetensors"), owner="author")


def test_a_manager_follows_an_upload_too(author: User, manager: User) -> None:
    upload = uploaded(author, b"no checkpoint at all")
    for user in (author, manager):
        shown = of(user).get(f"/uploads/{upload.id}/status/").json()
        assert (shown["status"], shown["received"]) == ("refused", 20)
    assert of(author).post(f"/uploads/{upload.id}/status/").status_code == 405


def test_only_people_who_decide_have_it_tried_again(author: User, manager: User) -> None:
    upload = Upload.objects.create(
        owner=author, kind="checkpoint", slug="mine", length=1, status="checked", failure="ours"
    )
    decide = f"/uploads/{upload.id}/decide/"
    assert b"ask a manager" in of(author).post(decide, {"deed": "retry"}, follow=True).content
    upload.refresh_from_db()
    assert upload.failure == "ours"
    of(manager).post(decide, {"deed": "retry"})
    upload.refresh_from_db()
    assert upload.failure == ""


def test_the_file_of_a_refused_upload_can_be_deleted_at_once(author: User, manager: User) -> None:
    upload = uploaded(author, b"no checkpoint at all")
    decide = f"/uploads/{upload.id}/decide/"
    of(manager).post(decide, {"deed": "delete_file"})
    assert quarantine.path_of(upload.id).exists()
    assert b"Delete the file" in of(author).get(f"/uploads/{upload.id}/").content
    of(author).post(decide, {"deed": "delete_file"})
    assert not quarantine.path_of(upload.id).exists()
    assert held_bytes(author) == 0


def test_no_form_takes_a_file(rf: RequestFactory) -> None:
    request = rf.post("/", {"before": "x", "file": io.BytesIO(b"y" * 100_000)})
    assert request.POST["before"] == "x"
    assert not request.FILES


def test_downloads_come_a_few_at_a_time() -> None:
    held = [counted(io.BytesIO(b"abc")) for _ in range(AT_ONCE)]
    with pytest.raises(AppError, match="Too many downloads"):
        counted(io.BytesIO(b"abc"))
    held[0].close()
    held[0].close()
    one = counted(io.BytesIO(b"abc"))
    assert one.read() == b"abc"
    for each in (*held, one):
        each.close()
