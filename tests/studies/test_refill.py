"""In quiet time workers order what open studies lack: one pair of each tune in each cell."""

from __future__ import annotations

import shutil
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django_tasks import default_task_backend
from pytest_django import Settings

from bachtest.studies import refilling
from bachtest.studies.coverage import MAX_IN_A_ROW, MAX_TRIES, Coverage
from bachtest.studies.models import Study, StudyComposer
from bachtest.studies.refilling import BATCH, choose_next, refill
from generator.models import Composer, Excerpt, Piece, Version, Work
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.tasks import use_quiet_time
from tests.builders import (
    make_composer,
    make_excerpt,
    make_miniature,
    make_pair,
    make_piece,
    make_version,
    make_work,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
CONDITIONS = ("S", "ATB")
TUNES = ("tune 1", "tune 2", "tune 3")


@pytest.fixture(autouse=True)
def tunes(settings: Settings) -> None:
    """Three tune families, the last of two works."""
    settings.REFILL_KEEP_FREE_BYTES = 0
    for tune in (*TUNES, TUNES[-1]):
        make_excerpt(make_work(tune=tune))


@pytest.fixture
def quiz() -> Study:
    study = Study.objects.get(slug="quiz")
    study.rounds = [[condition] for condition in CONDITIONS]
    study.is_open = True
    study.save()
    return study


@pytest.fixture
def mini(quiz: Study, tmp_path: Path) -> Composer:
    return make_miniature(tmp_path)


def ordered() -> Counter[tuple[str, str]]:
    return Counter(Piece.objects.written().values_list("condition", "tune"))


def finish(**fields: object) -> None:
    """What was ordered ends; without fields it is playable."""
    for piece in Piece.objects.written().filter(status="queued"):
        Piece.objects.filter(excerpt=piece.excerpt, version=None, status="queued").delete()
        if fields:
            Piece.objects.filter(id=piece.id).update(**fields)
            continue
        excerpt, condition, version = piece.excerpt, piece.condition, piece.version
        piece.delete()
        make_pair(condition, version.composer, excerpt=excerpt)


def until_nothing_is_ordered(**fields: object) -> int:
    """The number of pieces, of a composer whose pieces all end in the same way."""
    total = 0
    while count := refill():
        total += count
        finish(**fields)
        assert total < 200, "it goes on for ever"
    return total


def test_each_tune_gets_one_pair_in_each_cell_and_then_it_ends(mini):
    assert until_nothing_is_ordered() == len(CONDITIONS) * len(TUNES)
    assert ordered() == {(condition, tune): 1 for condition in CONDITIONS for tune in TUNES}


def test_pieces_are_queued_with_bachs(mini, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert refill() == len(CONDITIONS) * len(TUNES)
    queued = sorted(result.args[0] for result in default_task_backend.results)
    assert queued == sorted(Piece.objects.values_list("id", flat=True))
    assert set(Piece.objects.by_bach().values_list("tune", flat=True)) == set(TUNES)


def test_tunes_that_the_study_lacks_wholly_come_first(mini, monkeypatch):
    make_pair("ATB", mini, excerpt=Excerpt.objects.filter(work__tune="tune 1").get())
    monkeypatch.setattr(refilling, "BATCH", 2)
    refill()
    assert {tune for _, tune in ordered()} == set(TUNES)


def test_cells_are_filled_by_the_weights_of_their_composers(quiz, mini, tmp_path):
    other = make_miniature(tmp_path, "other")
    StudyComposer.objects.filter(version__composer=other).update(weight=3.0)
    chosen = choose_next(quiz, Coverage([quiz]), 8)
    assert Counter(each.version.composer.slug for each in chosen) == {"other": 6, "mini": 2}


def test_the_same_rows_give_the_same_choice(quiz, mini):
    first, again = (choose_next(quiz, Coverage([quiz]), BATCH) for _ in range(2))
    assert first == again
    assert first


def test_what_may_not_be_played_is_never_ordered(mini):
    """Works of training, families that are set aside, and excerpts heard with their names."""
    make_excerpt(make_work(tune=min(SET_ASIDE_TUNES)))
    make_excerpt(make_work(part="train"))
    make_excerpt(Work.objects.get(bwv="BWV253"))
    Excerpt.objects.filter(work__tune="tune 1").update(named=True)
    until_nothing_is_ordered()
    assert {tune for _, tune in ordered()} == {"tune 2", "tune 3"}


def test_a_study_gets_pieces_of_its_own_version_and_not_of_a_newer_one(mini):
    old = mini.versions.get()
    new = make_version(mini, members=old.members, settings=old.settings)
    StudyComposer.objects.filter(version=new).delete()
    until_nothing_is_ordered(status="done")
    assert set(Piece.objects.written().values_list("version", flat=True)) == {old.pk}


@pytest.mark.parametrize("status", [Version.Status.RETIRED, Version.Status.CHECKING])
def test_a_version_that_is_not_published_gets_no_orders(mini, status):
    mini.versions.update(status=status)
    assert refill() == 0


def test_collections_and_versions_that_list_no_works_get_no_orders(mini):
    make_composer("empty")
    make_composer("outside", kind="collection", licence="CC0")
    Version.objects.filter(composer__slug="outside").update(kind="collection")
    until_nothing_is_ordered()
    slugs = Piece.objects.written().values_list("version__composer__slug", flat=True)
    assert set(slugs) == {"mini"}


def test_a_tune_is_given_up_in_a_cell_after_a_few_tries(quiz, mini):
    """Where the pieces on one tune fail, another work of it is tried, and then no more."""
    while refill():
        Piece.objects.filter(status="queued", tune="tune 3").update(status="failed")
        finish()
    assert {key: count for key, count in ordered().items() if count > 1} == {
        (condition, "tune 3"): MAX_TRIES for condition in CONDITIONS
    }
    failed = Piece.objects.filter(tune="tune 3", condition="S").order_by("id")
    assert len(set(failed.values_list("excerpt", flat=True)[:2])) == 2
    assert {cell.given_up for cell in Coverage([quiz]).cells(quiz)} == {frozenset({"tune 3"})}


def test_a_composer_that_keeps_failing_is_left_alone(quiz, mini):
    for number in range(30):
        make_excerpt(make_work(tune=f"more {number}"))
    total = until_nothing_is_ordered(status="failed")
    assert len(CONDITIONS) * MAX_IN_A_ROW <= total <= len(CONDITIONS) * MAX_IN_A_ROW + BATCH
    assert all(cell.is_stopped for cell in Coverage([quiz]).cells(quiz))
    make_pair("S", mini, excerpt=make_excerpt(make_work(tune="works again")))
    refill()
    assert set(Piece.objects.filter(status="queued").values_list("condition", flat=True)) == {
        "S", "",
    }  # fmt: skip


def test_pairs_that_were_excluded_count_as_tries(mini):
    excerpt = Excerpt.objects.filter(work__tune="tune 1").get()
    for seed in range(MAX_TRIES):
        pair = make_pair("S", mini, excerpt=excerpt, excluded_reason="no written note differs")
        Piece.objects.filter(id=pair.machine_id).update(seed=seed + 1)
    until_nothing_is_ordered()
    assert ordered()["S", "tune 1"] == MAX_TRIES
    assert ordered()["ATB", "tune 1"] == 1


def test_a_piece_that_waits_for_bachs_is_not_ordered_again(mini):
    excerpt = Excerpt.objects.filter(work__tune="tune 1").get()
    make_piece(excerpt, mini, "S")
    Piece.objects.create(excerpt=excerpt, tune="tune 1", status="running")
    until_nothing_is_ordered()
    assert ordered()["S", "tune 1"] == 1


@pytest.mark.parametrize("change", [{"is_open": False}, {"refill": False}])
def test_a_study_that_is_closed_or_wants_none_gets_none(mini, change):
    Study.objects.update(**change)
    assert refill() == 0
    assert not Piece.objects.exists()


def test_a_study_that_is_closed_while_its_pieces_are_chosen_gets_none(mini, monkeypatch):
    def and_close(*args) -> list:
        Study.objects.update(is_open=False)
        return choose_next(*args)

    monkeypatch.setattr(refilling, "choose_next", and_close)
    assert refill() == 0


def test_the_settings_bound_it(mini, settings, monkeypatch):
    settings.REFILL_PER_DAY = 0
    assert refill() == 0
    settings.REFILL_PER_DAY = 1
    monkeypatch.setattr(refilling, "BATCH", 2)
    assert refill() == 1, "no more than a day allows"
    assert refill() == 0, "the day's pieces are ordered"


def test_the_disk_bounds_it(mini, settings):
    settings.REFILL_KEEP_FREE_BYTES = shutil.disk_usage(settings.VAR_DIR).total + 1
    assert refill() == 0
    assert "REFILL_KEEP_FREE_MB" in refilling.why_not()


def test_nothing_is_ordered_while_something_waits(mini):
    make_piece(Excerpt.objects.first(), mini, status="queued")
    assert use_quiet_time() == {}
    out = StringIO()
    call_command("refill", stdout=out)
    assert out.getvalue() == "nothing is ordered: pieces or other jobs wait in the queue\n"
    Piece.objects.all().delete()
    assert use_quiet_time()["pieces ordered for open studies"] == 6
