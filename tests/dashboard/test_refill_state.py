"""The admin sees how far the pairs of a study are, and switches orders on and off."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from bachtest.dashboard.panels.refill_state import refill_states
from bachtest.studies.coverage import MAX_IN_A_ROW
from bachtest.studies.models import Study
from generator.models import Composer
from tests.builders import make_composer, make_excerpt, make_pair, make_piece, make_work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]


@pytest.fixture
def quiz(settings) -> Study:
    settings.REFILL_KEEP_FREE_BYTES = 0
    study = Study.objects.get(slug="quiz")
    study.rounds, study.is_open = [["ATB"]], True
    study.save()
    return study


@pytest.fixture
def bot(quiz) -> Composer:
    """It may write the three works here; two tunes of them have pairs."""
    make_work("BWV1", part="train")
    bot = make_composer("bot", members=[{"trained_on": ["BWV1"], "fold": []}])
    for _ in range(2):
        make_pair("ATB", bot)
    make_excerpt(make_work())
    return bot


def test_a_study_shows_how_many_tunes_have_a_pair(quiz, bot, root):
    state = refill_states([quiz])[quiz.pk]
    assert (state.covered, state.tunes, state.missing, state.stopped) == (2, 3, 1, [])
    page = " ".join(root.get(reverse("admin:index")).text.split())
    assert "Pairs on 2 of 3 tunes, counted by cell; 1 still to order." in page
    assert "Workers order them in quiet time." in page


def test_it_says_why_nothing_is_ordered(quiz, bot, root, settings):
    settings.REFILL_PER_DAY = 0
    assert "Nothing is ordered: REFILL_PER_DAY is 0." in root.get(reverse("admin:index")).text


def test_a_cell_that_stopped_is_named(quiz, bot, root):
    for _ in range(MAX_IN_A_ROW):
        make_piece(composer=bot, condition="ATB", status="failed")
    page = root.get(reverse("admin:index")).text
    assert "Stopped, since the last pieces all failed" in page
    assert f"{bot.versions.get()} ATB" in page.partition("Stopped, since")[2]


def test_a_researcher_switches_it_off_and_on_and_it_is_logged(quiz, member):
    client = member("researcher")
    for word, expected in (("off", False), ("off", False), ("on", True)):
        data = {"study": "quiz", "refill": word}
        page = client.post(reverse("admin:switch_refill"), data, follow=True).text
        assert Study.objects.get(slug="quiz").refill is expected
        assert ("Workers order pairs" if expected else "no longer order pairs") in page
    logged = LogEntry.objects.filter(object_repr="quiz", actor__isnull=False)
    assert [entry.changes["refill"] for entry in logged.order_by("id")] == [
        ["True", "False"],
        ["False", "True"],
    ]


def test_nobody_else_may_switch_it(quiz, member):
    client = member("composer manager")
    response = client.post(reverse("admin:switch_refill"), {"study": "quiz", "refill": "off"})
    assert response.status_code == 403
    assert Study.objects.get(slug="quiz").refill
