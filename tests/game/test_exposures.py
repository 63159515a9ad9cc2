"""How often each pair was drawn and answered: kept by whatever changes it, and used by the draw."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command

from bachtest.game.exposures import recount
from bachtest.game.models import Answer, Game, Listener, Round
from bachtest.game.pool import candidates
from bachtest.studies.models import Study, StudyItem
from generator.models import Pair
from tests.game.site import Browser, make_site, query, serve, stop

EXPOSURES = """
    SELECT machine.condition, COALESCE(item.exposures, 0)
    FROM generator_pair pair
    JOIN generator_piece machine ON machine.id = pair.machine_id
    LEFT JOIN studies_studyitem item ON item.pair_id = pair.id
"""


def quiz() -> Study:
    return Study.objects.get(slug="quiz")


def totals() -> tuple[int, int]:
    items = StudyItem.objects.values_list("exposures", "answered")
    return sum(exposures for exposures, _ in items), sum(answered for _, answered in items)


def test_a_draw_and_an_answer_are_counted_once(ada):
    ada.start()
    assert totals() == (5, 0)
    ada.start()
    ada.current()
    assert totals() == (5, 0)
    number = ada.play_round()["round"]
    ada.answer(number)
    assert totals() == (5, 1)
    assert recount(quiz()) == 0


def test_a_withdrawn_round_counts_no_more_and_the_one_in_its_place_does(ada):
    row = Round.objects.get(id=ada.start()["round"]["id"])
    Pair.objects.filter(id=row.pair_id).update(excluded_reason="a wrong note")
    ada.current()
    assert StudyItem.objects.get(pair=row.pair_id).exposures == 0
    assert totals() == (5, 0)
    assert recount(quiz()) == 0


@pytest.mark.parametrize("model", [Listener, Game, Round, Answer])
def test_what_is_deleted_is_taken_off(ada, ben, model):
    for player in (ada, ben):
        player.play_game()
        player.start()
    assert totals() == (20, 10)
    model.objects.first().delete()
    assert totals() == (Round.objects.count(), Answer.objects.count())
    assert totals() != (20, 10)
    assert recount(quiz()) == 0


def test_recount_after_deleting_a_listener_changes_nothing(ada, ben, capsys):
    for player in (ada, ben):
        player.play_game()
    ada.client.delete("/api/v1/listener/")
    before = list(StudyItem.objects.order_by("id").values())
    call_command("recount")
    assert "quiz: 0 pairs corrected" in capsys.readouterr().out
    assert list(StudyItem.objects.order_by("id").values()) == before


def test_recount_mends_what_is_wrong_missing_or_left_over(ada, pool):
    ada.play_game()
    first, second, *_ = StudyItem.objects.order_by("id")
    StudyItem.objects.filter(id=first.id).update(exposures=7)
    second.delete()
    unplayed = next(pair for pair in pool if not pair.rounds.exists())
    StudyItem.objects.create(study=quiz(), pair=unplayed, answered=3)
    assert recount(quiz()) == 3
    assert totals() == (5, 5)
    assert recount(quiz()) == 0


def test_the_draw_reads_the_kept_counts_and_no_history(ada, django_assert_num_queries):
    ada.play_game()
    item = StudyItem.objects.first()
    StudyItem.objects.filter(id=item.id).update(exposures=9, answered=8)
    study = quiz()
    with django_assert_num_queries(3):
        counts = {each.pair: (each.answers, each.exposures) for each in candidates(study)}
    assert counts[item.pair_id] == (8, 9)


@pytest.mark.database
@pytest.mark.parametrize("starts", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_after_many_starts_at_the_same_moment_exposures_in_a_cell_differ_by_one(tmp_path, starts):
    site = make_site(tmp_path)
    process = serve(site)
    with ThreadPoolExecutor(20) as threads:
        statuses = list(
            threads.map(
                lambda _: Browser(site).post("games/", {"consent": "2026-11"})[0], range(starts)
            )
        )
    stop(process)
    assert statuses == [201] * starts
    cells = defaultdict(list)
    for condition, exposures in query(site, EXPOSURES):
        cells[condition].append(exposures)
    assert sum(map(sum, cells.values())) == 5 * starts
    assert {condition: max(each) - min(each) for condition, each in cells.items()} == {
        condition: pytest.approx(0.5, abs=0.5) for condition in cells
    }
