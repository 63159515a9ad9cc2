from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from generator.families.flagship.flagship import Flagship


def prepared() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_loops_are_compiled_once_before_the_first_fill_needs_them(tmp_path, monkeypatch):
    written = []
    fill = Flagship.fill
    monkeypatch.setattr(Flagship, "fill", lambda *args, **more: written.append(fill(*args, **more)))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    assert "compiling" in prepared()
    assert [piece.steps for piece in written] == [16]
    (tmp_path / "compiled").mkdir(exist_ok=True)
    assert "compiling" not in prepared()
    assert len(written) == 1


@pytest.mark.django_db
def test_what_older_code_compiled_is_deleted(tmp_path, monkeypatch, settings):
    settings.COMPILED_DIR = tmp_path
    for name in ("now", "before"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "loop.nbi").touch()
    (tmp_path / "loose.nbi").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "now"))
    assert "compiling" not in prepared()
    assert [path.name for path in tmp_path.rglob("*")] == ["now", "loop.nbi"]
