"""What the quiz of a new site plays, until somebody has played it."""

from __future__ import annotations

from django.utils.timezone import now

from bachtest.game.services.enrolment import enrol
from bachtest.studies.models import Study, StudyComposer
from generator.models import Composer, Version
from tests.builders import add_to_study


def shipped(slug: str, sha256: str) -> Version:
    composer, _ = Composer.objects.get_or_create(slug=slug, defaults={"name": slug})
    return Version.objects.create(composer=composer, sha256=sha256, shipped=True, status="ready")


def weights() -> dict[str, float]:
    rows = StudyComposer.objects.filter(study__slug="quiz")
    return {f"{row.composer} {row.version.tag[0]}": row.weight for row in rows}


def test_the_quiz_of_a_new_site_plays_what_comes_with_the_code(db):
    for slug in ("flagship", "markov", "flagship-jsb"):
        shipped(slug, "a" * 64)
    assert weights() == {"flagship a": 3.0, "markov a": 1.0}


def test_a_new_version_changes_no_study_that_exists(db):
    first, other = shipped("flagship", "a" * 64), Study.objects.create(slug="other")
    add_to_study(other, first)
    quiz = Study.objects.get(slug="quiz")
    enrol(None, quiz, consent=quiz.consent_version)
    shipped("flagship", "b" * 64)
    assert weights() == {"flagship a": 3.0}
    assert other.weights() == {first.id: 1.0}


def test_a_quiz_that_nobody_has_played_goes_on_to_the_file_that_comes_with_the_code(db):
    """The pool is built for the newest version, and the file of the one before is gone."""
    shipped("flagship", "a" * 64)
    StudyComposer.objects.update(weight=2.0)
    shipped("flagship", "b" * 64)
    shipped("flagship-jsb", "c" * 64)
    assert weights() == {"flagship b": 2.0}
    back = Version.objects.get(sha256="a" * 64)
    back.save()
    assert weights() == {"flagship b": 2.0}, "not the newest"
    back.created = now()
    back.save()
    assert weights() == {"flagship a": 2.0}


def test_a_version_that_the_admin_uploaded_stays_in_the_quiz(db):
    composer = Composer.objects.create(slug="flagship")
    own = Version.objects.create(composer=composer, sha256="a" * 64, status="ready")
    add_to_study(Study.objects.get(slug="quiz"), own)
    shipped("flagship", "b" * 64)
    assert weights() == {"flagship a": 1.0}


def test_a_quiz_that_was_played_is_the_admins_alone(db):
    quiz = Study.objects.get(slug="quiz")
    enrol(None, quiz, consent=quiz.consent_version)
    shipped("markov", "a" * 64)
    assert weights() == {}
