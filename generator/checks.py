"""What must be in place before pieces can be made: one clear line for each problem."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core import checks

from generator.errors import GeneratorError
from generator.music.corpus.works import load_corpus
from generator.rendering.clip import check_rendering
from generator.services.site_registry import site_registry

IMMEDIATE = "django_tasks.backends.immediate.ImmediateBackend"
INSTALLATION = "installation"


def check_queue(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if settings.TASKS["default"]["BACKEND"] != IMMEDIATE:
        return []
    return [
        checks.Error(
            f"TASKS_BACKEND={IMMEDIATE} would run torch in the web process",
            hint="unset TASKS_BACKEND, or use django_tasks_db.DatabaseBackend",
            id="generator.E001",
        )
    ]


def check_var_dir(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.VAR_DIR):
            return []
    except OSError as error:
        return [
            checks.Error(
                f"VAR_DIR={settings.VAR_DIR} is not writable: {error.strerror}",
                hint="set VAR_DIR to a folder that you can write to",
                id="generator.E002",
            )
        ]


def check_sound(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    return _caught("generator.E003", lambda: check_rendering(settings.SOUNDFONT))


def check_corpus(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    return _caught("generator.E004", lambda: load_corpus(settings.CORPUS_FILE))


def check_packages(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """No error: the families that are not broken go on."""
    broken = site_registry().broken.values()
    return [checks.Warning(str(error), id="generator.W001") for error in broken]


def _caught(check_id: str, check: Callable[[], object]) -> list[checks.CheckMessage]:
    try:
        check()
    except GeneratorError as error:
        return [checks.Error(str(error), id=check_id)]
    return []


def register() -> None:
    checks.register(check_queue)
    checks.register(check_packages)
    # The database file needs its folder.
    checks.register(check_var_dir, checks.Tags.database)
    # For `check --deploy` and the commands that make pieces, not for those that set things up.
    for check in (check_sound, check_corpus):
        checks.register(check, INSTALLATION, deploy=True)


def installation_problems() -> list[str]:
    """One line each; empty if pieces can be made."""
    messages: Iterable[checks.CheckMessage] = [
        message
        for check in (check_queue, check_var_dir, check_sound, check_corpus)
        for message in check(None)
    ]
    return [f"{m.msg}; {m.hint}" if m.hint else str(m.msg) for m in messages]
