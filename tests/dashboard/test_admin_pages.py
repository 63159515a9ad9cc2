"""Pieces are heard and seen, answers are found, uploads and tokens are read."""

from __future__ import annotations

import re
from datetime import timedelta as td

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from knox.models import AuthToken

from bachtest.composers.models import (
    ApiToken,
    ComposerPage,
    RegistryStep,
    Sample,
    Upload,
    VersionScores,
)
from bachtest.studies.models import Study
from tests.builders import add_to_study, make_composer, make_pair, make_piece
from tests.results.rows import make_answer, make_game, quiz

pytestmark = pytest.mark.django_db


def notes(page: str, by: str) -> int:
    return len(re.findall(rf'class="note \w+ {by}"', page))


def test_a_piece_is_heard_and_seen_with_the_machines_notes_marked(member):
    client, piece = member("researcher"), make_pair("ATB").machine
    page = client.get(reverse("admin:generator_piece_change", args=[piece.pk])).text
    clip = piece.renderings.get()
    assert f'src="{reverse("admin:clip", args=[clip.pk])}"' in page
    assert "/media/" not in page
    assert (notes(page, "by-bach"), notes(page, "by-bot")) == (16, 48)
    assert 'role="img" aria-label="Notes of' in page
    assert '"pitch"' not in page, "the grid itself is left out"


def test_a_pair_shows_both_sides(member):
    pair = make_pair("S")
    page = (
        member("composer manager").get(reverse("admin:generator_pair_change", args=[pair.pk])).text
    )
    assert page.count("<audio") == 2
    assert (notes(page, "by-bach"), notes(page, "by-bot")) == (64 + 48, 16)


def test_a_piece_that_waits_has_a_page_too(root):
    piece = make_piece(status="queued", grid=None)
    page = root.get(reverse("admin:generator_piece_change", args=[piece.pk])).text
    assert "No clip yet." in page
    assert '<svg class="piano-roll' not in page


def test_a_clip_comes_whole_or_in_ranges(root):
    clip = make_pair().machine.renderings.get()
    url, content = reverse("admin:clip", args=[clip.pk]), clip.file.open().read()
    whole = root.get(url)
    assert (whole.content, whole.headers["Content-Type"]) == (content, "audio/mpeg")
    part = root.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    assert root.get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert root.get(reverse("admin:clip", args=[10**9])).status_code == 404
    assert root.post(url).status_code == 405


@pytest.fixture
def answers():
    """One of each of two studies, composers and conditions."""
    other = Study.objects.create(slug="other", title="Other")
    made = []
    for study, slug, condition in ((quiz(), "bot", "ATB"), (other, "net", "S")):
        composer = make_composer(slug)
        add_to_study(study, composer.versions.get())
        made.append(
            make_answer(make_game(study=study), make_pair(condition, composer), correct=True)
        )
    return made


@pytest.mark.parametrize(
    "query",
    [
        {"round__game__participation__study__id__exact": "STUDY"},
        {"round__pair__machine__version__composer__id__exact": "COMPOSER"},
        {"round__pair__machine__condition": "ATB"},
        *({"q": word} for word in ("quiz", "bot", "atb", "WORK", "LISTENER", "LISTENER-HEX")),
    ],
)
def test_answers_are_found_by_study_composer_condition_work_and_listener(member, answers, query):
    first = answers[0]
    listener = first.round.game.participation.listener_id
    words = {
        "STUDY": str(quiz().pk),
        "COMPOSER": str(make_composer("bot").pk),
        "WORK": first.round.pair.excerpt.work.bwv,
        "LISTENER": str(listener),
        "LISTENER-HEX": listener.hex,
    }
    query = {name: words.get(value, value) for name, value in query.items()}
    page = member("researcher").get(reverse("admin:game_answer_changelist"), query)
    assert page.status_code == 200
    assert [answer.pk for answer in page.context["cl"].queryset] == [first.pk]


def test_the_list_of_answers_asks_as_often_for_many_as_for_few(
    member, answers, django_assert_num_queries
):
    client, url = member("researcher"), reverse("admin:game_answer_changelist")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(6):
        make_answer(make_game(), make_pair("ATB", make_composer("bot")), correct=False)
    with django_assert_num_queries(len(few)):
        assert client.get(url).text.count('class="field-listener"') == 8


def test_an_upload_shows_its_steps_and_cannot_be_changed(member):
    upload = Upload.objects.create(
        slug="net", kind="checkpoint", length=1, status="refused", reason="header of 2^63 bytes"
    )
    step = RegistryStep.objects.create(
        upload=upload, status="refused", reason="header of 2^63 bytes"
    )
    client = member("administrator")
    for row in (upload, step):
        name = f"composers_{row._meta.model_name}"
        assert "header of 2^63 bytes" in client.get(reverse(f"admin:{name}_changelist")).text
        url = reverse(f"admin:{name}_change", args=[row.pk])
        assert "header of 2^63 bytes" in client.get(url).text
        assert client.post(url, {}).status_code == 403
        assert client.post(reverse(f"admin:{name}_delete", args=[row.pk])).status_code == 403


def test_scores_and_samples_are_shown(root):
    row = {"name": "parallels", "condition": "ATB", "unit": "per 1,000", "bach": 1.1}
    row["composer"] = {"estimate": 3.25, "low": 3.0, "high": 3.5, "n": 60}
    version = make_composer("bot").versions.get()
    scores = VersionScores.objects.create(version=version, rows={"fills": [row]})
    page = root.get(reverse("admin:composers_versionscores_change", args=[scores.pk])).text
    assert "parallels" in page
    assert "3.25" in page
    Sample.objects.create(
        version=version,
        piece=make_pair("ATB", make_composer("bot")).machine,
        work="BWV254",
        events=7,
    )
    assert "BWV254" in root.get(reverse("admin:composers_sample_changelist")).text


def test_a_manager_edits_a_card_and_its_owner(member):
    page = ComposerPage.objects.create(composer=make_composer("bot"))
    owner = User.objects.create_user("maria")
    url = reverse("admin:composers_composerpage_change", args=[page.pk])
    response = member("composer manager").post(url, {"card": "*new*", "owner": str(owner.pk)})
    assert response.status_code == 302
    page.refresh_from_db()
    assert (page.card, page.owner) == ("*new*", owner)


def test_a_token_shows_what_it_may_and_no_secret_and_deleting_revokes_it(root):
    user = User.objects.create_user("maria")
    token, secret = ApiToken.objects.create(user=user, expiry=td(days=1))
    ApiToken.objects.filter(pk=token.pk).update(name="laptop", scopes=["upload"])
    url = reverse("admin:composers_apitoken_change", args=[token.pk])
    pages = root.get(url).text + root.get(reverse("admin:composers_apitoken_changelist")).text
    assert "laptop" in pages
    assert "upload" in pages
    assert "field-digest" not in pages
    assert "field-token_key" not in pages
    assert secret not in pages
    assert root.get(reverse("admin:composers_apitoken_add")).status_code == 403
    root.post(reverse("admin:composers_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()
    assert AuthToken not in admin.site._registry
