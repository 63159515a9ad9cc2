from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from bachtest.game.models import Answer, Listener
from bachtest.game.services import answers, enrolment
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import study_report
from bachtest.results.models import StoredAnalysis, Tally
from bachtest.results.tasks import MERGE_EVERY
from bachtest.studies.models import Study
from generator.models import Pair
from tests.results.rows import make_answer, make_game


def counted(study: Study) -> dict[str, Counter[tuple[object, ...]]]:
    """What a page reads, in every table."""
    return {
        table: Counter(
            {
                (cell.labels, cell.flags, right): cell.correct if right else cell.n
                for cell in tallies.read(study, table)
                for right in (True, False)
            }
        )
        for table in tallies.TABLES
    }


@pytest.fixture
def tallies_stay_true(played):
    """Checks that the tallies are those of all answers counted again."""
    tallies.rebuild(played)

    def check():
        counts = counted(played)
        assert sum(counts["trials"].values()) > 0
        tallies.merge(played)
        assert counted(played) == counts
        assert tallies.changes(played) == 0
        tallies.rebuild(played)
        assert counted(played) == counts

    return check


def test_an_answer_counts_at_once_in_every_table(played, tallies_stay_true):
    before = counted(played)
    make_answer(make_game("expert"), Pair.objects.first(), correct=True, knew="yes")
    after = counted(played)
    assert {
        table: (after[table] - before[table]).total() for table in tallies.TABLES
    } == dict.fromkeys(tallies.TABLES, 2)
    tallies_stay_true()


def test_an_answer_that_goes_is_taken_off(played, tallies_stay_true):
    Answer.objects.first().delete()
    tallies_stay_true()
    Answer.objects.filter(correct=True).delete()
    tallies_stay_true()


def test_a_listener_who_goes_leaves_no_count_and_no_id(played, tallies_stay_true):
    game = make_game("expert")
    before = counted(played)
    for pair in Pair.objects.all()[:3]:
        make_answer(game, pair, correct=True)
    enrolment.delete_listener(game.listener)
    assert counted(played) == before
    assert not Tally.objects.filter(labels__contains=game.participation.listener_id.hex).exists()
    tallies_stay_true()


def test_saying_later_that_one_knew_the_piece_moves_the_answer(played, tallies_stay_true):
    answer = Answer.objects.filter(knew="no").first()
    flagged = study_report(played).flags[0].answers
    answers.note_knew(answer.round, Answer.Knew.YES)
    assert study_report(played).flags[0].answers == flagged + 1
    tallies_stay_true()
    answers.note_knew(answer.round, Answer.Knew.UNSURE)
    assert study_report(played).flags[0].answers == flagged
    tallies_stay_true()


def test_experience_stated_later_moves_the_answers(played, tallies_stay_true):
    listener = Listener.objects.filter(participations__experience="unstated").first()
    enrolment.enrol(listener, played, consent="2026-11", experience="expert")
    tallies_stay_true()


def test_saving_what_is_not_counted_writes_nothing(played, tallies_stay_true):
    tallies.merge(played)
    answer = Answer.objects.first()
    answer.seconds += 1
    answer.save()
    Listener.objects.first().save()
    assert tallies.changes(played) == 0
    tallies_stay_true()


def test_every_answer_is_in_every_table_once(played):
    make_answer(make_game("expert"), Pair.objects.first(), correct=True)
    everything = Answer.objects.filter(round__game__participation__study=played)
    study_report(played)
    for table in tallies.TABLES:
        cells = tallies.read(played, table)
        assert sum(cell.n for cell in cells) == everything.count()
        assert sum(cell.correct for cell in cells) == everything.filter(correct=True).count()


def test_the_worker_merges_now_and_then(played, django_capture_on_commit_callbacks):
    tallies.rebuild(played)
    pair, game = Pair.objects.first(), make_game()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(MERGE_EVERY - 1):
            make_answer(game, pair, correct=True)
    assert tallies.changes(played) == MERGE_EVERY - 1
    with django_capture_on_commit_callbacks(execute=True):
        make_answer(game, pair, correct=True)
    assert tallies.changes(played) == 0


@pytest.mark.parametrize("exclusions", [["knew"], []])
def test_listeners_are_counted_once_whatever_flags_their_answers_carry(played, exclusions):
    played.exclusions = exclusions
    assert study_report(played).listeners == 12
    lasting, leaving = make_game("expert"), make_game("expert")
    for knew in ("yes", "no"):
        make_answer(lasting, Pair.objects.first(), correct=True, knew=knew)
        make_answer(leaving, Pair.objects.first(), correct=True, knew=knew)
    only_known = make_game("expert")
    make_answer(only_known, Pair.objects.first(), correct=True, knew="yes")
    enrolment.delete_listener(leaving.listener)
    expected = 13 if exclusions else 14
    assert study_report(played).listeners == expected
    tallies.merge(played)
    assert study_report(played).listeners == expected
    Answer.objects.filter(round__game=lasting).delete()
    assert study_report(played).listeners == expected - 1


def test_counts_made_under_other_flags_are_made_again(played):
    study_report(played)
    StoredAnalysis.objects.update(flags_version=0)
    Tally.objects.all().delete()
    assert study_report(played).overall.rate.n == 26


@pytest.mark.only_sqlite  # PostgreSQL plans by the size of a table, here a few rows
def test_the_index_holds_all_that_a_page_reads(played):
    study_report(played)
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT labels, flags, SUM(n), SUM(correct) FROM results_tally"
            " WHERE study_id = 1 AND \"table\" = 'cells' GROUP BY labels, flags"
        )
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert "COVERING INDEX tally_cells" in plan
    assert "TEMP B-TREE" not in plan
