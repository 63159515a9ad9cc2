"""Three roles come with every migrate, and each may what docs/roles.md says."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from bachtest.composers.models import Upload
from bachtest.dashboard import roles
from bachtest.dashboard.roles import make_roles
from bachtest.studies.models import Study
from tests.builders import make_pair

pytestmark = pytest.mark.django_db
ROLES = ["administrator", "composer manager", "researcher"]
LISTS = [
    *("studies_study", "game_answer", "game_listener", "generator_piece", "generator_pair"),
    *("generator_version", "composers_upload", "composers_registrystep", "composers_apitoken"),
    *("composers_composerpage", "composers_versionscores", "auth_user", "auth_group"),
    *("auditlog_logentry", "django_tasks_database_dbtaskresult"),
]
MUSIC = {
    *("generator_piece", "generator_pair", "generator_version"),
    *("composers_composerpage", "composers_versionscores"),
}
MAY_LIST = {
    "researcher": MUSIC | {"studies_study", "game_answer", "game_listener"},
    "composer manager": MUSIC | {"composers_upload", "composers_registrystep"},
    "administrator": set(LISTS),
}


def permissions(role: str) -> set[str]:
    rows = Group.objects.get(name=role).permissions.values_list(
        "content_type__app_label", "codename"
    )
    return {".".join(row) for row in rows}


def test_migrate_makes_the_roles():
    assert sorted(Group.objects.values_list("name", flat=True)) == ROLES
    assert "composers.publish_version" in permissions("composer manager")
    assert "studies.change_study" in permissions("researcher")
    assert len(permissions("administrator")) == Permission.objects.count()


def test_migrate_again_adds_what_is_missing_and_keeps_what_an_admin_added():
    group = Group.objects.get(name="researcher")
    extra = Permission.objects.get(codename="view_upload")
    group.permissions.set([extra])
    call_command("migrate", verbosity=0)
    assert permissions("researcher") >= {"composers.view_upload", "studies.add_study"}
    assert Group.objects.count() == len(ROLES)


def test_a_permission_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setitem(roles.PERMISSIONS, "researcher", ("results.nobody_has_it",))
    Group.objects.all().delete()
    make_roles()
    assert permissions("researcher") == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_lists_and_no_others(member, role):
    client = member(role)
    opened = set()
    for name in LISTS:
        status = client.get(reverse(f"admin:{name}_changelist")).status_code
        assert status in (200, 403), (name, status)
        opened |= {name} if status == 200 else set()
    assert opened == MAY_LIST[role]


def test_a_researcher_makes_a_study_and_a_manager_does_not(member):
    assert member("researcher").get(reverse("admin:studies_study_add")).status_code == 200
    assert member("composer manager").get(reverse("admin:studies_study_add")).status_code == 403


def test_researchers_delete_no_study_and_no_answer(member):
    client, study = member("researcher"), Study.objects.get(slug="quiz")
    assert client.post(reverse("admin:studies_study_delete", args=[study.pk])).status_code == 403


@pytest.mark.parametrize(
    ("action", "roles_that_may"),
    [
        ("order_more", {"composer manager", "administrator"}),
        ("retry_alike", {"composer manager", "administrator"}),
        ("recount_items", {"researcher", "administrator"}),
        ("compare_files", set(ROLES)),
    ],
)
def test_buttons_work_for_those_who_may(member, action, roles_that_may):
    url = reverse(f"admin:{action}")
    data = {"composer": "bot", "condition": "ATB", "count": "0", "like": "0"}
    make_pair()
    for role in ROLES:
        allowed = role in roles_that_may
        assert member(role).post(url, data).status_code == (
            403 if not allowed else (200 if action == "retry_alike" else 302)
        ), role
    assert member(is_staff=False).post(url, data).status_code == 302
    assert member("administrator").get(url).status_code == 405


@pytest.mark.parametrize("name", ["index", "live", "order_more", "retry_alike", "compare_files"])
def test_strangers_get_the_login(name):
    response = Client().get(reverse(f"admin:{name}"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))


def test_a_role_alone_opens_no_admin(member):
    response = member("administrator", is_staff=False).get(reverse("admin:index"))
    assert response.status_code == 302


def test_the_clip_of_a_piece_is_for_roles_only(member):
    clip = make_pair().machine.renderings.get()
    url = reverse("admin:clip", args=[clip.pk])
    assert Client().get(url).status_code == 302
    assert member().get(url).status_code == 403
    assert member("researcher").get(url).status_code == 200


def test_who_only_uploads_sees_their_own_uploads_alone(member):
    client = member("", "upload_version")
    me = User.objects.get(id=int(client.session["_auth_user_id"]))
    for owner, slug in ((me, "mine"), (None, "others")):
        Upload.objects.create(owner=owner, slug=slug, kind="checkpoint", length=1, status="scored")
    page = client.get(reverse("admin:index")).text
    assert "mine" in page
    assert "others" not in page
    assert "Queue and workers" not in page


def test_the_page_on_roles_lists_the_permissions():
    page = (settings.BASE_DIR / "docs/roles.md").read_text()
    named = set(re.findall(r"`([a-z]+\.[a-z]+_[a-z]+)`", page))
    assert named >= {name for names in roles.PERMISSIONS.values() for name in names}
    assert "`composers.upload_version`" in page
