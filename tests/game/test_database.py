"""What an acknowledged answer rests on."""

from __future__ import annotations

import pytest
from django.db import connection

FULL = 2


@pytest.mark.django_db
def test_a_commit_is_on_the_disk_before_it_returns():
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone() == (FULL,)
