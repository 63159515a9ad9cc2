"""Counts and exports stay true while people play, where several transactions write at once."""

from __future__ import annotations

import pytest
from django.db import transaction

from bachtest.game.models import Answer
from bachtest.game.services import answers, enrolment
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import answers_of
from bachtest.results.export import tables
from bachtest.results.export.tables import sheets_of
from bachtest.studies.models import Study
from generator.models import Pair
from tests.races import meanwhile, several_writers
from tests.results.rows import make_answer, make_game

pytestmark = [several_writers, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def quiz_again(transactional_db) -> None:
    """Tests that commit delete every row when they end, those of the migrations too."""
    Study.objects.get_or_create(slug="quiz", defaults={"is_open": True, "exclusions": ["knew"]})


def an_answer_comes() -> Answer:
    with transaction.atomic():
        return make_answer(make_game("expert"), Pair.objects.first(), correct=True)


def counted(study) -> dict[str, int]:
    return {table: sum(cell.n for cell in tallies.read(study, table)) for table in tallies.TABLES}


def cells(study) -> set[tallies.TallyCell]:
    return set(tallies.read(study, "cells"))


def test_an_answer_that_comes_during_a_recount_is_counted_once(played, monkeypatch):
    count = tallies.count
    with meanwhile() as do:

        def count_later(answers):
            monkeypatch.setattr(tallies, "count", count)
            do(an_answer_comes)
            return count(answers)

        monkeypatch.setattr(tallies, "count", count_later)
        tallies.rebuild(played)
    assert counted(played) == dict.fromkeys(tallies.TABLES, answers_of(played).count())


def test_an_answer_that_changes_while_it_is_deleted_leaves_no_count(played):
    tallies.rebuild(played)
    before = cells(played)
    answer = an_answer_comes()
    with meanwhile() as do, transaction.atomic():
        answers.note_knew(answer.round, Answer.Knew.YES)
        do(lambda: enrolment.delete_listener(answer.round.game.listener))
    assert not Answer.objects.filter(id=answer.id).exists()
    assert cells(played) == before


def test_a_listener_deleted_in_two_tabs_is_taken_off_once(played):
    tallies.rebuild(played)
    before = counted(played)
    listener = an_answer_comes().round.game.listener
    same = type(listener).objects.get(id=listener.id)
    with meanwhile() as do, transaction.atomic():
        enrolment.delete_listener(listener)
        do(lambda: enrolment.delete_listener(same))
    assert counted(played) == before


def test_all_tables_of_an_export_are_of_one_moment(played, monkeypatch, tmp_path):
    sheet = tables._sheet
    with meanwhile() as do:

        def sheet_and_more(source, *arguments):
            done = sheet(source, *arguments)
            if source.name == "answers":
                do(an_answer_comes)
            return done

        monkeypatch.setattr(tables, "_sheet", sheet_and_more)
        sheets = {sheet.name: sheet.rows for sheet in sheets_of(played, tmp_path)}
    assert answers_of(played).count() == len(sheets["answers"]) + 1
    assert len(sheets["games"]) == 12
    assert len(sheets["listeners"]) == 12
