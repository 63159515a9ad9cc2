"""An answer counts once both clips were heard, by the server's clock and the browser's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bachtest.game import scoring
from bachtest.game.models import Answer, Round, RoundClip

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
    for position in (1, 2):
        first_play = start + timedelta(seconds=(position - 1) * seconds / 2)
        RoundClip.objects.filter(round=round_id, position=position).update(first_play=first_play)


def left_clip(round_id: str) -> RoundClip:
    return RoundClip.objects.get(round=round_id, position=1)


def heard_clips(round_id: str, field: str) -> list[float]:
    clips = RoundClip.objects.filter(round=round_id).order_by("position")
    return list(clips.values_list(field, flat=True))


@pytest.mark.parametrize(("seconds", "status"), [(3.0, 400), (8.0, 400), (10.1, 200)])
def test_the_servers_clock_decides_whatever_the_browser_says(ada, settings, seconds, status):
    settings.LISTEN_SECONDS = 5.0
    current = ada.start()["round"]
    row = Round.objects.get(id=current["id"])
    for piece in (row.pair.bach, row.pair.machine):
        piece.renderings.update(seconds=20.0)
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


def note(player, round_id: str, side: str, **fields: float) -> None:
    response = player.post(f"rounds/{round_id}/plays/", {"side": side} | fields)
    assert response.status_code == 200, response.json()


def sent_ago(round_id: str, seconds: float) -> Round:
    Round.objects.filter(id=round_id).update(sent_at=datetime.now(UTC) - timedelta(seconds=seconds))
    return Round.objects.get(id=round_id)


@pytest.mark.parametrize("late_first", [False, True])
def test_the_order_of_hearing_is_what_happened_in_whatever_order_the_notes_come(ada, late_first):
    current = ada.start()["round"]["id"]
    bach = sent_ago(current, 60).bach_side
    notes = [("left", 1, 30.0), ("right", 1, 20.0), ("left", 2, 10.0)]
    for side, number, age in reversed(notes) if late_first else notes:
        note(ada, current, side, number=number, age=age)
    assert ada.answer(current).status_code == 200
    answer = Answer.objects.get()
    assert answer.first == (bach == "left")
    assert heard_clips(current, "plays") == [2, 1]
    assert answer.seconds == pytest.approx(30, abs=2)


def test_a_note_that_comes_twice_counts_once(ada):
    current = ada.start()["round"]["id"]
    for _ in range(3):
        note(ada, current, "left", number=1, age=0.5)
    assert left_clip(current).plays == 1


def test_no_clip_was_started_before_its_round_was_sent(ada):
    current = ada.start()["round"]["id"]
    note(ada, current, "left", number=1, age=3600)
    assert left_clip(current).first_play == Round.objects.get(id=current).sent_at


@pytest.mark.parametrize("number", [0, -1, 1.5, "x", 10**9])
def test_a_number_of_a_start_that_cannot_be_is_refused(ada, number):
    current = ada.start()["round"]["id"]
    response = ada.post(f"rounds/{current}/plays/", {"side": "left", "number": number})
    assert response.status_code == 400
    assert "number" in response.json()["error"]["fields"]
    assert left_clip(current).plays == 0


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-400)])
def test_a_clock_that_is_set_back_locks_nobody_out(ada, settings, monkeypatch, jump):
    settings.LISTEN_SECONDS = 2.0
    current = ada.start()["round"]["id"]
    ada.listen(current)
    monkeypatch.setattr("bachtest.game.services.answers.now", lambda: datetime.now(UTC) + jump)
    assert ada.answer(current, heard={"left": 0.5, "right": 2.0}).status_code == 400
    assert ada.answer(current).status_code == 200
    assert Answer.objects.get().seconds == 0


def test_a_cookie_of_a_clock_that_was_set_forward_since_is_still_known(ada, monkeypatch):
    monkeypatch.setattr("django.core.signing.time.time", lambda: 1_000_000_000.0)
    game = ada.start()
    monkeypatch.undo()
    assert ada.stored()["id"] == game["id"]


def test_what_was_heard_before_a_reload_counts(ada, settings):
    settings.LISTEN_SECONDS = 2.0
    current = ada.start()["round"]["id"]
    for side in ("left", "right"):
        note(ada, current, side, number=1, heard=1.9)
    heard_since(current, 60)
    before = [
        (each["side"], each["plays"], each["seconds"]) for each in ada.stored()["round"]["heard"]
    ]
    assert before == [("left", 1, 1.9), ("right", 1, 1.9)]
    assert ada.answer(current, heard={"left": 0, "right": 0}).status_code == 200
    assert heard_clips(current, "heard") == [1.9, 1.9]


NOTES = [
    {"side": "left", "number": 2, "age": 9.0, "heard": 4.0},
    {"side": "right", "number": 1, "age": 5.0, "heard": 5.0},
]


def test_notes_that_never_came_through_go_with_the_answer(ada):
    current = ada.start()["round"]
    assert ada.answer(current["id"]).json()["error"]["code"] == "too_early"
    Round.objects.filter(id=current["id"]).update(sent_at=datetime.now(UTC) - timedelta(minutes=1))
    assert ada.answer(current["id"], notes=NOTES).status_code == 200
    assert heard_clips(current["id"], "plays") == [2, 1]
    left, right = heard_clips(current["id"], "first_play")
    assert (right - left).total_seconds() == pytest.approx(4.0, abs=0.5)
    assert ada.answer(current["id"], notes=NOTES).status_code == 200
    assert heard_clips(current["id"], "plays") == [2, 1]


def test_notes_with_a_refused_answer_are_not_stored(ada, settings):
    settings.LISTEN_SECONDS = 5.0
    current = ada.start()["round"]
    assert ada.answer(current["id"], notes=NOTES).status_code == 400
    assert heard_clips(current["id"], "plays") == [0, 0]


@pytest.mark.parametrize("notes", [{}, [1], [{"side": "up"}], NOTES + NOTES])
def test_notes_of_nothing_are_refused(ada, notes):
    current = ada.start()["round"]
    ada.listen(current["id"])
    assert ada.answer(current["id"], notes=notes).status_code == 400
