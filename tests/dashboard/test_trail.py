"""Edits by admins are logged with who and what; workers, games, passwords and addresses are not."""

from __future__ import annotations

import json

import pytest
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry as AdminLogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from bachtest.composers.models import ComposerPage
from bachtest.dashboard.trail import edits_have_an_actor
from bachtest.game.models import Listener
from bachtest.studies.models import Study
from generator.models import Composer, Pair, Piece
from generator.tasks import retry_pieces
from tests.builders import make_composer, make_pair, make_piece
from tests.game.player import Player
from tests.results.rows import make_answer, make_game, quiz

pytestmark = pytest.mark.django_db
ADDRESS = {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "198.51.100.23"}
ADDRESS |= {"HTTP_X_FORWARDED_PORT": "4711", "HTTP_X_CORRELATION_ID": "chosen-by-the-client"}


def entries(model: type) -> list[LogEntry]:
    return list(LogEntry.objects.get_for_model(model).select_related("actor").order_by("id"))


def edit_study(client: Client, **changes: object) -> Study:
    study = quiz()
    page = client.get(reverse("admin:studies_study_change", args=[study.pk]))
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields} | changes
    data = {name: "" if value is None else value for name, value in data.items()}
    data |= {"created_0": f"{study.created:%Y-%m-%d}", "created_1": f"{study.created:%H:%M:%S.%f}"}
    for formset in page.context["inline_admin_formsets"]:
        data |= {
            f"{formset.formset.prefix}-{k}": v
            for k, v in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
        }
    url = reverse("admin:studies_study_change", args=[study.pk])
    response = client.post(url, data, **ADDRESS)
    assert response.status_code == 302, response.context["errors"]
    return study


def test_a_change_of_a_study_names_person_field_and_both_values(root):
    study = edit_study(root, title="A new title")
    [entry] = entries(Study)
    assert (entry.actor.username, entry.object_pk) == ("root", str(study.pk))
    assert entry.changes == {"title": ["Bach or bot?", "A new title"]}


def test_no_address_and_nothing_else_of_the_client_is_stored(root):
    edit_study(root, title="A new title")
    rows = json.dumps(list(LogEntry.objects.values()), default=str)
    for told in ADDRESS.values():
        assert told not in rows
    assert settings.AUDITLOG_DISABLE_REMOTE_ADDR is True


def test_a_password_is_never_logged(root):
    user = User.objects.create_user("maria", password="first")
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert (
        root.post(
            url, {"usable_password": "true", "password1": "Second-4711", "password2": "Second-4711"}
        ).status_code
        == 302
    )
    user.refresh_from_db()
    assert user.check_password("Second-4711")
    rows = json.dumps([entry.changes for entry in entries(User)])
    assert "password" not in rows
    assert "md5" not in rows


def test_a_login_is_no_edit(client):
    User.objects.create_superuser("root", password="root")
    LogEntry.objects.all().delete()
    client.post(reverse("admin:login"), {"username": "root", "password": "root"})
    assert not LogEntry.objects.exists()


def test_roles_and_their_members_are_logged():
    user, group = User.objects.create_user("maria"), Group.objects.create(name="helpers")
    LogEntry.objects.all().delete()
    group.permissions.add(Permission.objects.get(codename="view_piece"))
    user.groups.add(group)
    assert [next(iter(entry.changes)) for entry in entries(Group)] == ["permissions"]
    assert [next(iter(entry.changes)) for entry in entries(User)] == ["groups"]


def test_pages_of_composers_are_logged():
    page = ComposerPage.objects.create(composer=make_composer("bot"), card="first")
    page.card = "second"
    page.save()
    assert entries(ComposerPage)[-1].changes == {"card": ["first", "second"]}
    assert len(entries(Composer)) == 1


def test_exclusions_by_an_admin_are_logged_and_those_of_a_worker_are_not(root):
    pair = make_pair()
    assert entries(Pair) == []
    data = {"action": "exclude_from_play", "_selected_action": [str(pair.pk)]}
    data |= {"confirmed": "yes", "reason": "a wrong fermata"}
    root.post(reverse("admin:generator_pair_changelist"), data)
    [entry] = entries(Pair)
    assert entry.actor.username == "root"
    assert entry.changes == {"excluded_reason": ["", "by an admin: a wrong fermata"]}


@pytest.mark.usefixtures("recorded_queue")
def test_work_of_the_queue_is_not_logged():
    piece = make_piece(composer=make_composer("bot"), status="failed")
    pair = make_pair(composer=make_composer("bot"))
    LogEntry.objects.all().delete()
    retry_pieces(Piece.objects.filter(id=piece.id))
    make_answer(make_game(), pair, correct=True)
    assert not LogEntry.objects.exists()


def test_nothing_of_the_game_is_registered():
    logged = {model._meta.label for model in auditlog.get_models()}
    assert logged == {
        *("studies.Study", "studies.StudyComposer", "generator.Composer"),
        *("composers.ComposerPage", "auth.Group", "auth.User"),
    }


@pytest.mark.parametrize("by_list", [True, False])
def test_a_deleted_listener_leaves_no_trace_in_any_table(root, by_list):
    make_answer(make_game(), make_pair(composer=make_composer("bot")), correct=True)
    listener = Listener.objects.get()
    if by_list:
        data = {"action": "delete_selected", "_selected_action": [str(listener.pk)], "post": "yes"}
        root.post(reverse("admin:game_listener_changelist"), data)
    else:
        root.post(reverse("admin:game_listener_delete", args=[listener.pk]), {"post": "yes"})
    assert not Listener.objects.exists()
    assert AdminLogEntry.objects.get().object_repr == "1 listener"
    root.get(reverse("admin:index"))  # shows the message, which held the name
    for model in apps.get_models(include_auto_created=True):
        rows = json.dumps(list(model._base_manager.values()), default=str)
        assert str(listener.pk) not in rows, model
        assert listener.pk.hex not in rows, model


def test_a_players_request_costs_no_query_and_no_session(client, rf, django_assert_num_queries):
    seen = []
    request = rf.post("/api/v1/games/current/")
    with django_assert_num_queries(0):
        edits_have_an_actor(lambda request: seen.append(request))(request)
    assert seen == [request]
    assert not hasattr(request, "user"), "it was not even asked for"


def test_a_players_responses_do_not_vary_by_cookie(client, settings):
    settings.LISTEN_SECONDS = 0
    bot = make_composer("bot")
    for condition in ("S", "A", "T", "B", "AT", "ATB", "SATB", "SATB"):
        make_pair(condition, bot)
    Player(client).play_game()
    assert "sessionid" not in client.cookies
    assert not LogEntry.objects.filter(actor__isnull=False).exists()


def test_the_log_can_be_read_and_not_changed(root):
    edit_study(root, title="A new title")
    entry = LogEntry.objects.get_for_model(Study).get()
    assert (
        "A new title" in root.get(reverse("admin:auditlog_logentry_change", args=[entry.pk])).text
    )
    assert root.post(reverse("admin:auditlog_logentry_delete", args=[entry.pk])).status_code == 403
    assert root.get(reverse("admin:auditlog_logentry_add")).status_code == 403


def test_names_and_addresses_of_people_are_not_logged(root):
    data = {"first_name": "Maria", "last_name": "Wilcke", "email": "maria@example.org"}
    user = User.objects.create_user("m1", **data)
    user.email = "other@example.org"
    user.save()
    User.objects.filter(username="root").update(email="root@example.org")
    edit_study(root, title="A new title")
    rows = json.dumps(list(LogEntry.objects.values()), default=str)
    assert "A new title" in rows
    for told in ("Wilcke", "example.org"):
        assert told not in rows
