"""The band over time: on the page, and from the export without a clock."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.urls import reverse

from bachtest.results.counts import tallies
from bachtest.results.counts.answers import answers_of
from bachtest.results.fit.refit import refit
from bachtest.results.fit.stored_fit import fit_of
from bachtest.stats.__main__ import main
from bachtest.stats.report.monitoring.anytime_results import listener_mean_of, population_band_of
from bachtest.stats.report.monitoring.finishing_order import finishing_order
from bachtest.stats.tables.read_study_folder import read_source
from tests.results.rows import make_answer, make_game, spread_over_hours


def export(folder):
    call_command("export_study", "quiz", "--out", str(folder), stdout=io.StringIO())
    return folder


def rows_of(folder):
    with (folder / "answers.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def fit(long):
    tallies.ensure_counted(long)
    return fit_of(refit(long))


def test_the_page_draws_the_band_of_the_last_fit(fit, client, recorded_queue):
    page = client.get(reverse("results:index"))
    running, text = page.context["running"], page.content.decode()
    assert running.band == fit.band
    assert running.last.band.n == running.last.n == 240
    assert "valid whenever you look" in text
    assert 'class="band"' in text
    assert "confidence sequence with an asymptotic guarantee" in text


def test_the_looks_hide_each_answer_and_end_with_the_last(fit):
    counts = [look.n for look in fit.band]
    assert counts[0] >= 8 * 19, "twenty listeners"
    assert counts[-1] == 240
    assert min(b - a for a, b in pairwise(counts)) >= 10
    assert all(look.low <= look.estimate <= look.high for look in fit.band)


def test_before_twenty_pairs_the_page_says_what_the_band_waits_for(busy, client, recorded_queue):
    spread_over_hours()
    tallies.ensure_counted(busy)
    refit(busy)
    page = client.get(reverse("results:index")).content.decode()
    assert "begins with listener 20 and pair 20; until now 40 listeners" in page
    assert 'class="band"' not in page


def test_the_export_gives_the_band_of_the_page_and_its_path(fit, tmp_path, capsys):
    folder = export(tmp_path / "out")
    assert main([str(folder), "--json"]) == 0
    band = json.loads(capsys.readouterr().out)["results"]["population_band"]
    *path, last = fit.band
    assert (band["n"], band["listeners"], band["items"]) == (240, 30, 24)
    assert (band["low"], band["high"]) == pytest.approx((last.low, last.high))
    assert [look["n"] for look in band["looks"]] == [look.n for look in path]
    assert [look["low"] for look in band["looks"]] == pytest.approx([look.low for look in path])
    assert main([str(folder), "--pooled"]) == 0
    assert "band over time: 63.3% (" in capsys.readouterr().out


def test_the_mean_of_listeners_from_the_export_is_that_of_the_page(fit, tmp_path):
    mean = listener_mean_of(read_source(export(tmp_path / "out")).included, level=0.95)
    page = fit.listener_mean
    assert (mean.low, mean.high, mean.n) == pytest.approx((page.low, page.high, page.n))


def test_an_export_without_ranks_has_the_band_without_its_path(fit, tmp_path):
    folder = export(tmp_path / "out")
    rows = rows_of(folder)
    with (folder / "answers.csv").open("w", newline="") as file:
        writer = csv.DictWriter(
            file, [name for name in rows[0] if name != "finish_rank"], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    table = read_source(folder).included
    assert finishing_order(table) is None
    band = population_band_of(table, level=0.95)
    assert band.looks == ()
    assert (band.low, band.high) == pytest.approx((fit.band[-1].low, fit.band[-1].high))


def test_games_are_ranked_by_their_last_answers(played, tmp_path):
    rows = rows_of(export(tmp_path / "out"))
    assert {int(row["finish_rank"]) for row in rows} == set(range(1, 13))
    assert len({(row["game"], row["finish_rank"]) for row in rows}) == 12
    in_order = sorted(rows, key=lambda row: (int(row["finish_rank"]), int(row["trial"])))
    given = answers_of(played).order_by("id").values_list("round__pair_id", "correct")
    assert [(int(row["item"]), row["correct"] == "1") for row in in_order] == list(given)


def test_a_game_that_goes_on_is_ranked_again(played, tmp_path):
    first = answers_of(played).order_by("id")[0]
    make_answer(first.round.game, first.round.pair, correct=False)
    rows = rows_of(export(tmp_path / "out"))
    [longest] = [row for row in rows if row["trial"] == "4"]
    assert longest["finish_rank"] == "12"
    assert {row["finish_rank"] for row in rows if row["game"] == longest["game"]} == {"12"}


def test_ranks_tell_no_one_from_another_study_and_no_time(played, tmp_path):
    make_answer(make_game(), answers_of(played)[0].round.pair, correct=True)
    rows = rows_of(export(tmp_path / "out"))
    assert {int(row["finish_rank"]) for row in rows} == set(range(1, 14)), "no gaps, no clock"
    listeners = [row["listener"] for row in rows]
    assert listeners == sorted(listeners), "rows stay in the order of the random ids"
