"""Items of Bach and a whole chorale of a collection: played and revealed, and analysed apart."""

from __future__ import annotations

import csv

import pytest
from django.core.management import call_command

from bachtest.game.models import Round
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import study_report, unpaired_answers_of
from bachtest.results.fit.model_fit import included_answers
from bachtest.stats.__main__ import main
from bachtest.studies.models import Study
from generator.models import Pair
from tests.builders import make_unpaired


@pytest.fixture
def unpaired(pool):
    """All that the study has of all four voices."""
    Pair.objects.filter(machine__condition="SATB").delete()
    pairs = [make_unpaired() for _ in range(4)]
    return pairs[0].composer


@pytest.fixture
def played(unpaired, ada):
    return ada.play_game()


def of_outside():
    return Round.objects.filter(pair__kind=Pair.Kind.UNPAIRED)


def test_a_study_that_names_the_version_plays_and_reveals_them(played, ada):
    rows = [reveal for reveal in played if reveal["composer"] == "Outside"]
    assert len(rows) == 2
    for row in rows:
        assert row["written"] == ["soprano", "alto", "tenor", "bass"]
        assert row["bwv"]
    game = of_outside().first().game_id
    page = ada.client.get(f"/games/{game}/").content.decode()
    assert page.count("Outside") >= 2


def test_without_a_licence_none_is_played(unpaired):
    assert Pair.objects.playable().filter(kind=Pair.Kind.UNPAIRED).count() == 4
    unpaired.versions.update(licence="")
    assert not Pair.objects.playable().filter(kind=Pair.Kind.UNPAIRED).exists()


def test_their_answers_are_in_no_table_of_paired_items(played):
    study = Study.objects.get(slug="quiz")
    assert unpaired_answers_of(study).count() == 2
    for recount in (False, True):
        if recount:
            tallies.rebuild(study)
        report = study_report(study)
        assert (report.answers, report.overall.rate.n) == (3, 3)
    answers = included_answers(study)
    assert len(answers.correct) == 3
    assert "outside" not in answers.values("composer")


def test_they_are_exported_to_a_table_of_their_own(played, tmp_path, capsys):
    out = tmp_path / "out"
    call_command("export_study", "quiz", "--out", str(out))
    tables = {}
    for name in ("answers", "unpaired_answers", "items"):
        with (out / f"{name}.csv").open(newline="") as file:
            tables[name] = list(csv.DictReader(file))
    assert len(tables["answers"]) == 3
    assert {row["composer"] for row in tables["unpaired_answers"]} == {"outside"}
    assert {row["differing"] for row in tables["unpaired_answers"]} == {""}
    assert {row["paired"] for row in tables["unpaired_answers"]} == {"0"}
    assert {row["paired"] for row in tables["answers"]} == {"1"}
    assert sum(row["composer"] == "outside" for row in tables["items"]) == 4
    capsys.readouterr()
    assert main([str(out), "--json", "--pooled"]) == 0
    assert main([str(out / "unpaired_answers.csv"), "--json", "--pooled"]) == 0
