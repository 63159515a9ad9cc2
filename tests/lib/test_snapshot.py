"""A snapshot sees one moment, and keeps nobody from writing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.databases import new_database

PROGRAM = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.db import connection, transaction
from bachtest.lib.snapshot import snapshot

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if sql.startswith("SELECT") else None

def write():
    ask("INSERT INTO things VALUES (1)")
    connection.close()

def count():
    return ask("SELECT count(*) FROM things")

ask("CREATE TABLE things (number integer)")
with snapshot(), ThreadPoolExecutor(1) as other:
    seen = [count()]
    other.submit(write).result()
    seen.append(count())
print(*seen, count())
if connection.vendor == "sqlite":
    with transaction.atomic():
        assert connection.transaction_mode == "IMMEDIATE"
"""


@pytest.mark.database
def test_somebody_writes_meanwhile_and_the_snapshot_stands(tmp_path):
    env = os.environ | new_database(tmp_path) | {"DJANGO_SETTINGS_MODULE": "bachtest.settings"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "0", "1"]
