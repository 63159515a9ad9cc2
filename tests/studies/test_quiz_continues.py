"""A quiz that nobody has played asks for a continuation; an admin's design stays."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from bachtest.game.models import Listener
from bachtest.studies.models import Study

migration = import_module("bachtest.studies.migrations.0008_quiz_continues")
pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz() -> Study:
    quiz = Study.objects.get(slug="quiz")
    quiz.rounds = migration.BEFORE
    quiz.save()
    return quiz


def rounds_after(quiz: Study) -> list[list[str]]:
    migration.continue_in_last_round(apps, None)
    quiz.refresh_from_db()
    return quiz.rounds


def test_a_quiz_that_nobody_has_played_changes(quiz):
    assert rounds_after(quiz)[-1] == ["SATB", "NEXT"]


def test_a_design_of_the_admins_stays(quiz):
    quiz.rounds = [["ATB"]]
    quiz.save()
    assert rounds_after(quiz) == [["ATB"]]


def test_what_has_been_played_stays(quiz):
    Listener.objects.create().participations.create(study=quiz)
    assert rounds_after(quiz) == migration.BEFORE
