from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django_tasks import default_task_backend

from bachtest.game.models import Answer, Listener
from bachtest.results.counts import tallies
from bachtest.results.fit import refit
from bachtest.results.models import Analysis
from bachtest.results.tasks import ask_for_analysis, tend
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.item_effects import fooling_of_model
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.studies.models import Study
from generator.models import Pair
from tests.results.rows import make_answer, make_game, quiz


@pytest.fixture
def made(busy) -> Analysis:
    tallies.ensure_counted(busy)
    return refit.analyse(busy)


def counting(study: Study) -> int:
    return Answer.objects.filter(round__game__study=study).exclude(knew="yes").count()


def test_the_model_is_that_of_the_export(made, busy, tmp_path):
    """The page's numbers from the shell's side: another order of rows, other names of listeners."""
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"), stdout=io.StringIO())
    source = read_source(tmp_path / "out")
    table = source.table.without(source.exclusions)
    fit = fit_mixed(table, ("condition", "composer", "experience"))
    assert made.answers == fit.n == counting(busy)
    for rates in fit.tables:
        for rate in rates.rates:
            ours = made.findings["rates"][",".join(rates.by)]["|".join(rate.labels)]
            found = (ours["estimate"], ours["low"], ours["high"])
            assert found == pytest.approx((rate.estimate, rate.low, rate.high), abs=1e-4)
    shrunken = {item.name: item.estimate for item in fooling_of_model(fit, count=99).most}
    assert len(shrunken) == 8
    assert made.findings["items"] == pytest.approx(shrunken, abs=1e-4)
    verdict = model_verdict(fit, margin=source.margin)
    assert made.findings["verdict"]["finding"] == verdict.finding.value


def test_what_is_kept_names_no_listener(made):
    kept = json.dumps(made.findings)
    for listener in Listener.objects.all():
        assert str(listener.id) not in kept
        assert listener.id.hex not in kept


def test_a_worker_is_asked_once_when_a_tenth_more_has_come(busy, recorded_queue):
    design = {"exclusions": ["knew"], "margin": 0.1}
    Analysis.objects.create(study=busy, flags_version=1, answers=100, findings={"design": design})
    ask_for_analysis(busy, 110)
    assert default_task_backend.results == []
    ask_for_analysis(busy, 111)
    ask_for_analysis(busy, 112)
    assert len(default_task_backend.results) == 1
    Analysis.objects.update(asked_at="2026-01-01T00:00Z")  # and nobody has answered
    ask_for_analysis(busy, 112)
    assert len(default_task_backend.results) == 2


def test_another_design_is_another_model(busy, recorded_queue):
    design = {"exclusions": ["knew"], "margin": 0.1}
    kept = Analysis.objects.create(
        study=busy, flags_version=1, answers=100, findings={"design": design}
    )
    assert not refit.is_stale(kept, 100)
    busy.margin = 0.05
    busy.save()
    assert refit.is_stale(Analysis.objects.get(), 100)
    assert not refit.is_stale(Analysis.objects.get(), 9)


def test_the_page_asks_and_the_worker_answers(busy, client):
    first = client.get(reverse("results:index")).content.decode()
    found = Analysis.objects.get(study=busy)
    assert (found.answers, found.asked_at) == (counting(busy), None)
    assert found.findings["verdict"]["sentence"].replace("'", "&#x27;") in first
    assert f"to {found.answers} answers" in first


def test_tending_merges_and_looks_again_only_where_much_has_come(made, busy):
    make_answer(make_game(), Pair.objects.first(), correct=True)
    tend.call(busy.id)
    assert tallies.changes(busy) == 0
    assert Analysis.objects.get().answers == made.answers
    Analysis.objects.update(answers=made.answers // 2)
    tend.call(busy.id)
    assert Analysis.objects.get().answers == made.answers + 1


def test_a_study_without_answers_is_refused_kindly(db):
    out = io.StringIO()
    call_command("refresh_results", stdout=out)
    assert "0 answers" in out.getvalue()
    assert "no answers" in out.getvalue()


def test_the_command_counts_anew_and_names_what_is_not_there(busy):
    out = io.StringIO()
    call_command("refresh_results", "quiz", "--rebuild", stdout=out)
    assert "cells counted anew" in out.getvalue()
    assert Analysis.objects.get().answers == counting(busy)
    with pytest.raises(CommandError, match="no study 'nope'; there is quiz"):
        call_command("refresh_results", "nope")


def test_what_the_design_leaves_out_is_not_in_the_model(busy):
    busy.exclusions = []
    assert refit.analyse(busy).answers == 200 > counting(quiz())
