from __future__ import annotations

from bachtest.game.models import Game
from bachtest.results.counts.answers import study_report
from bachtest.results.counts.flags import unknown_exclusions
from bachtest.studies.models import Study, StudyComposer
from generator.models import Composer
from tests.builders import make_pair, make_version
from tests.results.rows import make_answer, make_game, quiz


def cells(report, field):
    [breakdown] = [b for b in report.breakdowns if b.by == (field,)]
    return {cell.labels[0]: (cell.rate.correct, cell.rate.n) for cell in breakdown.cells}


def test_answers_are_counted_by_group_without_those_who_knew(played):
    report = study_report(played)
    # Of the 12 answers on S, two listeners knew the piece: one right, one wrong.
    assert cells(report, "condition") == {"S": (8, 10), "AT": (4, 4), "SATB": (6, 12)}
    assert cells(report, "composer") == {"flagship": (14, 22), "markov": (4, 4)}
    assert sum(n for _, n in cells(report, "experience").values()) == 26
    assert (report.overall.rate.correct, report.overall.rate.n) == (18, 26)
    assert (report.everything.rate.correct, report.everything.rate.n) == (19, 28)
    assert (report.listeners, report.items) == (12, 3)
    assert [(flag.flag, flag.answers, flag.excluded) for flag in report.flags] == [
        ("knew", 2, True),
        ("too_good_too_fast", 0, False),
    ]


def test_groups_stand_in_their_order(played):
    report = study_report(played)
    assert list(cells(report, "condition")) == ["S", "AT", "SATB"]
    assert list(cells(report, "experience")) == ["novice", "expert", "unstated"]


def test_only_the_design_excludes_answers(played):
    played.exclusions = []
    report = study_report(played)
    assert report.overall == report.everything
    assert [(flag.answers, flag.excluded) for flag in report.flags] == [(2, False), (0, False)]
    played.exclusions = ["knew", "late"]
    assert unknown_exclusions(played) == ["late"]


def test_identical_pairs_stand_beside_the_rate_and_copies_do_not_count(played):
    flagship, markov = study_report(played).identical_pairs
    assert (flagship.composer, flagship.pairs, flagship.identical) == ("flagship", 3, 1)
    assert flagship.rate == 14 / 22
    # Half of the pairs on S are identical: half of those 10 answers would have been guesses.
    assert flagship.rate_if_guessed == (8 / 2 + 10 / 4 + 6) / 22
    assert (markov.pairs, markov.identical, markov.rate_if_guessed) == (1, 0, 1.0)


def test_the_pooled_sentence_tests_the_margin_of_the_study(played):
    played.margin = 0.125
    report = study_report(played)
    assert report.verdict.margin == 0.125
    assert "test of equivalence within 12.5 points" in report.verdict.sentence


def test_a_retired_composer_keeps_its_answers(played):
    StudyComposer.objects.filter(composer__slug="markov").update(weight=0)
    assert cells(study_report(played), "composer")["markov"] == (4, 4)
    assert [row.composer for row in study_report(played).identical_pairs] == ["flagship", "markov"]


def test_a_study_without_answers_has_a_report(db):
    report = study_report(quiz())
    assert report.overall.rate.estimate is None
    assert [breakdown.cells for breakdown in report.breakdowns] == [(), (), ()]


def test_the_number_of_queries_does_not_grow_with_the_answers(played, django_assert_num_queries):
    study_report(played)  # counts them, once
    with django_assert_num_queries(12):
        study_report(played)
    pair = Game.objects.filter(participation__study=played).first().rounds.first().pair
    for _ in range(5):
        make_answer(make_game(), pair, correct=True)
    with django_assert_num_queries(12):
        study_report(played)


def test_two_versions_of_a_composer_share_no_cell(played):
    markov = Composer.objects.get(slug="markov")
    old, new = f"markov {markov.versions.get().tag}", f"markov {'e' * 12}"
    make_version(markov, sha256="e" * 64)
    assert "markov" in cells(study_report(played), "composer"), "the new one has no pair yet"
    make_answer(make_game(), make_pair("AT", markov), correct=False)
    report = study_report(played)
    assert cells(report, "composer") == {"flagship": (14, 22), old: (4, 4), new: (0, 1)}
    pool = {row.composer: (row.pairs, row.answers) for row in report.identical_pairs}
    assert pool == {"flagship": (3, 22), old: (1, 4), new: (1, 1)}


def test_a_version_that_nobody_has_answered_yet_has_its_own_row_of_pairs(played):
    markov = Composer.objects.get(slug="markov")
    tags = [markov.versions.get().tag, "e" * 12]
    make_version(markov, sha256="e" * 64)
    make_pair("AT", markov)
    labels = [f"markov {tag}" for tag in tags]
    report = study_report(played)
    assert [row.composer for row in report.identical_pairs] == ["flagship", *sorted(labels)]
    assert set(cells(report, "composer")) == {"flagship", labels[0]}


def test_a_version_in_another_study_changes_no_label(played):
    markov = Composer.objects.get(slug="markov")
    version = make_version(markov, sha256="e" * 64)
    StudyComposer.objects.filter(study=played, version=version).delete()
    other = Study.objects.get(slug="other")
    make_answer(make_game("expert", other), make_pair("AT", markov), correct=True)
    assert set(cells(study_report(played), "composer")) == {"flagship", "markov"}
