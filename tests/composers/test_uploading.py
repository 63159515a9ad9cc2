"""From the first byte to quarantine: over the tus protocol, and the first look at the file."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from bachtest.composers.models import ApiToken, Upload
from bachtest.composers.tokens import LIFE
from bachtest.composers.uploading import quarantine
from tests.builders import make_composer
from tests.composers.material import checkpoint_bytes, zip_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]

TUS = {"Tus-Resumable": "1.0.0"}
URL = "/api/v1/uploads/"
BYTES = "application/offset+octet-stream"


@pytest.fixture
def token(author: User) -> str:
    return str(ApiToken.objects.create(user=author, expiry=LIFE, name="t", scopes=["upload"])[1])


@pytest.fixture
def program(token: str) -> Client:
    return Client(headers={**TUS, "Authorization": f"Bearer {token}"})


def pairs(**fields: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())


def begun(client: Client, length: int, **fields: str) -> HttpResponse:
    fields = {"kind": "checkpoint", "slug": "mine", "filename": "a.safetensors"} | fields
    headers = {"Upload-Length": str(length), "Upload-Metadata": pairs(**fields)}
    return client.post(URL, headers=headers)  # type: ignore[return-value]


def sent(client: Client, url: str, offset: int, data: bytes) -> HttpResponse:
    headers = {"Upload-Offset": str(offset)}
    return client.patch(url, data, content_type=BYTES, headers=headers)  # type: ignore[return-value]


def code_of(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_a_file_arrives_in_parts_and_goes_on_where_it_stopped(
    program: Client, tmp_path: Path
) -> None:
    content = checkpoint_bytes(tmp_path)
    made = begun(program, len(content))
    url = made.headers["Location"]
    assert made.status_code == 201 and made.headers["Upload-Expires"]

    first = sent(program, url, 0, content[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    asked = program.head(url)
    assert asked.headers["Upload-Offset"] == "1000"
    assert asked.headers["Upload-Length"] == str(len(content))
    assert sent(program, url, 1000, content[1000:]).status_code == 204

    shown = program.get(url).json()
    assert shown["status"] == "quarantined"
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    assert [step["status"] for step in shown["steps"]] == ["quarantined"]
    upload = Upload.objects.get()
    assert quarantine.path_of(upload.id).read_bytes() == content


def test_what_the_server_speaks(program: Client, settings: Settings) -> None:
    told = program.options(URL)
    assert told.headers["Tus-Version"] == "1.0.0"
    assert told.headers["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)
    other = program.post(URL, headers={"Tus-Resumable": "0.2.2", "Upload-Length": "5"})
    assert (other.status_code, other.headers["Tus-Version"]) == (412, "1.0.0")


def test_bytes_elsewhere_than_at_the_end_are_refused(program: Client) -> None:
    url = begun(program, 100).headers["Location"]
    sent(program, url, 0, b"x" * 10)
    wrong = sent(program, url, 5, b"y" * 10)
    assert (wrong.status_code, code_of(wrong)) == (409, "wrong_offset")
    assert "byte 10, not 5" in wrong.json()["error"]["message"]  # type: ignore[attr-defined]
    more = sent(program, url, 10, b"y" * 91)
    assert (more.status_code, code_of(more)) == (413, "too_large")
    assert program.head(url).headers["Upload-Offset"] == "10"


def test_the_kind_of_body_matters(program: Client) -> None:
    url = begun(program, 10).headers["Location"]
    headers = {"Upload-Offset": "0"}
    response = program.patch(url, b"{}", content_type="application/json", headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("length", "fields", "status", "words"),
    [
        (10, {"kind": "pickle"}, 400, "use one of checkpoint, collection"),
        (10, {"slug": "../x"}, 400, "use letters, numbers, hyphens"),
        (10, {"filename": "weights.pt"}, 400, "does not end in .safetensors"),
        (10, {"licence": "x" * 201}, 400, "use at most 200"),
        (10, {"colour": "red"}, 400, "Unknown field 'colour'"),
        (0, {}, 400, "not empty"),
        (10**12, {}, 413, "are taken"),
        (10, {"slug": "bach"}, 409, "is Bach"),
        (10, {"slug": "flagship"}, 409, "comes with the site"),
        (10, {"slug": "BACH"}, 409, "is Bach"),
        (10, {"name": "Johann  Sebastian-Bach"}, 409, "is taken"),
        (10, {"name": "\uff22\uff41\uff43\uff48"}, 409, "is taken"),
    ],
)
def test_what_is_announced_is_looked_at_first(
    program: Client, length: int, fields: dict[str, str], status: int, words: str
) -> None:
    response = begun(program, length, **fields)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]  # type: ignore[attr-defined]
    assert not Upload.objects.exists()


def test_a_composer_of_somebody_else_takes_no_version(program: Client, manager: User) -> None:
    make_composer("theirs")
    response = begun(program, 10, slug="theirs")
    assert (response.status_code, code_of(response)) == (403, "taken")
    alike = begun(program, 10, slug="Theirs")
    assert "too much like 'theirs'" in alike.json()["error"]["message"]  # type: ignore[attr-defined]
    assert begun(program, 10, slug="other", name="THEIRS").status_code == 409

    key = ApiToken.objects.create(user=manager, expiry=LIFE, name="m", scopes=["upload"])[1]
    of_manager = Client(headers={**TUS, "Authorization": f"Bearer {key}"})
    assert begun(of_manager, 10, slug="theirs").status_code == 201


def test_limits_of_a_person(program: Client, settings: Settings) -> None:
    settings.UPLOAD_QUOTA_BYTES = 150
    assert begun(program, 100).status_code == 201
    full = begun(program, 51, slug="two")
    assert (full.status_code, code_of(full)) == (403, "quota")
    assert begun(program, 50, slug="two").status_code == 201
    settings.UPLOAD_QUOTA_BYTES, settings.UPLOADS_PER_DAY = 10_000, 2
    many = begun(program, 5, slug="three")
    assert (many.status_code, code_of(many)) == (429, "too_many")


def test_a_disk_that_is_nearly_full_takes_no_upload(program: Client, settings: Settings) -> None:
    settings.UPLOAD_KEEP_FREE_BYTES = 10**15
    response = begun(program, 100)
    assert (response.status_code, code_of(response)) == (507, "disk_full")


def test_only_people_with_the_permission_upload(person: Any) -> None:
    assert begun(Client(headers=TUS), 10).status_code == 401
    nobody = Client(headers=TUS)
    nobody.force_login(person("nobody"))
    assert begun(nobody, 10).status_code == 403


def test_a_token_needs_its_scope(author: User) -> None:
    key = ApiToken.objects.create(user=author, expiry=LIFE, name="t", scopes=[])[1]
    client = Client(headers={**TUS, "Authorization": f"Bearer {key}"})
    assert begun(client, 10).status_code == 403


def test_in_a_browser_a_forged_form_is_refused(author: User) -> None:
    browser = Client(enforce_csrf_checks=True, headers=TUS)
    browser.force_login(author)
    assert begun(browser, 10).status_code == 403
    cookie = browser.get("/uploads/").cookies["csrftoken"].value
    headers = {
        "X-CSRFToken": cookie,
        "Upload-Length": "10",
        "Upload-Metadata": pairs(kind="checkpoint", slug="mine"),
    }
    assert browser.post(URL, headers=headers).status_code == 201


def test_somebody_elses_upload_is_not_found(program: Client, manager: User) -> None:
    url = begun(program, 10).headers["Location"]
    other = Client(headers=TUS)
    other.force_login(manager)
    assert other.head(url).status_code == 404
    assert other.delete(url).status_code == 404


def test_an_upload_is_withdrawn(program: Client) -> None:
    url = begun(program, 10).headers["Location"]
    sent(program, url, 0, b"12345")
    upload = Upload.objects.get()
    assert program.delete(url).status_code == 204
    upload.refresh_from_db()
    assert (upload.status, upload.reason) == ("refused", "withdrawn by its uploader")
    assert not quarantine.path_of(upload.id).exists()
    assert program.head(url).status_code == 410
    assert sent(program, url, 5, b"67890").status_code == 410


def test_a_file_that_is_no_safetensors_file_is_refused_at_once(program: Client) -> None:
    content = b"\x80\x04\x95" + b"pickle" * 20
    url = begun(program, len(content)).headers["Location"]
    sent(program, url, 0, content)
    shown = program.get(url).json()
    assert shown["status"] == "refused"
    assert "header" in shown["reason"]


def test_of_a_zip_the_directory_is_looked_at(program: Client) -> None:
    content = zip_bytes({"../evil.mid": b"MThd"})
    made = begun(program, len(content), kind="collection", filename="a.zip")
    sent(program, made.headers["Location"], 0, content)
    upload = Upload.objects.get()
    assert upload.status == "refused"
    assert "evil.mid" in upload.reason and ".part" not in upload.reason
