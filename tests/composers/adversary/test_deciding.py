"""Who may decide, and what happens when several decide at the same moment."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bachtest.composers.models import Upload
from bachtest.composers.publishing import (
    PublishingRefused,
    bring_back,
    publish,
    retire,
    turn_down,
)
from bachtest.composers.uploading.announcing import UploadRefused
from bachtest.composers.uploading.withdrawing import withdraw
from generator.models import Version
from tests.builders import make_composer, make_version
from tests.composers.adversary.the_door import person
from tests.composers.adversary.tus_client import TusClient, token_of
from tests.races import meanwhile, several_writers


def scored(owner: User | None, slug: str = "new", status: str = Upload.Status.SCORED) -> Upload:
    version = make_version(make_composer(slug), status=Version.Status.CHECKING)
    return Upload.objects.create(
        owner=owner, kind="checkpoint", slug=slug, length=1, status=status, version=version
    )


def status_of(upload: Upload) -> tuple[str, str]:
    upload.refresh_from_db()
    assert upload.version is not None
    upload.version.refresh_from_db()
    return upload.status, upload.version.status


def refused_with(code: str, do: object, *arguments: object) -> None:
    with pytest.raises(PublishingRefused) as raised:
        do(*arguments)  # type: ignore[operator]
    assert raised.value.code == code


def test_an_uploader_does_not_publish_while_there_is_somebody_else(author, publisher):
    both = person("both", "upload_version", "publish_version")
    upload = scored(both)
    refused_with("second_person", publish, upload, both, "it is good")
    refused_with("forbidden", publish, upload, author, "it is good")
    assert status_of(upload) == ("scored", "checking")
    publish(upload, publisher)
    assert status_of(upload) == ("published", "ready")


def test_who_is_alone_publishes_with_a_reason_that_is_said(db):
    alone = person("alone", "publish_version")
    # Whoever may not log in, or not publish, is no second person.
    person("gone", "publish_version", is_active=False)
    person("reader")
    upload = scored(alone)
    refused_with("reason", publish, upload, alone, "  ")
    publish(upload, alone, "nobody else here reads music")
    step = upload.steps.last()
    assert (step.by, step.reason) == (
        "alone",
        "published by its uploader: nobody else here reads music",
    )


@pytest.mark.parametrize("status", sorted(set(Upload.Status) - {Upload.Status.SCORED}))
def test_only_what_was_scored_is_published(status, author, publisher):
    refused_with("refused", publish, scored(author, status=status), publisher)


def test_a_token_decides_nothing(author, publisher):
    upload = scored(author)
    publisher.user_permissions.add(*author.user_permissions.all())
    tus = TusClient(token_of(publisher))
    deed = {"deed": "publish"}
    response = Client().post(f"/uploads/{upload.id}/decide/", deed, headers=tus.headers)
    assert (response.status_code, response.url.partition("?")[0]) == (302, "/account/login/")
    assert status_of(upload) == ("scored", "checking")


def test_somebody_without_the_right_finds_no_upload_of_others(author):
    upload = scored(author)
    client = Client()
    client.force_login(person("other", "upload_version"))
    assert client.get(f"/uploads/{upload.id}/").status_code == 404
    for deed in ("publish", "refuse", "withdraw", "retry", "retire", "bring_back"):
        path = f"/uploads/{upload.id}/decide/"
        assert client.post(path, {"deed": deed, "reason": "x"}).status_code == 404
    assert status_of(upload) == ("scored", "checking")


def test_an_uploader_may_withdraw_and_nothing_else(author, publisher):
    upload = scored(author)
    client = Client()
    client.force_login(author)
    for deed in ("publish", "refuse", "retire", "bring_back", "retry"):
        client.post(f"/uploads/{upload.id}/decide/", {"deed": deed, "reason": "x"})
    assert status_of(upload) == ("scored", "checking")
    client.post(f"/uploads/{upload.id}/decide/", {"deed": "withdraw"})
    assert status_of(upload) == ("refused", "failed")


def test_what_was_published_is_not_withdrawn_or_refused(author, publisher):
    upload = scored(author)
    publish(upload, publisher)
    with pytest.raises(UploadRefused, match="It was published, so it stays"):
        withdraw(upload, by="author")
    refused_with("refused", turn_down, upload, publisher, "late")
    assert status_of(upload) == ("published", "ready")


def test_a_reason_is_needed_to_refuse_retire_and_bring_back(author, publisher):
    upload = scored(author)
    refused_with("reason", turn_down, upload, publisher, " ")
    publish(upload, publisher)
    refused_with("reason", retire, upload.version, publisher, "")
    retire(upload.version, publisher, "loops")
    assert status_of(upload) == ("retired", "retired")
    refused_with("reason", bring_back, upload.version, publisher, "\n")
    refused_with("refused", retire, upload.version, publisher, "again")


@pytest.mark.parametrize("first", ["publish", "turn_down", "withdraw"])
def test_whoever_comes_second_finds_it_decided(first, author, publisher):
    """Each looked at the page before the other decided."""
    upload = scored(author)
    seen = Upload.objects.get(id=upload.id)
    deeds = {
        "publish": lambda row: publish(row, publisher),
        "turn_down": lambda row: turn_down(row, publisher, "no"),
        "withdraw": lambda row: withdraw(row, by="author"),
    }
    deeds[first](upload)
    after = status_of(upload)
    refused_with("refused", publish, seen, publisher)
    refused_with("refused", turn_down, seen, publisher, "no")
    assert status_of(upload) == after
    assert upload.steps.count() == 1


@several_writers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", ["publish", "turn_down"])
def test_of_two_at_the_same_moment_one_decides(second):
    from django.db import transaction

    author, publisher = person("author"), person("publisher", "publish_version")
    upload = scored(author)
    outcomes: Counter[str] = Counter()

    def decide() -> None:
        row = Upload.objects.get(id=upload.id)
        try:
            if second == "publish":
                publish(row, publisher)
            else:
                turn_down(row, publisher, "no")
        except PublishingRefused:
            outcomes["refused"] += 1
        else:
            outcomes["decided"] += 1

    with meanwhile() as other, transaction.atomic():
        publish(Upload.objects.get(id=upload.id), publisher)
        other(decide)
    assert outcomes == {"refused": 1}
    assert status_of(upload) == ("published", "ready")
    assert upload.steps.count() == 1
