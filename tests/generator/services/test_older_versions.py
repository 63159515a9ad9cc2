"""A version goes on writing as it did when the code has a newer one, or other defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.families.checkpoint import sha256_of
from generator.models import Composer, Version
from generator.registry import installed
from generator.services.checkpoint_files import checkpoint_path
from generator.services.composer_source import ComposerError
from generator.services.composers import version_source
from generator.services.pieces import new_piece, produce_piece
from tests.builders import (
    file_of,
    make_composer,
    make_excerpt,
    make_miniature,
    make_version,
    make_work,
    save_miniature,
)
from tests.generator.families.material import provenance_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def older(tmp_path: Path) -> Version:
    """Its file has become the base of a newer version, which has its name now."""
    base = save_miniature(tmp_path / "mini-members.safetensors")
    path = tmp_path / "mini.safetensors"
    version = make_version(make_composer("mini", file=str(path)), **file_of(base, "markov"))
    Version.objects.filter(pk=version.pk).update(file=str(path))
    family = installed().family("markov")
    family.load(base).save(path, provenance_of(["BWV254"]), base=base)
    make_version(version.composer, **file_of(path, "markov"))
    version.refresh_from_db()
    return version


def test_the_base_of_a_newer_file_is_the_file_of_the_older_version(older):
    newer = older.composer.versions.exclude(sha256=older.sha256).order_by("-id").first()
    assert checkpoint_path(older).name == "mini-members.safetensors"
    assert checkpoint_path(newer).name == "mini.safetensors"
    [of_older], [of_newer] = (version_source(each).members for each in (older, newer))
    assert (of_older.trained_on, of_newer.trained_on) == ({"BWV253"}, {"BWV254"})


def test_a_base_that_is_another_file_is_not_taken_for_the_older_version(older):
    Version.objects.filter(pk=older.pk).update(sha256="0" * 64)
    older.refresh_from_db()
    with pytest.raises(ComposerError, match=r"mini\.safetensors is not the file of version"):
        version_source(older)


@pytest.mark.parametrize(
    ("asked", "written"), [({}, {"temperature": 0.5}), ({"temperature": 2.0}, {"temperature": 2.0})]
)
def test_a_version_keeps_its_defaults_when_those_of_the_code_change(tmp_path, asked, written):
    composer: Composer = make_miniature(tmp_path)
    version = composer.versions.get()
    version.settings["temperature"]["default"] = 0.5
    version.settings["no_longer_known"] = version.settings["temperature"]
    version.save()
    assert version.sha256 == sha256_of(checkpoint_path(version))
    excerpt = make_excerpt(make_work("BWV269"), 0, 16)
    piece, _ = new_piece(excerpt, composer, "ATB", seed=1, settings=asked)
    produce_piece(piece.id)
    piece.refresh_from_db()
    assert (piece.status, piece.settings) == ("done", written)
    assert new_piece(excerpt, composer, "ATB", seed=1, settings=asked) == (piece, False)
