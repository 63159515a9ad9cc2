"""Listeners' rates of one composer: those of the results page, with what it hides hidden."""

from __future__ import annotations

import pytest

from bachtest.results.page.composer_rates import rates_of_versions
from bachtest.studies.models import Study
from generator.models import Pair
from tests.builders import add_to_study, make_composer, make_pair, make_version
from tests.results.rows import make_answer, make_game, quiz

pytestmark = pytest.mark.django_db


def answer(pair: Pair, right: int, wrong: int, study: Study | None = None, **fields) -> None:
    for n in range(right + wrong):
        make_answer(make_game(study=study), pair, correct=n < right, **fields)


def page_of(client, slug: str = "choir"):
    return client.get(f"/composers/{slug}/").context["page"]


def test_rates_of_the_composer_alone_by_condition(client):
    choir, other = make_composer("choir"), make_composer("other")
    answer(make_pair("ATB", choir), 12, 8)
    answer(make_pair("S", choir), 9, 1)
    answer(make_pair("ATB", other), 1, 19)
    [study] = page_of(client).studies
    [rates] = study.versions
    assert (rates.overall.cell.rate.correct, rates.overall.cell.rate.n) == (21, 30)
    assert [(row.name, row.cell.rate.correct) for row in rates.rows] == [("S", 9), ("ATB", 12)]
    assert rates.unpaired is None
    page = client.get("/composers/choir/").text
    assert "70.0%" in page
    assert "5.0%" not in page


def test_few_answers_are_hidden(client):
    answer(make_pair("ATB", make_composer("choir")), 9, 0)
    page = client.get("/composers/choir/").text
    assert "hidden: fewer than 10 answers" in page
    assert "100.0%" not in page
    assert "fewer than 10 answers" in client.get("/composers/").text


def test_without_an_answer_the_page_says_so(client):
    make_composer("choir")
    assert "Nobody has answered" in client.get("/composers/choir/").text
    assert "no answers yet" in client.get("/composers/").text


def test_a_study_without_a_results_page_tells_nothing(client):
    choir = make_composer("choir")
    study = Study.objects.create(slug="private", title="Private", consent_version="1")
    add_to_study(study, choir.versions.get())
    answer(make_pair("ATB", choir), 12, 8, study)
    assert page_of(client).studies == ()


def test_two_versions_of_a_composer_never_share_a_rate(client):
    choir = make_composer("choir", sha256="a" * 64)
    answer(make_pair("ATB", choir), 12, 0)
    make_version(choir, sha256="b" * 64)
    answer(make_pair("ATB", choir), 0, 11)
    [study] = page_of(client).studies
    assert {each.version.tag: each.overall.cell.rate.correct for each in study.versions} == {
        "a" * 12: 12,
        "b" * 12: 0,
    }
    listed = client.get("/composers/").context["list"]
    assert [row.rate.cell.rate.correct for row in listed.composers] == [0]


def test_a_new_version_does_not_inherit_the_rate_of_the_one_before(client):
    choir = make_composer("choir", sha256="a" * 64)
    answer(make_pair("ATB", choir), 12, 8)
    make_version(choir, sha256="b" * 64)
    [study] = page_of(client).studies
    assert [each.version.tag for each in study.versions] == ["a" * 12]
    [listed] = client.get("/composers/").context["list"].composers
    assert listed.rate is None


def test_a_version_that_is_not_published_adds_nothing_to_the_public_page(client):
    choir = make_composer("choir")
    answer(make_pair("ATB", choir), 12, 8)
    hidden = make_version(choir, sha256="b" * 64)
    answer(make_pair("ATB", choir), 12, 0)
    hidden.status = "checking"
    hidden.save()
    [study] = page_of(client).studies
    assert len(study.versions) == 1


def test_unpaired_items_stand_apart(client):
    choir = make_composer("choir")
    answer(make_pair("ATB", choir), 12, 8)
    answer(make_pair("SATB", choir, kind=Pair.Kind.UNPAIRED, differing=None), 3, 8)
    [study] = page_of(client).studies
    [rates] = study.versions
    assert rates.overall.cell.rate.n == 20
    assert (rates.unpaired.cell.rate.correct, rates.unpaired.cell.rate.n) == (3, 11)
    assert [row.name for row in rates.rows] == ["ATB"]


def test_unpaired_answers_that_the_design_excludes_are_left_out():
    choir = make_composer("choir")
    study = quiz()
    study.exclusions = ["knew"]
    study.save()
    pair = make_pair("SATB", choir, kind=Pair.Kind.UNPAIRED, differing=None)
    answer(pair, 10, 0)
    answer(pair, 0, 5, knew="yes")
    [rates] = rates_of_versions(study, [choir.versions.get()])
    assert (rates.unpaired.cell.rate.correct, rates.unpaired.cell.rate.n) == (10, 10)
