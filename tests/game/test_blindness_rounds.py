"""Rules 7 to 11: one answer a round, a tune family once, what is asked, stored and played."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import IntegrityError, transaction

from bachtest.game.models import Answer, Round, RoundClip
from generator.models import Pair
from generator.music.formats.gridjson import to_json
from generator.services.pairs import MAX_COPIED_RUN, join_pairs
from tests.builders import (
    make_bach,
    make_chorale,
    make_composer,
    make_excerpt,
    make_pair,
    make_piece,
)


def tune_of(row: Round) -> str:
    return row.pair.machine.excerpt.work.tune


def test_rule_07_a_second_answer_gets_409_and_changes_nothing(ada):
    current = ada.start()["round"]
    ada.listen(current["id"])
    assert ada.answer(current["id"], "left").status_code == 200
    before = Answer.objects.values().get()
    response = ada.answer(current["id"], "right")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "answered"
    assert Answer.objects.values().get() == before


def test_rule_07_the_same_answer_again_gets_its_reveal_and_changes_nothing(ada):
    current = ada.start()["round"]
    ada.listen(current["id"])
    first = ada.answer(current["id"], "left")
    before = Answer.objects.values().get()
    again = ada.answer(current["id"], "left", heard={"left": 1.0, "right": 0.0})
    assert (again.status_code, again.json()) == (200, first.json())
    assert Answer.objects.values().get() == before


def test_rule_07_the_database_itself_refuses_a_second_answer(ada):
    ada.start()
    ada.play_round()
    answer = Answer.objects.get()
    answer.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        answer.save(force_insert=True)


def test_rule_07_a_clip_played_after_the_answer_is_not_counted(ada):
    current = ada.start()["round"]
    ada.play_round()
    assert ada.post(f"rounds/{current['id']}/plays/", {"side": "left"}).status_code == 409
    assert RoundClip.objects.get(round=current["id"], position=1).plays == 1


def test_rule_08_a_listener_hears_a_tune_family_once_ever(ada):
    for _ in range(2):
        ada.play_game()
    tunes = [tune_of(row) for row in Round.objects.all()]
    assert len(tunes) == 10
    assert len(set(tunes)) == 10


def test_rule_08_another_pair_of_a_tune_that_was_heard_is_not_played(ada):
    ada.play_game()
    for row in list(Round.objects.all()):
        make_pair(row.pair.machine.condition, make_composer("other"), tune=tune_of(row))
    ada.play_game()
    tunes = Counter(tune_of(row) for row in Round.objects.all())
    assert set(tunes.values()) == {1}


def test_rule_08_a_listener_who_has_heard_all_is_told_so_kindly(ada):
    ada.play_game()
    Pair.objects.filter(rounds=None).update(excluded_reason="to be short of pairs")
    response = ada.post("games/", {"consent": "2026-11"})
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "heard_all"
    assert "Thank you" in response.json()["error"]["message"]


def test_rule_08_a_pool_too_small_for_anybody_is_not_called_heard_all(ada):
    Pair.objects.filter(machine__condition="SATB").update(excluded_reason="not checked yet")
    response = ada.post("games/", {"consent": "2026-11"})
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "no_pairs"


def test_rule_08_the_least_answered_pairs_of_a_cell_are_played_first(newcomer):
    for _ in range(3):
        newcomer().play_game()
    for condition in ("AT", "ATB"):
        pairs = Pair.objects.filter(machine__condition=condition)
        assert [pair.rounds.count() for pair in pairs] == [1, 1, 1]


@pytest.mark.parametrize("knew", ["yes", "no", "unsure"])
def test_rule_09_whether_the_piece_was_known_is_stored(ada, knew):
    current = ada.start()["round"]
    ada.play_round()
    response = ada.post(f"rounds/{current['id']}/knew/", {"knew": knew})
    assert (response.status_code, response.json()) == (200, {"knew": knew})
    assert Answer.objects.get().knew == knew


def test_rule_09_it_is_asked_after_the_answer_only(ada):
    current = ada.start()["round"]
    response = ada.post(f"rounds/{current['id']}/knew/", {"knew": "yes"})
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "not_answered"


def test_rule_09_plays_and_seconds_heard_are_stored_with_the_answer(ada):
    current = ada.start()["round"]
    row = Round.objects.get(id=current["id"])
    ada.listen(current["id"], first="right")
    ada.post(f"rounds/{current['id']}/plays/", {"side": "left"})
    ada.answer(current["id"], heard={"left": 7.2, "right": 6.0})
    answer = Answer.objects.get()
    clips = row.clips.order_by("position")
    assert list(clips.values_list("plays", "heard")) == [(2, 7.2), (1, 6.0)]
    assert answer.first == (row.bach_side == "right")
    assert answer.seconds > 0


def test_rule_09_the_design_says_what_is_excluded_for_it(ada):
    ada.start()
    assert Round.objects.first().game.study.exclusions == ["knew"]


@pytest.mark.django_db
def test_rule_10_a_piece_that_copies_bach_is_kept_out_of_the_pool():
    bach, excerpt = make_bach(), make_excerpt()
    make_piece(excerpt, bach)
    copy = make_piece(excerpt, make_composer("bot"), copied_run=MAX_COPIED_RUN + 1)
    free = make_piece(excerpt, make_composer("other"), copied_run=MAX_COPIED_RUN)
    join_pairs(copy)
    assert list(Pair.objects.playable()) == [free.pairs.get()]
    assert "copies" in copy.pairs.get().excluded_reason


@pytest.mark.django_db
def test_rule_11_the_share_that_differs_is_stored_and_no_difference_is_never_played():
    excerpt = make_excerpt()
    make_piece(excerpt, make_bach())
    same = make_piece(excerpt, make_composer("bot"), "SATB", grid=to_json(make_chorale()))
    other = make_piece(excerpt, make_composer("other"), "SATB")
    join_pairs(same)
    assert same.pairs.get().differing == 0
    assert other.pairs.get().differing > 0
    assert list(Pair.objects.playable()) == [other.pairs.get()]


def test_rule_03_a_pair_rendered_in_two_ways_is_never_played(pool):
    pair = pool[0]
    pair.machine.renderings.update(fingerprint="e" * 64)
    assert pair not in Pair.objects.playable()
