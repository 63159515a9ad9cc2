from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from generator import registry
from generator.families.checkpoint import read_checkpoint, sha256_of
from generator.models import Composer
from generator.registry import SHIPPED, Shipped
from generator.services import composers, install_shipped
from tests.builders import make_excerpt, make_piece, save_miniature


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One shipped composer, a miniature, in its own folder."""
    monkeypatch.setattr(registry, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(composers, "CHECKPOINTS", tmp_path)
    shipped = (Shipped("mini", "Mini", "markov", in_quiz=True),)
    monkeypatch.setattr(install_shipped, "SHIPPED", shipped)
    save_miniature(tmp_path / "mini.safetensors")
    return tmp_path


def install() -> str:
    out = StringIO()
    call_command("install_composers", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_bach_and_the_shipped_composers_get_rows(folder):
    assert install() == "composers: bach, mini\n"
    mini = Composer.objects.get(slug="mini")
    assert (mini.kind, mini.family, mini.in_quiz) == ("checkpoint", "markov", True)
    assert mini.sha256 == sha256_of(folder / "mini.safetensors")
    assert composers.installed_source(mini).checkpoint == folder / "mini.safetensors"


@pytest.mark.django_db
def test_it_is_safe_to_repeat(folder):
    install()
    before = list(Composer.objects.values())
    install()
    assert list(Composer.objects.values()) == before


@pytest.mark.django_db
def test_another_file_is_another_composer(folder):
    install()
    old = Composer.objects.get(slug="mini")
    make_piece(make_excerpt(), old)
    save_miniature(folder / "mini.safetensors", trained_on=["BWV254"])
    install()
    new = Composer.objects.get(slug="mini")
    old.refresh_from_db()
    assert new.id != old.id
    assert old.slug == f"mini-{old.sha256[:8]}"
    assert (old.in_quiz, new.in_quiz) == (False, True)
    assert old.pieces.count() == 1


@pytest.mark.django_db
def test_a_composer_without_pieces_is_replaced(folder):
    install()
    save_miniature(folder / "mini.safetensors", trained_on=["BWV254"])
    install()
    assert Composer.objects.filter(kind="checkpoint").count() == 1


@pytest.mark.django_db
def test_a_truncated_checkpoint_is_refused_and_leaves_no_row(folder):
    path = folder / "mini.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CommandError, match=r"mini\.safetensors .*restore it"):
        install()
    assert not Composer.objects.filter(slug="mini").exists()


@pytest.mark.django_db
def test_a_missing_checkpoint_is_named(folder):
    (folder / "mini.safetensors").unlink()
    with pytest.raises(CommandError, match=r"no checkpoint at .*mini\.safetensors"):
        install()


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.slug)
def test_shipped_checkpoints_are_sound_and_say_how_they_were_made(shipped):
    _, _, metadata = read_checkpoint(shipped.path, shipped.family)
    assert {"data", "works", "seed", "command", "metrics"} <= metadata.keys()
