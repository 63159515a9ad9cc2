"""A design that would break pages, games or the analysis is refused where it is written."""

from __future__ import annotations

import json
import re

import pytest
from django.core.checks import ERROR
from django.core.exceptions import ValidationError

from bachtest.game.management.checks import check_studies
from bachtest.game.pool import candidates
from bachtest.results.counts.flags import FLAGS
from bachtest.studies.design import FLAG_NAMES
from bachtest.studies.models import Study, StudyComposer
from generator.models import Version
from tests.builders import add_to_study, make_composer, make_pair

WRONG = [
    ("rounds", 5, "rounds = 5; use a list such as"),
    ("rounds", [], r"rounds = \[\]; use a list"),
    ("rounds", ["S"], "round 1 is 'S'; use a list such as"),
    ("rounds", [["ATB"], []], r"round 2 is \[\]"),
    ("rounds", [["XYZ"]], "round 1: unknown condition 'XYZ'; use some of S, A, T, B"),
    ("rounds", [[["S"]]], r"unknown condition \['S'\]"),
    ("rounds", [["S", "S"]], "round 1 names a condition twice"),
    ("rounds", [["S"]] * 51, "51 rounds; a game has at most 50"),
    ("exclusions", 7, "exclusions = 7; use a list of flags"),
    ("exclusions", ["slow"], "unknown flag 'slow'; use some of knew"),
    ("exclusions", ["knew", "knew"], "name a flag twice"),
    ("margin", 9, "a margin of 9.0; use a number above 0 and below 0.5"),
    ("margin", -1, "a margin of -1"),
    ("margin", float("nan"), "a margin of nan"),
    ("listen_seconds", -1.0, "-1.0 seconds to hear; use 0 to 60"),
]

# A column of SQLite takes no NaN.
STORED = [row for row in WRONG if row[1] == row[1]]


@pytest.fixture
def quiz(db) -> Study:
    make_composer("bot")
    return Study.objects.get(slug="quiz")


@pytest.mark.parametrize(("field", "value", "message"), WRONG)
def test_a_wrong_design_is_refused_with_the_value_and_the_way_out(quiz, field, value, message):
    setattr(quiz, field, value)
    with pytest.raises(ValidationError) as refused:
        quiz.full_clean()
    assert list(refused.value.message_dict) == [field]
    sentence = refused.value.message_dict[field][-1]
    assert re.search(message, sentence)


def test_the_quiz_as_it_comes_is_a_design(quiz):
    quiz.full_clean()


def test_flags_that_a_design_may_name_are_those_that_exist():
    assert tuple(flag.name for flag in FLAGS) == FLAG_NAMES


def test_the_admin_shows_what_is_wrong_and_changes_nothing(quiz, admin_client):
    address = f"/admin/studies/study/{quiz.pk}/change/"
    form = {
        "slug": "quiz", "title": "Quiz", "rounds": json.dumps([["XYZ"]]),
        "composers-TOTAL_FORMS": "1", "composers-INITIAL_FORMS": "0", "composers-0-weight": "-1",
        "protocol": "pair", "feedback": "round", "consent_version": "1", "consent_text": "Yes.",
        "margin": "9", "exclusions": "[]", "created_0": "2026-01-01", "created_1": "00:00:00",
    }  # fmt: skip
    page = admin_client.post(address, form).text
    assert "round 1: unknown condition &#x27;XYZ&#x27;" in page
    assert "a margin of 9.0; use a number above 0" in page
    assert "a weight of -1.0; use a number from 0 to 1000" in page
    assert Study.objects.get(slug="quiz").margin == 0.1


def test_a_check_names_conditions_that_cannot_be_played(quiz):
    for condition in ("S", "A", "T", "B", "AT", "ATB", "NEXT"):
        make_pair(condition, make_composer("bot"))
    [warning] = check_studies(None, databases=["default"])
    assert warning.msg == "study 'quiz' has no pair to play for SATB"
    assert "order_pieces" in warning.hint
    make_pair("SATB", make_composer("bot"))
    assert check_studies(None, databases=["default"]) == []
    assert check_studies(None) == []


@pytest.mark.parametrize(("field", "value", "message"), STORED)
@pytest.mark.parametrize("is_open", [True, False])
def test_a_check_finds_a_design_that_was_stored_before_it_could_be_refused(
    quiz, is_open, field, value, message
):
    Study.objects.filter(id=quiz.id).update(is_open=is_open, **{field: value})
    [error] = [each for each in check_studies(None, ["default"]) if each.id == "game.E001"]
    assert error.level == ERROR
    assert error.msg.startswith(f"study 'quiz', {field}: ")
    assert re.search(message, error.msg)
    assert error.hint == f"correct the design at /admin/studies/study/{quiz.id}/change/"


def test_a_version_belongs_to_the_composer_that_is_named(quiz):
    bot, other = make_composer("bot"), make_composer("other")
    row = StudyComposer(study=quiz, composer=bot, version=other.versions.get())
    with pytest.raises(ValidationError, match="is by another composer"):
        row.full_clean()


def test_a_study_plays_the_versions_that_it_names_and_no_other(quiz):
    old, study = make_pair("S"), Study.objects.create(slug="late", title="Late", rounds=[["S"]])
    composer = old.composer
    new_version = Version.objects.create(composer=composer, sha256="b" * 64, status="ready")
    new = make_pair("S", composer)
    assert new.machine.version == new_version
    assert [each.pair for each in candidates(quiz)] == [old.id]
    assert candidates(study) == []
    add_to_study(study, new_version, 2.0)
    assert [each.pair for each in candidates(study)] == [new.id]
    StudyComposer.objects.filter(study=study).update(weight=0)
    assert candidates(study) == []


def versions_offered(page: str, row: str) -> set[str]:
    select = re.search(rf'<select name="composers-{row}-version".*?</select>', page, re.DOTALL)
    return set(re.findall(r'<option value="\d+"[^>]*>([^<]+)<', select[0]))


def test_the_admin_offers_the_versions_that_are_ready_and_the_one_that_is_named(
    quiz, admin_client, django_assert_max_num_queries
):
    [named] = Version.objects.all()
    Version.objects.filter(id=named.id).update(status="failed")
    for status in ("failed", "checking"):
        Version.objects.create(composer=named.composer, sha256=status, status=status)
    ready = [make_composer(f"bot-{number}").versions.get() for number in range(30)]
    address = f"/admin/studies/study/{quiz.pk}/change/"
    rows = quiz.composers.count()
    with django_assert_max_num_queries(15 + 2 * rows):  # the options of both selects of a row
        page = admin_client.get(address).text
    assert versions_offered(page, "0") == {str(version) for version in [named, *ready]}
    page = admin_client.get("/admin/studies/study/add/").text
    assert versions_offered(page, "__prefix__") == {str(version) for version in ready}
