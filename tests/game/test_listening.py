"""An answer counts once both clips were heard, by the server's clock and the browser's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bachtest.game import scoring
from bachtest.game.models import Answer, Round

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("left", "right", "now", "heard"),
    [
        (None, None, 60, False),
        (0, None, 60, False),
        (None, 0, 60, False),
        (0, 5, 10, True),
        (5, 0, 10, True),
        (0, 5, 9, False),  # the second was heard for 4 s
        (0, 0, 6, False),  # two clips do not play at once
        (0, 8, 12, False),
        (0, 2, 10, True),  # started, then the other clip, then this one again
    ],
)
def test_both_clips_must_have_had_the_time(left, right, now, heard):
    first_left, first_right = (None if each is None else after(each) for each in (left, right))
    by_clock = scoring.heard_by_clock(first_left, first_right, now=after(now), need=5.0)
    assert by_clock is heard


def test_a_clip_shorter_than_the_time_need_be_heard_to_its_end_only():
    assert scoring.seconds_to_hear(5.0, 3.0) == 3.0
    assert scoring.seconds_to_hear(5.0, 20.0) == 5.0


@pytest.mark.parametrize("bach_side", ["left", "right"])
@pytest.mark.parametrize(("left", "right"), [(0, 5), (5, 0)])
def test_whether_bach_was_heard_first(bach_side, left, right):
    first = scoring.bach_heard_first(after(left), after(right), bach_side)
    assert first is ((left < right) == (bach_side == "left"))


def heard_since(round_id: str, seconds: float) -> None:
    """As if the clips had been started so long ago, the right one after the left."""
    start = datetime.now(UTC) - timedelta(seconds=seconds)
    row = Round.objects.get(id=round_id)
    row.first_play_left, row.first_play_right = start, start + timedelta(seconds=seconds / 2)
    row.save()


@pytest.mark.parametrize(("seconds", "status"), [(3.0, 400), (8.0, 400), (10.1, 200)])
def test_the_servers_clock_decides_whatever_the_browser_says(ada, settings, seconds, status):
    settings.LISTEN_SECONDS = 5.0
    current = ada.start()["round"]
    row = Round.objects.get(id=current["id"])
    for piece in (row.pair.bach, row.pair.machine):
        piece.seconds = 20.0
        piece.save()
    ada.listen(current["id"])
    heard_since(current["id"], seconds)
    response = ada.answer(current["id"], heard={"left": 99.0, "right": 99.0})
    assert response.status_code == status
    assert Answer.objects.exists() is (status == 200)


def test_too_early_says_so_and_the_round_goes_on(ada, settings):
    settings.LISTEN_SECONDS = 5.0
    current = ada.start()["round"]
    response = ada.answer(current["id"])
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "too_early"
    assert ada.current()["round"]["id"] == current["id"]


def test_the_browser_must_report_it_as_well(ada, settings):
    settings.LISTEN_SECONDS = 2.0
    current = ada.start()["round"]
    ada.listen(current["id"])
    heard_since(current["id"], 60)
    assert ada.answer(current["id"], heard={"left": 30, "right": 0.5}).status_code == 400
    assert ada.answer(current["id"], heard={"left": 30, "right": 2}).status_code == 200


def test_the_study_may_ask_for_another_time_than_the_setting(ada, settings):
    settings.LISTEN_SECONDS = 5.0
    game = ada.start()
    study = Round.objects.get(id=game["round"]["id"]).game.study
    study.listen_seconds = 1.5
    study.save()
    assert ada.current()["round"]["listen_seconds"] == 1.5
