"""A version goes on writing as it did when the code has a newer one, or other defaults."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from generator.models import Excerpt, Piece, Version
from generator.music.corpus.works import Corpus
from generator.registry import Shipped, installed
from generator.services.checkpoint_files import checkpoint_path
from generator.services.composer_source import ComposerError
from generator.services.composers import ready_version, version_source
from generator.services.pieces import new_piece, produce_piece
from tests.builders import make_excerpt, make_work, save_miniature
from tests.generator.families.choir import registry_of
from tests.generator.families.material import provenance_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A shipped composer, installed, in a folder of its own."""
    settings.REGISTRY = registry_of(markov=[Shipped("mini", "Mini", folder=tmp_path)])
    save_miniature(tmp_path / "mini.safetensors")
    for bwv in ("BWV253", "BWV254"):
        make_work(bwv, tune="tune", part="train")
    call_command("install_composers", stdout=StringIO())
    return tmp_path


@pytest.fixture
def older(folder: Path) -> Version:
    """Its file has become the base of a newer version, which has its name now."""
    path, base = folder / "mini.safetensors", folder / "mini-members.safetensors"
    older = Version.objects.get()
    older.settings["temperature"]["default"] = 0.5
    older.save()
    path.rename(base)
    family = installed().family("markov")
    family.load(base).save(path, provenance_of(["BWV254"]), base=base)
    call_command("install_composers", stdout=StringIO())
    return Version.objects.get(pk=older.pk)


@pytest.fixture
def excerpt(corpus: Corpus) -> Excerpt:
    return make_excerpt(make_work("BWV269"), 0, 16)


def written(excerpt: Excerpt, version: Version, **settings: Any) -> Piece:
    order = {"seed": 1, "settings": settings, "version": version}
    piece, _ = new_piece(excerpt, version.composer, "ATB", **order)
    produce_piece(piece.id)
    piece.refresh_from_db()
    assert (piece.status, piece.error) == ("done", "")
    assert new_piece(excerpt, version.composer, "ATB", **order) == (piece, False)
    return piece


def test_the_base_of_a_newer_file_is_the_file_of_the_older_version(older):
    newer = ready_version(older.composer)
    assert checkpoint_path(older).name == "mini-members.safetensors"
    assert checkpoint_path(newer).name == "mini.safetensors"
    [of_older], [of_newer] = (version_source(each).members for each in (older, newer))
    assert (of_older.trained_on, of_newer.trained_on) == ({"BWV253"}, {"BWV254"})


def test_the_older_version_writes_with_its_own_defaults(excerpt, older):
    assert written(excerpt, older).settings == {"temperature": 0.5}
    assert written(excerpt, ready_version(older.composer)).settings == {"temperature": 1.0}


def test_a_base_that_is_another_file_is_not_taken_for_the_older_version(older):
    older.sha256 = "0" * 64
    with pytest.raises(ComposerError, match=r"mini\.safetensors is not the file of version"):
        version_source(older)


def test_a_base_that_is_gone_or_damaged_is_named_when_composers_are_installed(older, folder):
    base = folder / "mini-members.safetensors"
    base.write_bytes(base.read_bytes() + b"more")
    with pytest.raises(CommandError, match=r"mini: .*made with another mini-members\.safetensors"):
        call_command("install_composers", stdout=StringIO())
    base.unlink()
    assert checkpoint_path(ready_version(older.composer)).name == "mini.safetensors"
    with pytest.raises(CommandError, match=r"mini: .*only with 'mini-members\.safetensors'; put"):
        call_command("install_composers", stdout=StringIO())


@pytest.mark.parametrize(
    ("defaults", "asked", "used"),
    [
        ({"temperature": 0.5, "no_longer_known": 3.0}, {}, 0.5),
        ({"temperature": 0.5}, {"temperature": 2.0}, 2.0),
        ({}, {}, 1.0),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_was_not_ordered_has_the_default_of_the_version_s_row(excerpt, defaults, asked, used):
    version = Version.objects.get()
    own = version.settings["temperature"]
    version.settings = {name: own | {"default": value} for name, value in defaults.items()}
    version.save()
    assert written(excerpt, version, **asked).settings == {"temperature": used}


@pytest.mark.usefixtures("folder")
def test_a_default_that_is_no_longer_possible_is_named():
    version = Version.objects.get()
    version.settings["temperature"] |= {"default": 500.0, "high": 1000.0}
    version.save()
    source = version_source(version)
    with pytest.raises(ComposerError, match="cannot write as it did, with setting temper"):
        source.values({})
    assert source.values({"temperature": 2.0}) == {"temperature": 2.0}, "as the message says"
