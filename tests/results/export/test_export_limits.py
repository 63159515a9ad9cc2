"""Limits of exports hold exactly, however many requests come at the same moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from bachtest.lib.errors import AppError
from bachtest.results.export.export_orders import exports_left, new_export
from bachtest.results.models import ExportJob
from bachtest.studies.models import Study
from tests.databases import new_database

ROOT = Path(__file__).parents[3]
LIMIT, AT_ONCE = 7, 24
# Each thread has a connection of its own; all begin together.
THREADS = f"""
import django; django.setup()
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from bachtest.lib.errors import AppError
from bachtest.results.export.export_orders import new_export
from bachtest.studies.models import Study

call_command("migrate", verbosity=0)
ada, ben = (User.objects.create_user(name, is_staff=True) for name in ("ada", "ben"))
studies = [Study.objects.create(slug=f"s{{i}}", title="S") for i in range({AT_ONCE})]
barrier = Barrier({AT_ONCE})

def start(study, owner):
    barrier.wait()
    try:
        new_export(study, owner)
    except AppError as error:
        return error.code
    finally:
        connection.close()
    return "started"

def race(choose, owner):
    with ThreadPoolExecutor({AT_ONCE}) as threads:
        return sorted(threads.map(lambda i: start(choose(i), owner), range({AT_ONCE})))

print(json.dumps([race(lambda i: studies[i], ada), race(lambda i: studies[0], ben)]))
"""


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada", is_staff=True)


@pytest.fixture
def quiz(db) -> Study:
    return Study.objects.get(slug="quiz")


def start_and_end(study: Study, owner: User, **fields: object) -> None:
    job = new_export(study, owner)
    ExportJob.objects.filter(id=job.id).update(status="failed", **fields)


@pytest.mark.database
def test_of_many_at_once_exactly_as_many_start_as_may(tmp_path):
    env = os.environ | new_database(tmp_path) | {"EXPORTS_PER_DAY": str(LIMIT)}
    env |= {"DJANGO_SETTINGS_MODULE": "bachtest.settings"}
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    a_day, at_a_time = json.loads(done.stdout)
    assert a_day == ["started"] * LIMIT + ["too_many"] * (AT_ONCE - LIMIT)
    assert at_a_time == ["started"] + ["under_way"] * (AT_ONCE - 1)


def test_a_person_starts_so_many_in_24_hours(quiz, ada, settings):
    settings.EXPORTS_PER_DAY = 2
    for left in (2, 1):
        assert exports_left(ada) == left
        start_and_end(quiz, ada)
    with pytest.raises(AppError, match="started 2 exports in the last 24 hours") as refused:
        new_export(quiz, ada)
    assert (refused.value.status, exports_left(ada)) == (429, 0)
    new_export(quiz, User.objects.create_user("ben"))
    ExportJob.objects.filter(owner=ada).update(created=now() - timedelta(hours=24, seconds=1))
    new_export(quiz, ada)


def test_a_site_may_allow_none(quiz, ada, settings):
    settings.EXPORTS_PER_DAY = 0
    with pytest.raises(AppError, match="EXPORTS_PER_DAY is 0"):
        new_export(quiz, ada)


def test_one_at_a_time_of_a_study(quiz, ada):
    other = Study.objects.create(slug="other", title="Other")
    new_export(quiz, ada)
    new_export(other, ada)
    with pytest.raises(AppError, match="You have an export of 'quiz' under way") as refused:
        new_export(quiz, ada)
    assert refused.value.status == 409


def test_the_database_knows_that_too(quiz, ada):
    new_export(quiz, ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportJob.objects.create(study=quiz, owner=ada)
