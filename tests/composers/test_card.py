"""The card is edited by the owner and by managers, after a look at it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bachtest.composers.markdown import MAX_CARD
from bachtest.composers.models import ComposerPage
from generator.models import Composer
from generator.registry import Shipped
from generator.services.install_shipped import install_shipped
from tests.composers.page_rows import make_owned, make_person
from tests.generator.families.choir import registry_of, save_choir

pytestmark = pytest.mark.django_db
CARD = "/composers/choir/card/"


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def choir(owner: User) -> Composer:
    return make_owned("choir", owner)


@pytest.fixture
def author(choir: Composer, owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def test_the_owner_writes_it_and_the_page_shows_it(author, client):
    assert author.get(CARD).status_code == 200
    answer = author.post(CARD, {"card": "# Hello\r\n\r\n*world*", "save": ""})
    assert answer["Location"] == "/composers/choir/"
    assert ComposerPage.objects.get().card == "# Hello\n\n*world*"
    page = client.get("/composers/choir/").text
    assert "<h3>Hello</h3>" in page
    assert "<em>world</em>" in page


def test_a_preview_stores_nothing(author):
    page = author.post(CARD, {"card": "**new** <script>alert(1)</script>", "preview": ""})
    assert "<strong>new</strong>" in page.text
    assert "<script>alert(1)" not in page.text
    assert ComposerPage.objects.get().card == ""


def test_what_was_written_stands_in_the_form_again(author):
    page = author.post(CARD, {"card": "</textarea><script>alert(1)</script>", "preview": ""})
    assert "&lt;/textarea&gt;&lt;script&gt;" in page.text
    assert "<script>alert(1)" not in page.text


def test_a_card_that_is_too_long_is_refused_with_its_length(author):
    page = author.post(CARD, {"card": "a" * (MAX_CARD + 1), "save": ""})
    assert page.status_code == 400
    assert "The card has 50001 characters; use at most 50000." in page.text
    assert ComposerPage.objects.get().card == ""


def test_a_huge_request_is_refused(author):
    assert author.post(CARD, {"card": "a" * 3_000_000, "save": ""}).status_code == 413
    assert ComposerPage.objects.get().card == ""


@pytest.mark.parametrize("permissions", [(), ("upload_version",), ("publish_version",)])
def test_nobody_else_edits_it(choir, permissions):
    other = Client()
    other.force_login(make_person("other", *permissions))
    for client in (other, Client()):
        assert client.get(CARD).status_code == 404
        assert client.post(CARD, {"card": "mine", "save": ""}).status_code == 404
    assert ComposerPage.objects.get().card == ""


def test_managers_edit_any_card_also_where_there_was_none(choir):
    ComposerPage.objects.all().delete()
    manager = Client()
    manager.force_login(make_person("manager", "manage_composers"))
    assert manager.get(CARD).status_code == 200
    assert not ComposerPage.objects.exists()
    manager.post(CARD, {"card": "theirs", "save": ""})
    page = ComposerPage.objects.get()
    assert (page.card, page.owner) == ("theirs", None)


def test_without_a_token_against_forgery_nothing_is_stored(choir, owner):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert strict.post(CARD, {"card": "forged", "save": ""}).status_code == 403
    assert ComposerPage.objects.get().card == ""


def test_without_a_card_the_composer_s_own_words_stand_there(choir, client):
    choir.about = "It writes *slowly*."
    choir.save()
    assert "It writes <em>slowly</em>." in client.get("/composers/choir/").text


def test_nobody_is_named_unless_they_say_so(author, client, owner):
    owner.first_name, owner.last_name = "Anna Magdalena", "Wilcke"
    owner.save()
    page = client.get("/composers/choir/").text
    assert "Wilcke" not in page and owner.username not in page
    author.post(CARD, {"card": "", "author": "A. M. <Bach>", "save": ""})
    page = client.get("/composers/choir/").text
    assert "A. M. &lt;Bach&gt;" in page and "Wilcke" not in page


def test_a_shipped_composer_shows_the_page_that_tells_of_it(client, settings, tmp_path):
    shipped = Shipped("choir", "Choir", "One line.", folder=tmp_path)
    settings.REGISTRY = registry_of(choir=[shipped])
    save_choir(tmp_path / "choir.safetensors", [["BWV1"]] * 1, [["BWV2"]])
    install_shipped()
    assert "One line." in client.get("/composers/choir/").text
    shipped.card.write_text("# choir\n\nWrites *one* note.\n")
    assert "Writes <em>one</em> note." in client.get("/composers/choir/").text


def test_what_the_site_wrote_of_a_shipped_composer_goes_first(author, choir, settings, tmp_path):
    settings.REGISTRY = registry_of(choir=[Shipped("choir", "Choir", folder=tmp_path)])
    (tmp_path / "choir.md").write_text("From the code.")
    assert "From the code." not in author.get("/composers/choir/").text  # of another version
    choir.versions.update(shipped=True)
    assert "From the code." in author.get("/composers/choir/").text
    author.post(CARD, {"card": "From the site.", "save": ""})
    page = author.get("/composers/choir/").text
    assert "From the site." in page
    assert "From the code." not in page
