"""What every test stands on: one thread, tasks that run at once, files in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bachtest.lib.threads import use_one_thread

use_one_thread()
# Playwright's synchronous API runs an event loop in the thread that also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from generator.music.corpus.works import Corpus

IMMEDIATE = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
DUMMY = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


@pytest.fixture(autouse=True)
def quick_settings(settings: Settings) -> None:
    settings.TASKS = IMMEDIATE
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
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
