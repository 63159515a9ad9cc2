"""GET writes nothing, so pages answer on a full or read-only disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bachtest.game.models import Listener, Round
from tests.game.player import Player

PAGES = ["/", "/privacy/", "/about/", "/heard-all/", "/results/", "/play/"]
WRITING = ("INSERT", "UPDATE", "DELETE")


def read_only(on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA query_only = {'ON' if on else 'OFF'}")


@pytest.fixture
def disk_full(ada) -> Iterator[Player]:
    """Ada has answered a round and got the next one; then the database refuses all data."""
    ada.start()
    ada.play_round()
    ada.listen(ada.current()["round"]["id"])
    read_only(True)
    yield ada
    read_only(False)


def test_the_database_of_these_tests_refuses_to_write(disk_full):
    with pytest.raises(DatabaseError), transaction.atomic():
        Listener.objects.create()


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/games/current/", "/api/v1/schema/"])
def test_a_page_answers_where_nothing_can_be_written(disk_full, path):
    assert disk_full.client.get(path).status_code == 200


def test_the_results_wait_until_the_answers_can_be_counted(disk_full):
    assert "are being counted" in disk_full.client.get("/results/").content.decode()
    read_only(False)
    counted = disk_full.client.get("/results/").content.decode()
    assert "are being counted" not in counted
    read_only(True)
    assert disk_full.client.get("/results/").content.decode() == counted


def test_clips_play_where_nothing_can_be_written(disk_full):
    for clip in disk_full.stored()["round"]["clips"]:
        assert disk_full.client.get(clip["url"]).status_code == 200


def test_an_answer_that_cannot_be_stored_is_not_acknowledged_and_can_be_sent_again(disk_full):
    disk_full.client.raise_request_exception = False
    number = disk_full.stored()["round"]["id"]
    response = disk_full.answer(number)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
    read_only(False)
    assert disk_full.answer(number).status_code == 200


@pytest.mark.parametrize("path", ["/", "/play/", "/api/v1/games/current/", "/privacy/"])
def test_a_page_of_the_game_runs_no_query_that_writes(ada, path):
    ada.start()
    ada.play_round()
    with CaptureQueriesContext(connection) as captured:
        assert ada.client.get(path).status_code == 200
    assert captured.captured_queries
    assert [q for q in captured.captured_queries if q["sql"].startswith(WRITING)] == []


def test_the_result_page_writes_nothing_and_its_clips_play_for_ever(ada):
    game = ada.play_game()[-1]["result_url"]
    Round.objects.update(tokens_expire="2020-01-01T00:00Z")
    with CaptureQueriesContext(connection) as captured:
        page = ada.client.get(game)
    assert [q for q in captured.captured_queries if q["sql"].startswith(WRITING)] == []
    for row in page.context["rounds"]:
        for clip in row["clips"]:
            assert ada.client.get(clip["url"]).status_code == 200


def test_a_look_at_the_game_sends_no_round(ada):
    ada.start()
    ada.play_round()
    assert ada.stored()["round"] is None
    assert Round.objects.get(number=2).sent_at is None
    assert ada.current()["round"]["number"] == 2
    assert ada.stored()["round"]["number"] == 2
