"""A pair that is set aside later is played no more, and the answers given before stay."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.core.management import call_command

from bachtest.game.models import Answer
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import study_report, unpaired_rates
from bachtest.results.fit.model_fit import included_answers
from bachtest.stats.report.counts_text import to_json
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.read_study_folder import read_source
from generator.models import Pair
from tests.builders import make_unpaired
from tests.results.rows import make_answer, make_game

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
REASON = "set aside for samples"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def report_of(study) -> dict:
    """Without the pool, which the pair has left."""
    return {name: value for name, value in to_json(study_report(study)).items() if name != "alike"}


@pytest.fixture
def aside(played) -> list[Pair]:
    """A pair that twelve answered, and an unpaired one."""
    pairs = [Answer.objects.first().round.pair, make_unpaired()]
    for i in range(12):
        make_answer(make_game(), pairs[1], correct=i % 2 > 0)
    return pairs


def set_aside(pairs: list[Pair]) -> None:
    Pair.objects.filter(id__in=[pair.id for pair in pairs]).update(excluded_reason=REASON)
    assert not Pair.objects.playable().filter(id__in=[pair.id for pair in pairs]).exists()


def test_they_stay_in_the_counts_and_in_the_fit(played, aside):
    before = report_of(played), unpaired_rates(played), included_answers(played)
    assert before[0]["overall"]["n"] == 26
    set_aside(aside)
    assert (report_of(played), unpaired_rates(played), included_answers(played)) == before
    tallies.rebuild(played)
    assert (report_of(played), unpaired_rates(played), included_answers(played)) == before


def test_all_of_a_composers_pairs_may_go(played, aside):
    set_aside(list(Pair.objects.filter(machine__version__composer__slug="markov")))
    by = {each.by: each for each in study_report(played).breakdowns}
    rates = {cell.labels: (cell.rate.correct, cell.rate.n) for cell in by["composer",].cells}
    assert rates["markov",] == (4, 4)


def test_they_stay_on_the_page(played, aside, client):
    set_aside(aside)
    page = client.get("/results/").content.decode()
    assert "26 answers from 12 listeners about 3 pairs" in page
    assert page.count("Outside") == 1


def test_they_stay_in_the_export_which_gives_the_reason(played, aside, tmp_path):
    set_aside(aside)
    out = tmp_path / "out"
    call_command("export_study", "quiz", "--out", str(out))
    item = str(aside[0].id)
    assert len(rows_of(out / "answers.csv")) == 28
    assert sum(row["item"] == item for row in rows_of(out / "answers.csv")) == 12
    assert len(rows_of(out / "unpaired_answers.csv")) == 12
    items = {row["item"]: row for row in rows_of(out / "items.csv")}
    assert (items[item]["set_aside"], items[item]["answers"]) == (REASON, "12")
    shell, page = to_json(make_report(read_source(out))), to_json(study_report(played))
    shell["source"] = page["source"]
    for row in (*shell["alike"], *page["alike"]):
        row["mean_differing"] = pytest.approx(row["mean_differing"])
    assert shell == page
