from __future__ import annotations

import json
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from generator import registry
from generator.families.checkpoint import read_checkpoint, read_metadata, sha256_of
from generator.models import Composer, Version
from generator.registry import SHIPPED, Shipped
from generator.services import composers, install_shipped
from generator.services.composer_source import ComposerError
from tests.builders import make_excerpt, make_piece, make_version, save_miniature


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One shipped composer, a miniature, in its own folder."""
    monkeypatch.setattr(registry, "CHECKPOINTS", tmp_path)
    shipped = (Shipped("mini", "Mini", "markov"),)
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
    assert mini.kind == "checkpoint"
    version = mini.versions.get()
    assert (version.kind, version.family, version.status) == ("checkpoint", "markov", "ready")
    assert version.sha256 == sha256_of(folder / "mini.safetensors")
    source = composers.installed_source(mini)
    assert version.settings == source.load().settings
    assert version.config == json.loads(read_metadata(source.checkpoint)["config"])
    assert composers.installed_source(mini).checkpoint == folder / "mini.safetensors"


@pytest.mark.django_db
def test_it_is_safe_to_repeat(folder):
    install()
    before = [list(model.objects.values()) for model in (Composer, Version)]
    install()
    assert [list(model.objects.values()) for model in (Composer, Version)] == before


@pytest.mark.django_db
def test_another_file_is_another_version_and_nothing_is_renamed(folder):
    install()
    composer = Composer.objects.get(slug="mini")
    piece = make_piece(make_excerpt(), composer)
    old = piece.version
    save_miniature(folder / "mini.safetensors", trained_on=["BWV254"])
    install()
    new = composers.ready_version(composer)
    assert Composer.objects.filter(kind="checkpoint").get() == composer
    assert list(composer.versions.ready()) == [new, old]
    assert new.sha256 == sha256_of(folder / "mini.safetensors") != old.sha256
    assert list(old.pieces.all()) == [piece]
    with pytest.raises(ComposerError, match=f"is not the file of version {old.tag} of 'mini'"):
        composers.version_source(old)


@pytest.mark.django_db
def test_a_file_that_comes_back_is_the_newest_version_again(folder):
    contents = []
    for work in ("BWV253", "BWV254"):
        save_miniature(folder / "mini.safetensors", trained_on=[work])
        contents.append((folder / "mini.safetensors").read_bytes())
        install()
    (folder / "mini.safetensors").write_bytes(contents[0])
    install()
    mini = Composer.objects.get(slug="mini")
    assert mini.versions.count() == 2
    assert composers.ready_version(mini).sha256 == sha256(contents[0]).hexdigest()


@pytest.mark.django_db
def test_a_version_that_was_moved_from_an_older_installation_gets_its_config(folder):
    install()
    Version.objects.update(config={}, settings={})
    created = Version.objects.get().created
    install()
    version = Version.objects.get()
    assert version.config and version.created == created


@pytest.mark.django_db
def test_the_newest_version_that_passed_its_check_writes(folder):
    install()
    mini = Composer.objects.get(slug="mini")
    make_version(mini, status=Version.Status.CHECKING)
    make_version(mini, status=Version.Status.FAILED)
    assert composers.ready_version(mini).sha256 == sha256_of(folder / "mini.safetensors")
    Version.objects.update(status=Version.Status.FAILED)
    with pytest.raises(ComposerError, match="composer 'mini' has no checkpoint"):
        composers.ready_version(mini)


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
