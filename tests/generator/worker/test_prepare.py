from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generator.families.flagship.flagship import Flagship
from generator.models import Composer
from generator.music.grid.chorale import Chorale
from generator.registry import OURS, Registry, Shipped
from tests.builders import save_miniature
from tests.generator.families.choir import Choir, registry_of, save_choir


def prepared() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_loops_are_compiled_once_before_the_first_fill_needs_them(tmp_path, monkeypatch, settings):
    families = {name: replace(entry, shipped=(), starter=None) for name, entry in OURS.items()}
    settings.REGISTRY = Registry(families)
    written = []
    fill = Flagship.fill

    def recorded(*args: Any, **more: Any) -> Chorale:
        written.append(fill(*args, **more))
        return written[-1]

    monkeypatch.setattr(Flagship, "fill", recorded)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    assert "compiling" in prepared()
    assert [piece.steps for piece in written] == [16]
    (tmp_path / "compiled").mkdir(exist_ok=True)
    assert "compiling" not in prepared()
    assert len(written) == 1


@pytest.mark.django_db
def test_what_older_code_compiled_is_deleted(tmp_path, monkeypatch, settings):
    settings.COMPILED_DIR, settings.REGISTRY = tmp_path, registry_of()
    for name in ("now", "before"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "loop.nbi").touch()
    (tmp_path / "loose.nbi").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "now"))
    assert "compiling" not in prepared()
    assert [path.name for path in tmp_path.rglob("*")] == ["now", "loop.nbi"]


@pytest.fixture
def with_a_choir(tmp_path, settings) -> Path:
    """The miniature and a family of another package; the folder of their checkpoints."""
    save_miniature(tmp_path / "mini.safetensors")
    save_choir(tmp_path / "choir.safetensors", [["BWV269"], ["BWV254"]], [["BWV254"], ["BWV269"]])
    settings.REGISTRY = registry_of(
        choir=[Shipped("choir", "Choir", folder=tmp_path)],
        markov=[Shipped("mini", "Mini", folder=tmp_path)],
    )
    return tmp_path


@pytest.mark.django_db
def test_a_package_that_fails_is_a_warning(with_a_choir, tmp_path, monkeypatch, capsys):
    def fails() -> Choir:
        raise RuntimeError("no miniature today")

    monkeypatch.setattr(Choir, "debug", fails)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    (with_a_choir / "choir.safetensors").unlink()
    assert "composers: bach, mini\n" in prepared()
    assert "warning: not installed: choir: no checkpoint at" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_composer_of_our_own_that_fails_is_an_error(with_a_choir):
    (with_a_choir / "mini.safetensors").unlink()
    with pytest.raises(CommandError, match="not installed: mini: no checkpoint at"):
        prepared()
    assert Composer.objects.filter(slug="choir").exists()
