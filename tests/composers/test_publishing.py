"""A second person publishes; a person alone gives a reason; retiring ends no game."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import User

from bachtest.composers import publishing
from bachtest.composers.models import RegistryStep, Sample, StepError, Upload
from bachtest.composers.passages import name_passage_of
from bachtest.composers.publishing import PublishingRefused, publish, retire, turn_down
from bachtest.game.pool import candidates
from bachtest.studies.models import Study
from generator.models import Composer, Excerpt, Pair, Piece, Version
from generator.services.pairs import NAMED_REASON
from tests.builders import add_to_study, make_excerpt, make_pair, make_version, make_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(author: User) -> Upload:
    composer = Composer.objects.create(slug="mine", name="Mine", kind=Composer.Kind.CHECKPOINT)
    version = Version.objects.create(composer=composer, sha256="a" * 64, status="checking")
    return Upload.objects.create(
        owner=author, kind="checkpoint", slug="mine", length=5, status="scored", version=version
    )


def status_of(upload: Upload) -> tuple[str, str]:
    upload.refresh_from_db()
    assert upload.version is not None
    upload.version.refresh_from_db()
    return upload.status, upload.version.status


def test_a_second_person_publishes(upload: Upload, manager: User) -> None:
    publish(upload, manager)
    assert status_of(upload) == ("published", "ready")
    step = RegistryStep.objects.get()
    assert (step.status, step.by, step.version) == ("published", "manager", upload.version)
    assert not Study.objects.filter(composers__version=upload.version).exists()


def test_an_uploader_among_several_cannot_publish(upload: Upload, manager: User) -> None:
    Upload.objects.update(owner=manager)
    other = User.objects.create_superuser("other")
    with pytest.raises(PublishingRefused, match="somebody else has to publish"):
        publish(upload, manager, "it is good")
    publish(upload, other)
    assert status_of(upload) == ("published", "ready")


def test_somebody_alone_publishes_with_a_reason(upload: Upload, manager: User) -> None:
    Upload.objects.update(owner=manager)
    with pytest.raises(PublishingRefused, match="say why"):
        publish(upload, manager, "  ")
    publish(upload, manager, "nobody else is here")
    step = RegistryStep.objects.get()
    assert step.reason == "published by its uploader: nobody else is here"


def test_an_author_cannot_publish(upload: Upload, author: User) -> None:
    with pytest.raises(PublishingRefused, match="You may not publish"):
        publish(upload, author, "please")
    assert status_of(upload) == ("scored", "checking")


@pytest.mark.parametrize("status", ["receiving", "quarantined", "checked", "published", "refused"])
def test_only_what_was_scored_is_published(upload: Upload, manager: User, status: str) -> None:
    Upload.objects.update(status=status)
    with pytest.raises(PublishingRefused, match="only what was scored"):
        publish(upload, manager)


def test_a_refusal_has_a_reason(upload: Upload, manager: User) -> None:
    with pytest.raises(PublishingRefused, match="Say why"):
        turn_down(upload, manager, " ")
    turn_down(upload, manager, "it copies")
    assert status_of(upload) == ("refused", "failed")
    assert upload.reason == "it copies"
    with pytest.raises(PublishingRefused, match="cannot be refused"):
        turn_down(upload, manager, "again")


def test_a_retired_version_is_drawn_no_more_and_can_come_back(
    upload: Upload, manager: User
) -> None:
    publish(upload, manager)
    study = Study.objects.get(slug="quiz")
    assert upload.version is not None
    add_to_study(study, upload.version)
    pair = make_pair(composer=upload.version.composer)
    assert [each.pair for each in candidates(study)] == [pair.id]

    retire(upload.version, manager, "too easy")
    assert status_of(upload) == ("retired", "retired")
    assert candidates(study) == []
    with pytest.raises(PublishingRefused, match="already"):
        retire(upload.version, manager, "too easy")

    publishing.bring_back(upload.version, manager, "missed")
    assert status_of(upload) == ("published", "ready")
    assert [each.pair for each in candidates(study)] == [pair.id]


def test_a_version_that_came_with_the_code_is_retired_too(manager: User) -> None:
    version = make_version(Composer.objects.create(slug="old", kind="checkpoint"), shipped=True)
    retire(version, manager, "a better one is here")
    step = RegistryStep.objects.get()
    assert (step.version, step.upload, step.status) == (version, None, "retired")


def test_steps_are_only_added(upload: Upload, manager: User) -> None:
    publish(upload, manager)
    step = RegistryStep.objects.get()
    step.reason = "changed"
    for change in (
        step.save,
        step.delete,
        lambda: RegistryStep.objects.update(reason="x"),
        RegistryStep.objects.all().delete,
    ):
        with pytest.raises(StepError):
            change()  # type: ignore[operator]


def test_whoever_may_publish_is_not_alone(
    person: Callable[..., User], manager: User, author: User
) -> None:
    assert publishing.is_alone(manager)
    second = person("second", "publish_version")
    assert not publishing.is_alone(manager)
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert publishing.is_alone(manager)


def test_an_uploader_does_not_bring_back_what_was_retired(upload: Upload, manager: User) -> None:
    other = User.objects.create_superuser("other")
    Upload.objects.update(owner=manager)
    publish(upload, other)
    assert upload.version is not None
    retire(upload.version, other, "it copies")
    with pytest.raises(PublishingRefused, match="somebody else has to publish"):
        publishing.bring_back(upload.version, manager, "it does not")
    assert status_of(upload) == ("retired", "retired")

    User.objects.filter(pk=other.pk).update(is_active=False)
    publishing.bring_back(upload.version, manager, "nobody else is left")
    assert publishing.was_published_by_uploader(upload.version)


def test_a_version_is_published_once(upload: Upload, manager: User) -> None:
    Version.objects.filter(uploads=upload).update(status="retired")
    with pytest.raises(PublishingRefused, match="published or refused already"):
        publish(upload, manager)
    assert status_of(upload) == ("scored", "retired")


def test_what_samples_name_is_never_played(upload: Upload, manager: User) -> None:
    assert upload.version is not None
    before, inside, after = (
        make_pair(excerpt=make_excerpt(work, start, stop))
        for work in [make_work("BWV1.1")]
        for start, stop in [(0, 16), (16, 32), (32, 48)]
    )
    piece = Piece.objects.create(
        version=upload.version, excerpt=make_excerpt(), condition="ATB", seed=1
    )
    Sample.objects.create(
        version=upload.version, piece=piece, work="BWV1.1", events=3, work_start=20, work_stop=26
    )
    assert Pair.objects.playable().count() == 3
    publish(upload, manager)
    assert set(Pair.objects.playable()) == {before, after}
    inside.refresh_from_db()
    assert inside.excluded_reason == NAMED_REASON
    assert Excerpt.objects.get(named=True) == inside.excerpt


def test_asking_who_may_publish_is_one_query(
    manager: User, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    User.objects.bulk_create(User(username=f"user {number}") for number in range(20))
    with django_assert_num_queries(1):
        assert publishing.publishers() == [manager]


def test_a_sample_made_after_publishing_names_its_passage_too(upload: Upload) -> None:
    assert upload.version is not None
    pair = make_pair(excerpt=make_excerpt(make_work("BWV1.1"), 0, 16))
    sample = Sample(version=upload.version, work="BWV1.1", work_start=8, work_stop=12)
    assert name_passage_of(sample) == 0  # only its owner hears it yet
    upload.version.status = Version.Status.READY
    assert name_passage_of(sample) == 1
    assert pair not in Pair.objects.playable()
