"""What every test stands on: one thread, tasks that run at once, files in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bachtest.lib.threads import use_one_thread

use_one_thread()
# Playwright's synchronous API runs an event loop in the thread that also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

import pytest
from django.core.serializers import deserialize, serialize
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.plugin import blocking_manager_key

from tests.postgres import NAME_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.music.corpus.works import Corpus

MIGRATED = pytest.StashKey[str]()
IMMEDIATE = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
DUMMY = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
# These ask the database in passing, and take their time over sound, pages or compiling; or they
# make it read-only by a PRAGMA.
IN_PASSING = (
    "tests/browser/",
    "tests/game/test_blindness_leak",
    "tests/game/test_blindness_media",
    "tests/game/test_blindness_own_bytes",
    "tests/game/test_blindness_payloads",
    "tests/game/test_logs",
    "tests/game/test_pages",
    "tests/game/test_reading",
    "tests/generator/evaluation/",
    "tests/generator/families/",
    "tests/generator/worker/test_prepare.py::test_loops_are_compiled",
    "tests/results/page/",
)
# Plain rows of one session, where databases hardly differ: on PostgreSQL by make test-long.
LATER_ON_POSTGRESQL = (
    "tests/composers/test_completing",
    "tests/game/test_blindness_coins",
    "tests/game/test_listening",
    "tests/game/test_no_truth",
    "tests/game/test_reveal_again",
    "tests/game/test_unpaired",
    "tests/generator/collecting/test_fills",
    "tests/generator/collecting/test_whole_chorales",
    "tests/generator/test_old_rows",
    "tests/generator/worker/test_spans",
    "tests/results/fit/",
)


def pytest_report_header() -> str:
    return f"database: {os.environ.get(NAME_VARIABLE, 'SQLite')}"


def pytest_configure() -> None:
    # Tests start sites of their own, which would write to it.
    for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
        if os.environ.get(name) and NAME_VARIABLE not in os.environ:
            pytest.exit(f"{name} is set; unset it, or use: python -m tests.postgres pytest", 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever is about rows runs on PostgreSQL too, without being marked by anybody."""
    other = "only_sqlite" if NAME_VARIABLE in os.environ else "only_postgresql"
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(other)])
    items[:] = [item for item in items if not item.get_closest_marker(other)]
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        asks = "db" in fixtures or item.get_closest_marker("django_db")
        if asks and not item.nodeid.startswith(IN_PASSING):
            item.add_marker("database")
        if NAME_VARIABLE in os.environ and item.nodeid.startswith(LATER_ON_POSTGRESQL):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> None:
    from bachtest.studies.models import Study

    with django_db_blocker.unblock():
        request.config.stash[MIGRATED] = serialize("json", Study.objects.all())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Tests that commit delete every row when they end, the quiz of the migrations too.

    Workers take tests over from each other, so others may come after them.
    """
    yield
    marker = item.get_closest_marker("django_db")
    commits = "transactional_db" in getattr(item, "fixturenames", ()) or (
        marker is not None and marker.kwargs.get("transaction")
    )
    # With the last test the whole database goes.
    if commits and nextitem is not None and MIGRATED in item.config.stash:
        with item.config.stash[blocking_manager_key].unblock():
            for row in deserialize("json", item.config.stash[MIGRATED]):
                row.save()


@pytest.fixture(autouse=True)
def quick_settings(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.TASKS = IMMEDIATE
    settings.ROUND_CLIPS_DIR = tmp_path_factory.getbasetemp() / "round_clips"
    # A thread would look for files of a test that has ended; tests of it start one.
    settings.ROUND_CLIPS_AHEAD = False
    # Recovery deletes what it knows no row of.
    settings.EXPORTS_DIR = tmp_path_factory.getbasetemp() / "exports"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        # The files as they are, whatever was collected before they changed.
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def recorded_queue(settings: Settings) -> None:
    """Tasks are written down and not run: `default_task_backend.results` lists them."""
    settings.TASKS = DUMMY


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """All works, as `make setup` built them."""
    from django.conf import settings

    from generator.music.corpus.works import load_corpus

    return load_corpus(settings.CORPUS_FILE)
