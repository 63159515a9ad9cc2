from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django_tasks import default_task_backend

from generator.families.settings import Setting, as_json
from generator.models import Piece
from tests.builders import make_composer, make_pair, make_piece, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def listed(client: Client, model: str, **query: str) -> str:
    response = client.get(reverse(f"admin:generator_{model}_changelist"), query)
    assert response.status_code == 200
    return response.content.decode()


def retry(client: Client, piece: Piece) -> str:
    action = {"action": "retry", "_selected_action": [str(piece.id)], "confirmed": "yes"}
    url = reverse("admin:generator_piece_changelist")
    return client.post(url, action, follow=True).content.decode()


def test_pieces_that_wait_or_are_being_made_can_be_cancelled(admin):
    waiting, running, done = (make_piece(status=name) for name in ("queued", "running", "done"))
    chosen = [str(piece.id) for piece in (waiting, running, done)]
    url = reverse("admin:generator_piece_changelist")
    action = {"action": "cancel", "_selected_action": chosen, "confirmed": "yes"}
    assert "2 of 3 pieces are cancelled" in admin.post(url, action, follow=True).content.decode()
    assert (
        list(Piece.objects.filter(status="failed").values_list("error", flat=True))
        == ["cancelled by an admin"] * 2
    )
    assert Piece.objects.get(id=done.id).status == "done"


def test_a_versions_page_lists_settings_and_works(admin):
    settings = as_json({"sweeps": Setting(24, 0, 100, "Gibbs sweeps")})
    members = [{"trained_on": ["BWV1"], "fold": ["BWV2"]}, {"trained_on": ["BWV2"], "fold": []}]
    version = make_version(make_composer(), settings=settings, members=members)
    page = admin.get(reverse("admin:generator_version_change", args=[version.id])).content.decode()
    assert "sweeps=24: Gibbs sweeps; a whole number from 0 to 100" in page
    assert "0: BWV1" in page


def failed_piece() -> Piece:
    return make_piece(status=Piece.Status.FAILED, tries=3, error="the disk is full")


def test_the_reason_for_a_failure_is_shown(admin):
    failed_piece()
    assert "the disk is full" in listed(admin, "piece", status="failed")
    assert "the disk is full" not in listed(admin, "piece", status="done")


def test_failed_pieces_are_queued_again(admin):
    piece = failed_piece()
    assert "1 of 1 pieces had failed and are in the queue again" in retry(admin, piece)
    piece.refresh_from_db()
    assert (piece.status, piece.tries) == ("queued", 0)
    assert [result.args for result in default_task_backend.results] == [[piece.id]]


def test_pieces_that_are_done_are_not_queued_again(admin):
    piece = make_piece()
    assert "0 of 1 pieces" in retry(admin, piece)
    assert default_task_backend.results == []


def test_staff_without_the_permission_cannot_queue_again():
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_piece"))
    client = Client()
    client.force_login(reader)
    piece = failed_piece()
    retry(client, piece)
    assert Piece.objects.get().status == "failed"


def test_excluded_pairs_say_why(admin):
    make_pair(excluded_reason="copies 20 events in a row from a training work")
    make_pair()
    assert "copies 20 events" in listed(admin, "pair", excluded_reason__isempty="0")
    assert "copies 20 events" not in listed(admin, "pair", excluded_reason__isempty="1")


@pytest.mark.parametrize("model", ["piece", "pair", "composer", "version", "work"])
def test_rows_can_be_viewed_and_not_changed(admin, model):
    pair = make_pair()
    row = {
        "piece": pair.machine,
        "pair": pair,
        "composer": pair.composer,
        "version": pair.machine.version,
        "work": pair.machine.excerpt.work,
    }[model]
    assert str(row) in listed(admin, model)
    change = reverse(f"admin:generator_{model}_change", args=[row.pk])
    assert admin.get(change).status_code == 200
    assert admin.post(change, {}).status_code == 403
    assert admin.get(reverse(f"admin:generator_{model}_add")).status_code == 403
    assert admin.get(reverse(f"admin:generator_{model}_delete", args=[row.pk])).status_code == 403
