"""Bulk actions say how many of what and what happens, and do it once they are confirmed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from bachtest.dashboard.admin import BY_ADMIN
from generator.models import Pair, Piece
from tests.builders import make_composer, make_pair, make_piece

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
RULE = "copies 15 events in a row from another work by Bach"


def act(client: Client, model: str, action: str, *rows: Pair | Piece, **data: str) -> str:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    url = reverse(f"admin:generator_{model}_changelist")
    return client.post(url, chosen | data, follow=True).text


def hidden(page: str) -> dict[str, str]:
    form = page[page.index('class="confirm"') :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def reasons() -> list[str]:
    return list(Pair.objects.order_by("id").values_list("excluded_reason", flat=True))


def test_nothing_happens_before_it_is_confirmed(root):
    pieces = [make_piece(status="failed", error="e") for _ in range(12)]
    page = act(root, "piece", "retry", *pieces, make_piece())
    assert "Try 12 of 13 pieces again?" in page
    assert "They go" not in page
    assert "and 3 more" in page
    assert not Piece.objects.pending().exists()
    done = act(root, "piece", "retry", *pieces, confirmed="yes")
    assert "12 of 12 pieces had failed" in done
    assert Piece.objects.pending().count() == 12


def test_the_confirmation_sends_what_was_chosen(root):
    piece = make_piece(status="queued")
    form = hidden(act(root, "piece", "cancel", piece))
    assert form.pop("csrfmiddlewaretoken")
    assert form == {"confirmed": "yes", "action": "cancel", "_selected_action": str(piece.pk)}
    page = root.post(reverse("admin:generator_piece_changelist"), form, follow=True).text
    assert "1 of 1 pieces are cancelled" in page


def test_all_rows_of_a_filtered_list_can_be_chosen(root):
    failed = [make_piece(status="failed", error="e") for _ in range(3)]
    make_piece(status="queued")
    url = reverse("admin:generator_piece_changelist") + "?status__exact=failed"
    chosen = {"action": "retry", "_selected_action": [str(failed[0].pk)], "select_across": "1"}
    page = root.post(url, chosen | {"index": "0"}).text
    assert "Try 3 of 3 pieces again?" in page
    done = root.post(url, hidden(page), follow=True).text
    assert "3 of 3 pieces had failed" in done


def test_pairs_are_excluded_with_a_reason(member):
    client = member("composer manager")
    pairs = [make_pair(), make_pair(excluded_reason=RULE)]
    page = act(client, "pair", "exclude_from_play", *pairs)
    assert "Exclude 1 of 2 pairs?" in page
    assert 'name="reason"' in page
    without = act(client, "pair", "exclude_from_play", *pairs, confirmed="yes", reason="  ")
    assert "Please say why." in without
    assert reasons() == ["", RULE]
    data = {"confirmed": "yes", "reason": "a wrong\n fermata"}
    assert "1 of 2 pairs are excluded" in act(client, "pair", "exclude_from_play", *pairs, **data)
    assert reasons() == [BY_ADMIN + "a wrong fermata", RULE]
    assert not Pair.objects.playable().exists()


def test_a_long_reason_fits_its_column(root):
    pair = make_pair()
    act(root, "pair", "exclude_from_play", pair, confirmed="yes", reason="x" * 5000)
    pair.refresh_from_db()
    pair.full_clean()


def test_only_exclusions_by_admins_are_taken_back(root):
    pairs = [make_pair(excluded_reason=BY_ADMIN + "a mistake"), make_pair(excluded_reason=RULE)]
    assert "of 1 of 2 pairs back?" in act(root, "pair", "take_back", *pairs)
    page = act(root, "pair", "take_back", *pairs, confirmed="yes")
    assert "1 of 2 pairs may be played again" in page
    assert reasons() == ["", RULE]


def test_a_researcher_sees_pairs_and_cannot_exclude_them(member):
    pair = make_pair(composer=make_composer("bot"))
    act(member("researcher"), "pair", "exclude_from_play", pair, confirmed="yes", reason="r")
    assert reasons() == [""]
