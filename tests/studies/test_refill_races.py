"""Two workers with nothing to do look at the same moment, and order each piece once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction
from django_tasks import default_task_backend
from pytest_django import Settings

from bachtest.studies import refilling
from bachtest.studies.models import Study
from bachtest.studies.refilling import choose_next, refill
from generator.models import Composer, Piece
from tests.builders import make_excerpt, make_miniature, make_work
from tests.races import meanwhile, several_writers

TUNES = ("tune 1", "tune 2", "tune 3")


@pytest.fixture
def mini(settings: Settings, tmp_path: Path, recorded_queue: None) -> Composer:
    settings.REFILL_KEEP_FREE_BYTES = 0
    # A transactional test before this one took the rows of the migrations with it.
    study, _ = Study.objects.get_or_create(slug="quiz")
    study.rounds, study.is_open = [["S"]], True
    study.save()
    for tune in TUNES:
        # Two excerpts: another choice would be another row, and no constraint would refuse it.
        make_excerpt(make_work(tune=tune))
        make_excerpt(make_work(tune=tune))
    return make_miniature(tmp_path)


def once_per_tune() -> bool:
    return sorted(Piece.objects.written().values_list("tune", flat=True)) == list(TUNES)


@pytest.mark.django_db
def test_what_another_worker_has_ordered_since_it_was_chosen_is_left_out(mini, monkeypatch):
    other = []

    def while_another_orders(*args) -> list:
        chosen = choose_next(*args)
        monkeypatch.setattr(refilling, "choose_next", choose_next)
        other.append(refill())
        return chosen

    monkeypatch.setattr(refilling, "choose_next", while_another_orders)
    assert refill() == 0
    assert other == [len(TUNES)]
    assert once_per_tune()


@pytest.mark.django_db
def test_so_is_what_an_admin_has_ordered_by_another_excerpt(mini, monkeypatch):
    def while_an_admin_orders(*args) -> list:
        first, *rest = choose_next(*args)
        same_tune = type(first.excerpt).objects.filter(work__tune=first.excerpt.work.tune)
        refilling.order_piece(same_tune.exclude(pk=first.excerpt.pk).get(), mini, "S", seed=7)
        return [first, *rest]

    monkeypatch.setattr(refilling, "choose_next", while_an_admin_orders)
    assert refill() == len(TUNES) - 1
    assert once_per_tune()


@several_writers
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_order_each_piece_once(mini):
    with meanwhile() as do, transaction.atomic():
        assert refill() == len(TUNES)
        do(refill)  # it has chosen, and waits for the study's row
    assert once_per_tune()
    queued = [result.args[0] for result in default_task_backend.results]
    assert sorted(queued) == sorted(Piece.objects.values_list("id", flat=True))
