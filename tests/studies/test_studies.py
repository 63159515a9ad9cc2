from __future__ import annotations

import pytest

from bachtest.studies.models import Study


@pytest.mark.django_db
def test_the_quiz_is_open_from_the_first_migration_on():
    quiz = Study.objects.open().get()
    assert quiz.slug == "quiz"
    assert quiz.rounds == [["S", "A", "T", "B"], ["AT"], ["ATB"], ["SATB"], ["SATB", "NEXT"]]
    assert quiz.consent_version
    assert quiz.margin == 0.1


def test_seconds_to_hear_are_the_studys_or_else_the_setting(settings):
    settings.LISTEN_SECONDS = 5.0
    assert Study().seconds_to_hear() == 5.0
    assert Study(listen_seconds=0.0).seconds_to_hear() == 0.0
