"""A fill in a worker: its budgets, how it is cancelled, and how long its lease is renewed."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from threading import Thread

import pytest
from django.db import connection
from django.utils.timezone import now
from pytest_django import Settings

from generator.families.fill_run import Budget, BudgetUsedUp
from generator.families.time_limit import time_limit
from generator.models import Composer, Excerpt, Piece, Work
from generator.music.formats.gridjson import from_json
from generator.services.claims import claim, renewed_lease
from generator.services.pieces import new_piece, produce_piece
from generator.tasks import cancel_pieces
from tests.builders import file_of, make_composer, make_excerpt, make_work
from tests.generator.families.choir import Choir
from tests.generator.families.material import provenance_of
from tests.generator.families.slow_choirs import Patient, Sleeper, slow_registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def slow_families(settings: Settings, corpus: object) -> None:
    settings.REGISTRY = slow_registry()


def composer_of(family: type[Choir], folder, settings) -> Composer:
    path = folder / f"{family.name}.safetensors"
    family.debug().save(path, provenance_of(["BWV254"]))
    make_work("BWV254", part="train")
    return make_composer(family.name, **file_of(path, family.name, settings.REGISTRY))


@pytest.fixture
def patient(tmp_path, settings) -> Composer:
    return composer_of(Patient, tmp_path, settings)


@pytest.fixture
def sleeper(tmp_path, settings) -> Composer:
    return composer_of(Sleeper, tmp_path, settings)


def ordered(composer: Composer, **order) -> Piece:
    return new_piece(make_excerpt(make_work("BWV269"), 0, 32), composer, "ATB", seed=0, **order)[0]


def test_a_budget_of_steps_is_kept_with_the_piece_and_shapes_it(patient):
    piece = ordered(patient, budget=Budget(steps=3))
    assert produce_piece(piece.id) == "done"
    piece.refresh_from_db()
    assert piece.budget_steps == 3
    assert set(from_json(piece.grid).pitch[3]) == {63}


@pytest.mark.parametrize("family", ["patient", "sleeper"])
def test_a_fill_beyond_its_seconds_fails_with_that_reason(request, settings, family):
    settings.FILL_SECONDS = 0.3
    piece = ordered(request.getfixturevalue(family))
    assert produce_piece(piece.id) == "failed"
    piece.refresh_from_db()
    assert piece.error.startswith(f"family {family!r} used up its budget of 0.3 seconds")
    assert (piece.grid, piece.tries) == (None, 1), "the next try would take as long"


def test_seconds_do_not_shape_a_piece(patient, settings):
    grids = []
    piece = ordered(patient, budget=Budget(steps=2))
    for seconds in (20.0, 600.0):
        settings.FILL_SECONDS = seconds
        Piece.objects.filter(id=piece.id).update(status="queued", lease_until=None)
        produce_piece(piece.id)
        grids.append(Piece.objects.get(id=piece.id).grid)
    assert grids[0] == grids[1] is not None


def test_a_cancelled_piece_is_dropped_while_it_is_written(patient, settings):
    settings.LEASE_SECONDS = 0.3  # a worker sees at its next renewal that the claim is gone
    piece = ordered(patient)

    def cancel_later() -> None:
        time.sleep(0.3)
        assert cancel_pieces(Piece.objects.filter(id=piece.id)) == 1
        connection.close()

    admin = Thread(target=cancel_later)
    admin.start()
    started = time.monotonic()
    assert produce_piece(piece.id) == "failed"
    admin.join()
    piece.refresh_from_db()
    assert (piece.error, piece.grid) == ("cancelled by an admin", None)
    assert time.monotonic() - started < 10, "a thousand steps take twenty seconds"


def test_a_lease_is_renewed_no_longer_than_the_family_may_work(settings):
    settings.LEASE_SECONDS = 0.3
    work = make_excerpt(make_work("BWV269"), 0, 32)
    made = Piece.objects.create(excerpt=work, tune="x", status="queued")
    with renewed_lease(claim(made.id)) as lease:
        with lease.at_most(0.2):
            time.sleep(0.9)
            assert Piece.objects.get(id=made.id).lease_until < now()
        time.sleep(0.4)
        assert Piece.objects.get(id=made.id).lease_until > now(), "the rest is the worker's own"


def test_the_way_to_stop_a_fill_does_not_lead_to_the_work(patient, monkeypatch):
    """The family holds its run, and through it whatever can be reached without a trick."""
    handed = []
    fill = Patient._fill

    def looking(self, chorale, given, *, run, **more):
        handed.append(run)
        return fill(self, chorale, given, run=run, **more)

    monkeypatch.setattr(Patient, "_fill", looking)
    produce_piece(ordered(patient, budget=Budget(steps=1)).id)
    reached, found = [handed[0]], []
    while reached:
        each = reached.pop()
        if id(each) in found or isinstance(each, type) or each is None:
            continue
        found.append(id(each))
        assert not isinstance(each, Piece | Excerpt | Work)
        reached += list(getattr(each, "__dict__", {}).values())
        reached += [cell.cell_contents for cell in getattr(each, "__closure__", None) or ()]
        reached += [each.__self__] if hasattr(each, "__self__") else []
    assert len(found) > 5


@pytest.mark.parametrize("catch", [Exception, BaseException])
def test_a_family_that_swallows_the_alarm_meets_it_again(catch):
    message = r"family 'x' used up its budget of 0\.05 seconds"
    with pytest.raises(BudgetUsedUp, match=message), time_limit("x", 0.05):
        with suppress(catch):
            time.sleep(5)
        time.sleep(5)


def test_a_queues_own_alarm_comes_first_or_goes_on_afterwards():
    class Timeout(Exception):
        pass

    def queue_stops(signum, frame):
        raise Timeout

    before = signal.signal(signal.SIGALRM, queue_stops)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with time_limit("x", 0.05), suppress(BudgetUsedUp):
            pass
        with pytest.raises(Timeout):
            time.sleep(5)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Timeout), time_limit("x", 5):
            time.sleep(10)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_time_limit_leaves_no_alarm_behind():
    message = r"family 'x' used up its budget of 0\.05 seconds"
    with pytest.raises(BudgetUsedUp, match=message), time_limit("x", 0.05):
        time.sleep(5)
    with time_limit("x", 0.05):
        pass
    time.sleep(0.1)
