"""One listener in two tabs at the same moment, and counts that are made while people play."""

from __future__ import annotations

import pytest
from django.db import transaction

from bachtest.game import exposures
from bachtest.game.models import Answer, Game, Listener, Participation, Round, Side
from bachtest.game.services import answers, enrolment, games
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study, StudyItem
from generator.models import Pair
from tests.builders import add_to_study, make_composer, make_pair
from tests.races import meanwhile, several_writers

pytestmark = [several_writers, pytest.mark.django_db(transaction=True)]
CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB", "SATB")


@pytest.fixture
def participation(transactional_db, no_waiting) -> Participation:
    """Tests that commit delete the rows of the migrations too, so the quiz is made again."""
    quiz, _ = Study.objects.get_or_create(
        slug="quiz", defaults={"is_open": True, "consent_version": "1"}
    )
    bot = make_composer("bot")
    add_to_study(quiz, bot.versions.get())
    for condition in CONDITIONS * 2:
        make_pair(condition, bot)
    return enrolment.enrol(None, quiz, consent=quiz.consent_version)


@pytest.fixture
def row(participation) -> Round:
    """A round that was sent and heard."""
    game, _ = games.start_game(participation)
    row = games.fetch_round(game)
    for side in Side:
        answers.note_play(row, side, number=1)
    return answers.round_of(participation.listener, row.id)


def answer(row: Round) -> Answer:
    return answers.answer_round(row, Side.LEFT, heard_left=9.0, heard_right=9.0)


def nothing_is_left() -> bool:
    return not any(model.objects.exists() for model in (Listener, Participation, Game, Answer))


def test_an_answer_that_comes_while_its_listener_leaves_is_refused(participation, row):
    refusals = []

    def answer_too_late() -> None:
        with pytest.raises(AppError) as refused:
            answer(row)
        refusals.append((refused.value.code, refused.value.status))

    with meanwhile() as do, transaction.atomic():
        enrolment.delete_listener(participation.listener)
        do(answer_too_late)
    assert refusals == [("not_found", 404)]
    assert nothing_is_left()


def test_a_listener_who_leaves_while_an_answer_is_stored_leaves_nothing(participation, row):
    with meanwhile() as do, transaction.atomic():
        answer(row)
        do(lambda: enrolment.delete_listener(participation.listener))
    assert nothing_is_left()
    assert exposures.recount(participation.study) == 0


def test_a_listener_who_leaves_while_a_round_is_withdrawn_leaves_nothing(participation, row):
    Pair.objects.filter(id=row.pair_id).update(excluded_reason="a wrong note")
    with meanwhile() as do, transaction.atomic():
        games._withdraw(row)
        do(lambda: enrolment.delete_listener(participation.listener))
    assert nothing_is_left()


def test_a_listener_who_leaves_in_two_tabs_at_once_leaves_nothing(participation, row):
    same = Listener.objects.get()
    with meanwhile() as do, transaction.atomic():
        enrolment.delete_listener(participation.listener)
        do(lambda: enrolment.delete_listener(same))
    assert nothing_is_left()


def test_play_pressed_in_two_tabs_at_once_finds_one_game(participation):
    found = []
    with meanwhile() as do, transaction.atomic():
        found.append(games.start_game(participation))
        do(lambda: found.append(games.start_game(participation)))
    assert [is_new for _, is_new in found] == [True, False]
    assert found[0][0] == found[1][0] == Game.objects.get()


def test_an_answer_that_comes_during_a_recount_is_counted_once(participation, row, monkeypatch):
    count = exposures._counted
    with meanwhile() as do:

        def count_later(study: Study) -> object:
            counts = count(study)
            do(lambda: answer(row))
            return counts

        monkeypatch.setattr(exposures, "_counted", count_later)
        assert exposures.recount(participation.study) == 0
    monkeypatch.undo()
    assert StudyItem.objects.get(pair=row.pair_id).answered == 1
    assert exposures.recount(participation.study) == 0
