from __future__ import annotations

import json
from collections import Counter
from uuid import UUID

import pytest
from django.urls import reverse

from bachtest.game.models import Answer, Game, Listener, Round, Side
from bachtest.game.services import answers, games
from bachtest.studies.models import Study
from generator.models import Work
from generator.music.corpus.titles import work_titles
from tests.builders import make_pair
from tests.results.rows import make_answer, make_game


def test_a_game_of_five_rounds_is_answered_and_scored(ada):
    reveals = ada.play_game()
    game = Game.objects.get()
    assert [reveal["number"] for reveal in reveals] == [1, 2, 3, 4, 5]
    assert game.finished_at is not None
    assert [reveal["game_finished"] for reveal in reveals] == [False] * 4 + [True]
    assert reveals[0]["result_url"] == f"/games/{game.id}/"
    for reveal in reveals:
        row = Round.objects.get(id=reveal["round"])
        assert reveal["bach"] == row.bach_side
        assert reveal["correct"] == (row.bach_side == "left") == row.answer.correct


def test_the_rounds_are_those_of_the_bachbot_challenge(ada):
    ada.start()
    conditions = Counter(
        "one" if len(row.pair.machine.condition) == 1 else row.pair.machine.condition
        for row in Round.objects.all()
    )
    assert conditions == {"one": 1, "AT": 1, "ATB": 1, "SATB": 2}


def test_the_reveal_names_what_was_heard(ada):
    reveal = ada.play_game()[0]
    pair = Round.objects.get(id=reveal["round"]).pair
    work = pair.machine.excerpt.work
    assert reveal["bwv"] == work.bwv.replace("BWV", "BWV ")
    assert reveal["title"] == work.title
    assert (reveal["title_english"], reveal["occasion"]) == ("", ""), "not in the table"
    assert reveal["composer"] == "Bot"
    assert reveal["condition"] == pair.machine.condition
    assert len(reveal["written"]) == len(pair.machine.condition)
    assert reveal["others"] == {"answers": 0, "correct": 0}


def test_the_reveal_explains_a_work_of_the_corpus(ada):
    for work, bwv in zip(Work.objects.all(), work_titles(), strict=False):
        Work.objects.filter(id=work.id).update(bwv=bwv)
    reveal = ada.play_game()[0]
    work = Round.objects.get(id=reveal["round"]).pair.excerpt.work
    named = work_titles()[work.bwv]
    shown = (reveal["bwv"], reveal["title"], reveal["title_english"], reveal["occasion"])
    assert shown == (named.number, named.title, named.title_english, named.occasion)


@pytest.mark.parametrize(
    ("condition", "part"), [("NEXT", "the second half"), ("GAP", "a gap in the middle")]
)
def test_a_span_of_time_is_heard_answered_and_revealed(ada, condition, part):
    Study.objects.filter(slug="quiz").update(rounds=[[condition]])
    make_pair(condition)
    game = ada.start()
    for clip in game["round"]["clips"]:
        assert ada.client.get(clip["url"]).status_code == 200
    reveal = ada.play_round()
    assert (reveal["condition"], reveal["part"]) == (condition, part)
    assert reveal["written"] == ["soprano", "alto", "tenor", "bass"]
    assert reveal["game_finished"]
    page = ada.client.get(reverse("game:result", args=[game["id"]])).content.decode()
    _, _, data = page.partition('<script id="rounds-data" type="application/json">')
    [shown] = json.loads(data.partition("</script>")[0])
    assert (shown["condition"], shown["composer"]) == (condition, "Bot")
    assert len(shown["notes"]) == 2


def test_a_reload_shows_the_same_round_with_the_same_clips(ada):
    first = ada.start()
    assert ada.current() == first
    ada.listen(first["round"]["id"])
    again = ada.current()
    assert [each["plays"] for each in again["round"].pop("heard")] == [1, 1]
    assert [each["plays"] for each in first["round"].pop("heard")] == [0, 0]
    assert again == first
    assert ada.start()["id"] == first["id"]
    assert Game.objects.count() == 1


def test_starting_again_answers_200_and_a_new_game_201(ada):
    body = {"consent": "2026-11"}
    assert ada.post("games/", body).status_code == 201
    assert ada.post("games/", body).status_code == 200


def test_how_others_did_on_the_pair_is_shown(ada):
    round_ids = [each["round"] for each in ada.play_game()]
    for row in Round.objects.filter(id__in=round_ids):
        make_answer(make_game(), row.pair, correct=True)
    game = Game.objects.get(finished_at__isnull=False)
    result = ada.get(f"games/{game.id}/").json()
    assert [each["others"] for each in result["rounds"]] == [{"answers": 1, "correct": 1}] * 5


def test_the_result_has_every_round_with_clips_that_still_play(ada):
    reveals = ada.play_game()
    game = Game.objects.get()
    result = ada.get(f"games/{game.id}/").json()
    assert result["correct"] == sum(reveal["correct"] for reveal in reveals)
    assert [each["number"] for each in result["rounds"]] == [1, 2, 3, 4, 5]
    for each in result["rounds"]:
        for clip in each["clips"]:
            assert ada.client.get(clip["url"]).status_code == 200


def test_an_unfinished_game_has_no_result_yet(ada):
    game = ada.start()
    response = ada.get(f"games/{game['id']}/")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "unfinished"


def test_games_and_rounds_of_another_listener_are_not_found(ada, ben):
    ada.play_game()
    ben.start()
    ada_game = Game.objects.exclude(finished_at=None).get()
    ada_round = ada_game.rounds.first()
    assert ben.get(f"games/{ada_game.id}/").status_code == 404
    assert ben.answer(ada_round.id).status_code == 404
    assert ben.post(f"rounds/{ada_round.id}/plays/", {"side": "left"}).status_code == 404
    assert ben.post(f"rounds/{ada_round.id}/knew/", {"knew": "yes"}).status_code == 404


def test_a_round_that_was_not_sent_yet_cannot_be_answered(ada):
    ada.start()
    later = Round.objects.get(number=3)
    assert ada.answer(later.id).status_code == 404
    assert not Answer.objects.exists()


def test_without_a_game_there_is_no_current_one(ada):
    response = ada.get("games/current/")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "no_listener"
    last = ada.play_game()[-1]
    ada.post(f"rounds/{last['round']}/knew/", {"knew": "passed"})
    response = ada.get("games/current/")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "no_game"


def test_whoever_has_left_is_no_listener_though_another_browser_has_the_cookie(ada):
    ada.start()
    Listener.objects.get().delete()
    response = ada.get("games/current/")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "no_listener"


def test_what_was_played_after_the_round_was_read_counts(ada):
    current = ada.start()["round"]
    row = answers.round_of(Listener.objects.get(), UUID(current["id"]))
    assert [clip.plays for clip in row.clips_in_order()] == [0, 0]
    ada.listen(current["id"])
    assert answers.answer_round(row, Side.LEFT, heard_left=9.0, heard_right=9.0).pk


def test_a_round_that_was_answered_after_the_game_was_read_is_not_fetched_again(ada):
    first = ada.start()["round"]
    game = Game.objects.get()
    assert str(games.fetch_round(game).id) == first["id"]
    ada.play_round()
    assert games.fetch_round(game).number == 2


def test_a_pair_retired_before_it_was_answered_is_replaced_and_the_side_stays(ada):
    game = ada.start()
    row = Round.objects.get(id=game["round"]["id"])
    row.pair.excluded_reason = "a wrong note was found"
    row.pair.save()
    replaced = ada.current()["round"]
    after = Round.objects.get(id=replaced["id"])
    assert after.pair_id != row.pair_id
    assert after.pair.machine.condition == row.pair.machine.condition
    assert after.bach_side == row.bach_side
    assert replaced["clips"] != game["round"]["clips"]
