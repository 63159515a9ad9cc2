from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from generator.checks import installation_problems
from tests.conftest import IMMEDIATE


@pytest.fixture(autouse=True)
def sound_installation(settings: Settings, tmp_path: Path, corpus: object) -> None:
    settings.VAR_DIR = tmp_path
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def only_problem() -> str:
    [problem] = installation_problems()
    assert "\n" not in problem
    return problem


def test_nothing_is_missing_after_set_up():
    assert installation_problems() == []


def test_the_immediate_queue_is_refused_outside_tests(settings: Settings):
    settings.TASKS = IMMEDIATE
    assert "TASKS_BACKEND=django_tasks.backends.immediate" in only_problem()
    with pytest.raises(SystemCheckError, match="run torch in the web process"):
        call_command("check", stderr=StringIO())


def test_a_folder_that_is_not_writable_is_named(settings: Settings):
    settings.VAR_DIR = Path("/proc/bach")
    assert only_problem().startswith("VAR_DIR=/proc/bach is not writable: ")


def test_a_missing_soundfont_is_named(settings: Settings, tmp_path: Path):
    settings.SOUNDFONT = tmp_path / "no.sf3"
    assert "no.sf3" in only_problem()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch):
    from generator.rendering import fluidsynth_library as library

    library.fluidsynth_library.cache_clear()
    monkeypatch.setattr(library, "_bundled_path", lambda: None)
    monkeypatch.setattr(library, "_system_path", lambda: None)
    assert only_problem().startswith("no FluidSynth library; run")
    monkeypatch.undo()
    library.fluidsynth_library.cache_clear()


def test_a_missing_corpus_is_named(settings: Settings, tmp_path: Path):
    settings.CORPUS_FILE = tmp_path / "corpus.npz"
    assert "make setup" in only_problem()


def test_check_covers_the_installation_if_asked_to(settings: Settings, tmp_path: Path):
    settings.SOUNDFONT = tmp_path / "no.sf3"
    call_command("check", stdout=StringIO())
    with pytest.raises(SystemCheckError, match=r"no\.sf3"):
        call_command("check", deploy=True, tags=["installation"])


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["work", "serve"])
def test_makers_of_pieces_do_not_start_without_sound(settings: Settings, tmp_path, command):
    settings.SOUNDFONT = tmp_path / "no.sf3"
    with pytest.raises(CommandError, match=r"no\.sf3"):
        call_command(command)


@pytest.mark.django_db
def test_another_queue_has_its_own_worker(recorded_queue):
    with pytest.raises(CommandError, match="DummyBackend, which has its own worker"):
        call_command("work")
