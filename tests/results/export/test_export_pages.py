"""The export pages: who sees what, and how trouble is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from bachtest.results.export.export_files import make_zip, path_of
from bachtest.results.export.export_orders import new_export
from bachtest.results.models import ExportJob
from bachtest.studies.models import Study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
PAGE = "/admin/studies/quiz/export/"


@pytest.fixture
def quiz(settings, tmp_path) -> Study:
    settings.EXPORTS_DIR = tmp_path / "exports"
    return Study.objects.get(slug="quiz")


def person(name: str, *permissions: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ada(quiz) -> User:
    return person("ada", "export_study", "view_study")


def made(study: Study, owner: User) -> ExportJob:
    job = new_export(study, owner)
    make_zip(job.id)
    return ExportJob.objects.get(id=job.id)


def test_the_page_of_a_study_has_a_button_for_those_who_may(quiz, ada):
    url = reverse("admin:studies_study_change", args=[quiz.id])
    link = f'href="{PAGE}"'
    assert link in browser(ada).get(url).content.decode()
    assert link not in browser(person("ben", "view_study")).get(url).content.decode()


def test_starting_leads_to_a_page_that_shows_how_far_it_is(quiz, ada):
    client = browser(ada)
    assert "Start an export" in client.get(PAGE).content.decode()
    response = client.post(PAGE, follow=True)
    assert response.redirect_chain == [(PAGE, 302)]
    job = ExportJob.objects.get()
    assert (job.owner, job.study, job.status) == (ada, quiz, "queued")
    page = response.content.decode()
    assert f'data-url="{PAGE}{job.id}/"' in page
    assert "Waiting for a worker" in page
    assert 'aria-labelledby="newest"' in page
    assert "Content-Security-Policy" in response.headers
    assert "<script>" not in page


def test_progress_is_told_as_json(quiz, ada):
    job = new_export(quiz, ada)
    address = f"{PAGE}{job.id}/"
    ExportJob.objects.update(status="running", done=30, total=80)
    assert browser(ada).get(address).json() == {
        "status": "running",
        "ended": False,
        "percent": 37,
        "line": "Being written, 37%",
        "file": "",
    }
    ExportJob.objects.update(status="failed", reason="the disk is full")
    told = browser(ada).get(address).json()
    assert (told["ended"], told["line"]) == (True, "Failed: the disk is full")


def test_the_file_comes_whole_under_the_name_of_the_study(quiz, ada):
    job = made(quiz, ada)
    told = browser(ada).get(f"{PAGE}{job.id}/").json()
    assert (told["ended"], told["percent"]) == (True, 100)
    response = browser(ada).get(told["file"])
    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    name = f"quiz-{job.created:%Y-%m-%d}.zip"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in response["Cache-Control"]
    assert b"".join(response) == path_of(job.file).read_bytes()


def test_only_its_owner_and_a_superuser_get_it(quiz, ada):
    job = made(quiz, ada)
    addresses = [f"{PAGE}{job.id}/", f"{PAGE}{job.id}/file/"]
    other = person("ben", "export_study")
    root = User.objects.create_superuser("root")
    for address in addresses:
        assert browser(other).get(address).status_code == 404
        response = browser(root).get(address)
        assert response.status_code == 200
        assert b"".join(response)
    page = browser(other).get(PAGE).content.decode()
    assert "ada" in page
    assert f"{job.id}/file/" not in page
    assert f"{job.id}/file/" in browser(root).get(PAGE).content.decode()


def test_an_export_of_another_study_is_not_found_here(quiz, ada):
    job = made(Study.objects.create(slug="other", title="Other"), ada)
    for address in (f"{PAGE}{job.id}/", f"{PAGE}{job.id}/file/", "/admin/studies/nope/export/"):
        assert browser(ada).get(address).status_code == 404


def test_without_the_permission_nothing_is_given(quiz, ada):
    job = made(quiz, ada)
    for address in (PAGE, f"{PAGE}{job.id}/", f"{PAGE}{job.id}/file/"):
        assert browser(person(f"no{len(address)}")).get(address).status_code == 403
        ada.user_permissions.clear()
        assert browser(User.objects.get(id=ada.id)).get(address).status_code == 403
        outside = User.objects.create_user(f"out{len(address)}", is_staff=False)
        outside.user_permissions.set(Permission.objects.filter(codename="export_study"))
        for client in (Client(), browser(outside)):
            assert client.get(address).status_code in (302, 403)
    ben = person("ben")
    assert browser(ben).post(PAGE).status_code == 403
    assert "Ask an administrator" in browser(ben).get(PAGE).content.decode()
    assert ExportJob.objects.count() == 1


def test_a_page_that_somebody_else_wrote_starts_nothing(quiz, ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(PAGE).status_code == 403
    assert not ExportJob.objects.exists()


def test_a_limit_is_said_kindly(quiz, ada, settings):
    client = browser(ada)
    client.post(PAGE)
    response = client.post(PAGE)
    assert response.status_code == 409
    assert "wait until it has ended" in response.content.decode()
    ExportJob.objects.update(status="failed", reason="x")
    settings.EXPORTS_PER_DAY = 1
    response = client.post(PAGE)
    assert response.status_code == 429
    assert "as many as one person may" in response.content.decode()
    assert ExportJob.objects.count() == 1


def test_a_file_that_was_deleted_says_so(quiz, ada):
    job = made(quiz, ada)
    client = browser(ada)
    path_of(job.file).unlink()
    page = client.get(f"{PAGE}{job.id}/file/", follow=True).content.decode()
    assert "Files are kept for 7 days; start a new export." in page
    ExportJob.objects.update(file="")
    page = client.get(f"{PAGE}{job.id}/file/", follow=True).content.decode()
    assert "Files are kept for 7 days" in page
    assert "Deleted, as all exports after 7 days" in page


def test_no_file_lies_where_clips_are_served(settings):
    from bachtest import settings as site

    assert Path(settings.MEDIA_ROOT) not in site.EXPORTS_DIR.parents
    assert site.EXPORTS_DIR.parent == site.VAR_DIR
