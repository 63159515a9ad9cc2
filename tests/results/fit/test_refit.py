from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.urls import reverse
from django.utils.timezone import now
from django_tasks import default_task_backend

from bachtest.game.models import Answer, Listener
from bachtest.results.counts import tallies
from bachtest.results.fit.model_fit import fit_answers, included_answers
from bachtest.results.fit.refit import is_stale, refit
from bachtest.results.fit.stored_fit import FitDesign, StoredFit, fit_of
from bachtest.results.models import StoredAnalysis
from bachtest.results.tasks import ask_again, refresh_results, request_refit
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.item_effects import items_of_fit
from bachtest.stats.verdict.model_verdict import model_verdict
from bachtest.studies.models import Study
from generator.models import Pair
from generator.tasks import recover
from tests.builders import make_composer, make_pair, make_version
from tests.results.rows import make_answer, make_game, quiz


@pytest.fixture
def analysis(busy) -> StoredAnalysis:
    tallies.ensure_counted(busy)
    return refit(busy)


def without_model(study: Study, answers: int) -> StoredAnalysis:
    fit = StoredFit(FitDesign.of(study), None, "no answers", None, None)
    return StoredAnalysis.objects.create(
        study=study, flags_version=1, answers=answers, fit=fit.to_json()
    )


def test_a_fit_is_stale_once_the_study_has_a_second_version(analysis, busy):
    assert not is_stale(analysis, analysis.answers)
    markov = make_composer("markov")
    version = make_version(markov, sha256="e" * 64)
    make_pair("S", markov)
    assert is_stale(analysis, analysis.answers)
    fit = fit_of(refit(busy))
    assert str(version) in fit.design.versions
    assert fit == StoredFit.from_json(json.loads(json.dumps(fit.to_json())))


def included(study: Study) -> int:
    return (
        Answer.objects.filter(round__game__participation__study=study).exclude(knew="yes").count()
    )


def test_the_model_is_that_of_the_export(analysis, busy, tmp_path):
    """The shell gets the page's numbers, though its rows are sorted and its listeners renamed."""
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"), stdout=io.StringIO())
    source = read_source(tmp_path / "out")
    table = source.table.without(source.exclusions)
    of_export = fit_mixed(table, ("condition", "composer", "experience"))
    assert analysis.answers == of_export.n == included(busy)
    model = fit_of(analysis).model
    for group in of_export.tables:
        for rate in group.rates:
            stored = model.rate(group.by, rate.labels)
            interval = (stored.estimate, stored.low, stored.high)
            assert interval == pytest.approx((rate.estimate, rate.low, rate.high), abs=1e-4)
    items = items_of_fit(of_export)
    assert len(items) == len(model.pair_rates) == 8
    for item in items:
        stored = model.pair_rates[item.name]
        assert (stored.estimate, stored.low, stored.high, stored.residual) == pytest.approx(
            (item.estimate, item.low, item.high, item.residual), abs=1e-4
        )
    verdict = model_verdict(of_export, margin=source.margin)
    assert model.verdict.finding == verdict.finding.value


def test_a_stored_fit_is_read_back_as_it_was_made(analysis, busy):
    made = fit_answers(included_answers(busy), FitDesign.of(busy))
    assert None not in (made.model, made.trend, made.listener_mean)
    stored = StoredAnalysis.objects.get(study=busy)
    assert fit_of(stored) == made
    assert fit_of(StoredAnalysis()) is None


def test_rates_of_pairs_in_an_older_fit_are_left_out(analysis):
    older = analysis.fit | {"model": analysis.fit["model"] | {"pair_rates": {"1": 0.4}}}
    assert StoredFit.from_json(older).model.pair_rates == {}


def test_a_stored_fit_names_no_listener(analysis):
    stored = json.dumps(analysis.fit)
    for listener in Listener.objects.all():
        assert str(listener.id) not in stored
        assert listener.id.hex not in stored


def test_a_fit_from_before_there_was_a_band_is_stale(analysis):
    assert not is_stale(analysis, analysis.answers)
    del analysis.fit["band"]
    assert fit_of(analysis).band == ()
    assert is_stale(analysis, analysis.answers)


def test_a_worker_is_asked_once_when_a_tenth_more_has_come(busy, recorded_queue):
    without_model(busy, answers=100)
    request_refit(busy, 110)
    assert default_task_backend.results == []
    request_refit(busy, 111)
    request_refit(busy, 112)
    assert len(default_task_backend.results) == 1
    StoredAnalysis.objects.update(asked_at="2026-01-01T00:00Z")  # and nobody has answered
    request_refit(busy, 112)
    assert len(default_task_backend.results) == 2


def test_a_request_with_nothing_to_refit_is_given_back(busy, recorded_queue):
    """Answers may go between the page that asks and the worker that looks."""
    tallies.ensure_counted(busy)
    there = included(busy)
    StoredAnalysis.objects.all().delete()
    without_model(busy, answers=there)
    request_refit(busy, 2 * there)
    assert StoredAnalysis.objects.get().asked_at is not None
    refresh_results.call(busy.id)
    assert StoredAnalysis.objects.get().asked_at is None
    request_refit(busy, 2 * there)
    assert len(default_task_backend.results) == 2


def test_a_request_that_cannot_be_queued_is_not_marked(busy, monkeypatch):
    without_model(busy, answers=100)

    def refuse(*_) -> None:
        raise OSError("no queue")

    monkeypatch.setattr("bachtest.results.tasks.refresh_results", SimpleNamespace(enqueue=refuse))
    with pytest.raises(OSError, match="no queue"):
        request_refit(busy, 200)
    assert StoredAnalysis.objects.get().asked_at is None


def test_a_request_that_was_lost_is_made_again_once(busy, recorded_queue):
    without_model(busy, answers=100)
    request_refit(busy, 200)
    assert ask_again() == 0, "a worker may still answer"
    StoredAnalysis.objects.update(asked_at=now() - timedelta(minutes=11))
    assert recover()["requests for a fit made again"] == 1
    assert ask_again() == 0
    assert len(default_task_backend.results) == 2


def test_the_page_is_shown_while_no_worker_can_be_asked(busy, client, recorded_queue, caplog):
    tallies.ensure_counted(busy)

    def locked(*_: object) -> bool:
        raise OperationalError("database is locked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bachtest.results.tasks.claim", locked)
        assert client.get(reverse("results:index")).status_code == 200
    assert "no worker was asked for a fit: database is locked" in caplog.text
    client.get(reverse("results:index"))
    assert len(default_task_backend.results) == 1


def test_another_design_is_another_model(busy, recorded_queue):
    analysis = without_model(busy, answers=100)
    assert not is_stale(analysis, 100)
    busy.margin = 0.05
    busy.save()
    assert is_stale(StoredAnalysis.objects.get(), 100)
    assert not is_stale(StoredAnalysis.objects.get(), 9)


def test_the_page_asks_and_the_worker_answers(busy, client):
    page = client.get(reverse("results:index")).content.decode()
    analysis = StoredAnalysis.objects.get(study=busy)
    assert (analysis.answers, analysis.asked_at) == (included(busy), None)
    assert fit_of(analysis).model.verdict.sentence.replace("'", "&#x27;") in page
    assert f"to {analysis.answers} answers" in page


def test_the_page_speaks_of_pairs_and_not_of_items(analysis, client, recorded_queue):
    page = client.get(reverse("results:index")).content.decode()
    assert "mixed model over 40 listeners and 8 pairs" in page
    assert "random intercepts for listener and pair" in page
    assert not re.search(r"\bitems?\b", re.sub(r"<[^>]*>", "", page))


def test_with_one_composer_its_rate_is_that_of_all_answers(busy, client, recorded_queue):
    tallies.ensure_counted(busy)
    Answer.objects.filter(round__pair__machine__version__composer__slug="markov").delete()
    refit(busy)
    groups = client.get(reverse("results:index")).context["forest"]
    everything, conditions, composers, _ = (group.rows for group in groups)
    assert [row.name for row in composers] == ["Flagship"]
    assert composers[0].model == everything[0].model
    crossed = client.get(reverse("results:index")).context["crossing"]
    assert [group.rows[0].model for group in crossed] == [row.model for row in conditions]
    assert None not in (everything[0].model, conditions[0].model)


def test_a_refresh_merges_and_fits_again_only_after_many_answers(analysis, busy):
    make_answer(make_game(), Pair.objects.first(), correct=True)
    refresh_results.call(busy.id)
    assert tallies.changes(busy) == 0
    assert StoredAnalysis.objects.get().answers == analysis.answers
    StoredAnalysis.objects.update(answers=analysis.answers // 2)
    refresh_results.call(busy.id)
    assert StoredAnalysis.objects.get().answers == analysis.answers + 1


def test_a_study_without_answers_is_refused_kindly(db):
    out = io.StringIO()
    call_command("refresh_results", stdout=out)
    assert "0 answers" in out.getvalue()
    assert "no answers" in out.getvalue()


def test_the_command_counts_again_and_names_what_is_not_there(busy):
    out = io.StringIO()
    call_command("refresh_results", "quiz", "--rebuild", stdout=out)
    assert "cells counted again" in out.getvalue()
    assert StoredAnalysis.objects.get().answers == included(busy)
    with pytest.raises(CommandError, match="no study 'nope'; there is quiz"):
        call_command("refresh_results", "nope")


def test_what_the_design_excludes_is_not_in_the_model(busy):
    busy.exclusions = []
    assert refit(busy).answers == 200 > included(quiz())
