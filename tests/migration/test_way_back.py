"""The way back after the site was used: all that the old tables can hold, or nothing at all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip
from bachtest.studies.models import Study, StudyComposer
from generator.models import Pair, Version
from tests.builders import add_to_study
from tests.migration.old_site import apps_now, migrate, newest_applied
from tests.migration.rows_today import rounds
from tests.migration.test_old_database import returning


def unfinished_game() -> Game:
    return Game.objects.filter(finished_at=None).order_by("id")[0]


def an_answer() -> Answer:
    return Answer.objects.order_by("id")[0]


def withdraw_a_round() -> Round:
    """As it happens on the site: the pair is retired, and the listener goes on."""
    row = unfinished_game().rounds.filter(answer=None).order_by("number")[0]
    Pair.objects.filter(id=row.pair_id).update(excluded_reason="a wrong note")
    response = returning(row.game.listener.id).post("games/current/", {})
    assert response.status_code == 200
    row.refresh_from_db()
    assert row.withdrawn
    assert row.game.rounds.standing().filter(number=row.number).exists()
    return row


def another_version() -> Version:
    """Of a composer that the quiz draws; no study plays it yet."""
    row = StudyComposer.objects.filter(study__slug="quiz", weight__gt=0).order_by("id")[0]
    return Version.objects.create(composer=row.composer, sha256="e" * 64, status="ready")


def test_withdrawn_rounds_are_left_out_and_all_others_come_back(old_site):
    withdrawn = withdraw_a_round()
    standing = [row for row in rounds() if row[0] != withdrawn.id]
    assert len(standing) == Round.objects.count() - 1
    heard = RoundClip.objects.exclude(round=withdrawn).count()
    migrate(old_site.newest)
    assert newest_applied() == old_site.newest
    migrate()
    assert sorted(rounds()) == sorted(standing)
    assert RoundClip.objects.count() == heard


def two_studies_at_once() -> None:
    listener = unfinished_game().listener
    for study in Study.objects.all():
        participation, _ = Participation.objects.get_or_create(listener=listener, study=study)
        Game.objects.get_or_create(
            participation=participation, finished_at=None, defaults={"seed": 1}
        )


def no_idea() -> None:
    Answer.objects.filter(id=an_answer().id).update(response="none", correct=None)


def no_truth() -> None:
    Answer.objects.filter(id=an_answer().id).update(correct=None)


def no_first() -> None:
    Answer.objects.filter(id=an_answer().id).update(first=None)


def answered_and_withdrawn() -> None:
    Round.objects.filter(answer=an_answer()).update(withdrawn=True)


def a_trap() -> None:
    Round.objects.filter(answer=an_answer()).update(kind="trap")


def three_clips() -> None:
    clip = an_answer().round.clips_in_order()[0]
    RoundClip.objects.create(round=clip.round, position=3, piece=clip.piece, token="third")


def no_clip_by_bach() -> None:
    row = an_answer().round
    row.clips.filter(piece=row.pair.bach_id).update(piece=row.pair.machine_id)


def two_versions() -> None:
    add_to_study(Study.objects.get(slug="quiz"), another_version())


def a_second_pair_of_a_piece() -> None:
    pair, other = Pair.objects.order_by("id")[:2]
    Pair.objects.create(
        excerpt=pair.excerpt, tune=pair.tune, bach=other.bach, machine=pair.machine, differing=1.0
    )


REFUSED: list[tuple[Callable[[], None], str]] = [
    (two_studies_at_once, "1 listeners with unfinished games in several studies"),
    (no_idea, "1 answers that choose neither of two clips, 1 answers that are neither right nor"),
    (no_truth, "1 answers that are neither right nor wrong"),
    (no_first, "1 answers that do not say whether Bach was heard first"),
    (answered_and_withdrawn, "1 answers in withdrawn rounds"),
    (a_trap, "1 rounds of other kinds than 'scored'"),
    (three_clips, "1 rounds that are not Bach's clip beside another one"),
    (no_clip_by_bach, "1 rounds that are not Bach's clip beside another one"),
    (two_versions, "1 composers of whom a study plays several versions"),
    (a_second_pair_of_a_piece, "1 machine pieces in several pairs"),
]


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        lines = list(database.iterdump())
    # The order of indexes, and when a migration was applied, are no part of what the site holds.
    ours = (each for each in lines if "django_migrations" not in each and "sqlite_seq" not in each)
    return sorted(ours)


@pytest.mark.slow
@pytest.mark.parametrize(("use", "found"), REFUSED, ids=[use.__name__ for use, _ in REFUSED])
@pytest.mark.parametrize("apps", [["game"], ["generator", "studies"]], ids="-".join)
def test_what_has_no_place_is_named_and_nothing_is_undone(old_site, tmp_path, use, found, apps):
    use()
    before = dump(tmp_path / "db.sqlite3")
    for app in apps:
        refusal = f"have no place for {re.escape(found)}.*; no answer was touched, and manage.py"
        with pytest.raises(CommandError, match=refusal):
            migrate({app: old_site.newest[app]})
        # Later migrations of other apps may be undone by then; they come back as they were.
        migrate()
        assert dump(tmp_path / "db.sqlite3") == before


def test_a_listener_who_has_no_participation_is_asked_for_consent_again(old_site):
    listener = Listener.objects.create()
    migrate(old_site.newest)
    assert apps_now().get_model("game.Listener").objects.get(id=listener.id).consent_version == ""


def test_weights_go_by_slug_and_those_of_one_study_bind_no_other(old_site):
    version, later = another_version(), Study.objects.get(slug="later")
    slug = version.composer.slug
    StudyComposer.objects.filter(composer=version.composer).update(weight=0)
    add_to_study(Study.objects.get(slug="quiz"), version, 2.5)
    StudyComposer.objects.filter(composer=version.composer, study=later).delete()
    migrate(old_site.newest)
    studies = dict(apps_now().get_model("studies.Study").objects.values_list("slug", "composers"))
    assert {study: weights[slug] for study, weights in studies.items()} == {
        "quiz": 2.5,
        "later": 0.0,
        "harmony": 0.0,
    }
    assert apps_now().get_model("generator.Composer").objects.get(slug=slug).in_quiz
