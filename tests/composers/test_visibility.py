"""Published composers are public; the others are seen by their owners and by those who publish."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bachtest.composers.models import RegistryStep, Upload
from generator.models import Composer, Version
from tests.builders import make_bach, make_composer, make_version
from tests.composers.page_rows import make_owned, make_person

pytestmark = pytest.mark.django_db
HIDDEN = [Version.Status.CHECKING, Version.Status.FAILED]
SHOWN = [Version.Status.READY, Version.Status.RETIRED]


@pytest.fixture
def people() -> dict[str, Client]:
    clients = {"nobody": Client()}
    for name, permissions in {
        "owner": (),
        "stranger": ("upload_version",),
        "publisher": ("publish_version",),
        "manager": ("manage_composers",),
    }.items():
        clients[name] = Client()
        clients[name].force_login(make_person(name, *permissions))
    return clients


def owned(people: dict[str, Client], **fields: object) -> Composer:
    return make_owned("choir", User.objects.get(username="owner"), **fields)


def statuses(people: dict[str, Client], path: str) -> dict[str, int]:
    return {name: client.get(path).status_code for name, client in people.items()}


@pytest.mark.parametrize("status", SHOWN)
def test_a_published_composer_is_public(people, status):
    owned(people, status=status)
    assert set(statuses(people, "/composers/choir/").values()) == {200}
    assert "Choir" in people["nobody"].get("/composers/").text


@pytest.mark.parametrize("status", HIDDEN)
def test_others_are_seen_by_their_owner_and_by_those_who_publish(people, status):
    owned(people, status=status)
    assert statuses(people, "/composers/choir/") == {
        "nobody": 404,
        "stranger": 404,
        "owner": 200,
        "publisher": 200,
        "manager": 200,
    }
    for client in people.values():
        assert "Choir" not in client.get("/composers/").text


def test_what_is_not_published_says_so(people):
    owned(people, status=Version.Status.CHECKING)
    assert "Not published yet" in people["owner"].get("/composers/choir/").text


def test_a_new_version_is_hidden_until_it_is_published(people):
    composer = owned(people, sha256="a" * 64)
    public = composer.versions.get()
    new = make_version(composer, status=Version.Status.CHECKING, sha256="b" * 64)
    for name in ("nobody", "stranger"):
        page = people[name].get("/composers/choir/").text
        assert public.tag in page
        assert new.tag not in page
        assert people[name].get(f"/composers/choir/?version={new.tag}").status_code == 404
    page = people["owner"].get("/composers/choir/")
    assert page.context["page"].version == public
    chosen = people["owner"].get(f"/composers/choir/?version={new.tag}")
    assert chosen.context["page"].version == new
    assert "Not published yet" in chosen.text


def test_the_newest_version_that_is_played_is_shown_before_any_retired_one(people):
    composer = owned(people)
    played = composer.versions.get()
    make_version(composer, status=Version.Status.RETIRED)
    assert people["nobody"].get("/composers/choir/").context["page"].version == played


def test_bach_is_the_reference_and_has_no_page_of_his_own(people):
    make_bach()
    assert set(statuses(people, "/composers/bach/").values()) == {404}
    assert "Johann Sebastian Bach" in people["nobody"].get("/composers/").text


def test_an_owner_who_may_no_longer_log_in_owns_nothing(people):
    composer = owned(people, status=Version.Status.CHECKING)
    composer.page.owner.is_active = False
    composer.page.owner.save()
    assert people["owner"].get("/composers/choir/").status_code == 404


@pytest.mark.parametrize(
    ("reason", "said"), [("published by its uploader: alone", True), ("good", False)]
)
def test_the_page_says_who_published_if_it_was_the_uploader(people, reason, said):
    composer = owned(people)
    version = composer.versions.get()
    upload = Upload.objects.create(
        owner=composer.page.owner, slug="choir", kind="checkpoint", length=1, version=version
    )
    RegistryStep.objects.create(
        upload=upload, version=version, status="published", by="owner", reason=reason
    )
    page = people["nobody"].get("/composers/choir/").text
    assert ("published by its uploader" in page) == said


def test_the_list_links_to_every_published_composer(client):
    for slug in ("one", "two"):
        make_composer(slug)
    page = client.get("/composers/").text
    assert '/composers/one/"' in page
    assert '/composers/two/"' in page


def test_the_list_is_found_from_other_pages(client):
    for path in ("/", "/about/", "/results/"):
        assert 'href="/composers/"' in client.get(path).text
