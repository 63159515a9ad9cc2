"""What an acknowledged answer rests on."""

from __future__ import annotations

import pytest
from django.db import connection

# The question and the answer that it must get.
DURABLE = {"sqlite": ("PRAGMA synchronous", 2), "postgresql": ("SHOW synchronous_commit", "on")}


@pytest.mark.django_db
def test_a_commit_is_on_the_disk_before_it_returns():
    question, answer = DURABLE[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(question)
        assert cursor.fetchone() == (answer,)


def test_an_address_with_what_no_text_of_a_database_may_hold_is_not_found(ada):
    ada.start()
    assert ada.client.get("/clips/%00.mp3").status_code == 404
