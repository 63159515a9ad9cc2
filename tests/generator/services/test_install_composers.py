from __future__ import annotations

import json
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from generator.families.checkpoint import read_metadata, sha256_of
from generator.families.settings import Setting, from_json
from generator.models import Composer, Version
from generator.registry import OURS, Registry, Shipped, installed
from generator.services import composers
from generator.services.composer_source import ComposerError
from tests.builders import make_composer, make_excerpt, make_piece, make_version, save_miniature
from tests.generator.families.choir import Choir, registry_of, save_choir


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """One shipped composer, a miniature, in its own folder."""
    settings.REGISTRY = registry_of(markov=[Shipped("mini", "Mini", "It hums.", folder=tmp_path)])
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
    assert from_json(version.settings) == source.load().settings
    assert mini.about == "It hums."
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
    Version.objects.update(config={}, settings={}, members=[])
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


@pytest.fixture
def with_a_choir(folder: Path, settings: Any) -> Path:
    """Beside the miniature, a family of another package; where its checkpoint is to be."""
    save_choir(folder / "choir.safetensors", [["BWV269"], ["BWV254"]], [["BWV254"], ["BWV269"]])
    settings.REGISTRY = registry_of(
        choir=[Shipped("choir", "Choir", folder=folder)],
        markov=[Shipped("mini", "Mini", folder=folder)],
    )
    return folder / "choir.safetensors"


@pytest.mark.django_db
def test_a_composer_that_fails_leaves_the_others_alone(with_a_choir):
    with_a_choir.unlink()
    with pytest.raises(CommandError, match=r"^not installed: choir: no checkpoint at"):
        install()
    assert set(Composer.objects.values_list("slug", flat=True)) == {"bach", "mini"}


@pytest.mark.django_db
def test_a_family_may_fail_in_any_way(with_a_choir, monkeypatch, caplog):
    monkeypatch.setattr(Choir, "settings", property(lambda self: 1))
    with pytest.raises(CommandError, match="not installed: choir: "):
        install()
    assert "Traceback" in caplog.text
    assert Composer.objects.filter(slug="mini").exists()


@pytest.mark.django_db
def test_an_outage_is_nobodys_fault(folder, monkeypatch):
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("generator.services.install_shipped.describe_version", locked)
    with pytest.raises(OperationalError):
        install()


@pytest.mark.django_db
def test_settings_of_newer_code_reach_the_row_of_the_same_checkpoint(with_a_choir, monkeypatch):
    install()
    before = Version.objects.get(family="choir")
    monkeypatch.setattr(Choir, "settings", Choir.settings | {"down": Setting(3, 0, 5, "new")})
    install()
    after = Version.objects.get(family="choir")
    assert from_json(after.settings) == Choir.settings
    assert (after.id, after.created) == (before.id, before.created)


@pytest.mark.django_db
def test_a_composer_does_not_take_the_row_of_a_collection(folder):
    make_composer("mini", kind="collection")
    with pytest.raises(CommandError, match="'mini' is a collection here; rename the composer"):
        install()


@pytest.mark.parametrize("slug", [shipped.slug for shipped, _ in Registry(OURS).shipped])
def test_shipped_checkpoints_are_sound_and_say_how_they_were_made(slug):
    shipped, family = Registry(OURS).find_shipped(slug)
    assert installed().family(family).load(shipped.path).members
    metadata = read_metadata(shipped.path)
    assert {"data", "works", "seed", "command", "metrics"} <= metadata.keys()
