"""A family whose package is gone: what it made stays, and what it was to make says why not."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from bachtest.results.export.write_study_folder import export_study
from generator.models import Composer, Pair, Piece
from generator.registry import OURS, Registry, Shipped
from generator.services.composers import find_source
from generator.services.install_shipped import install_shipped
from generator.services.pieces import new_piece, produce_piece
from tests.builders import make_excerpt, make_pair, make_work
from tests.generator.families.choir import registry_of, save_choir
from tests.results.rows import make_answer, make_game, quiz

pytestmark = pytest.mark.django_db
REASON = "family 'choir' is not installed; install its package"


@pytest.fixture
def waiting(tmp_path, settings, corpus) -> Piece:
    """A piece that was ordered while the family was there; it has a pair that was answered."""
    save_choir(tmp_path / "choir.safetensors", [["BWV269"], ["BWV254"]], [["BWV254"], ["BWV269"]])
    settings.REGISTRY = registry_of(choir=[Shipped("choir", "Choir", folder=tmp_path)])
    install_shipped()
    make_work("BWV254", part="train")
    excerpt = make_excerpt(make_work("BWV269"), 0, 32)
    composer = Composer.objects.get(slug="choir")
    make_answer(make_game(), make_pair(composer=composer), correct=True)
    piece, _ = new_piece(excerpt, composer, "ATB", seed=0)
    settings.REGISTRY = Registry({"markov": OURS["markov"]})
    return piece


def test_its_pieces_fail_with_the_way_out(waiting):
    assert produce_piece(waiting.id) == "failed"
    assert REASON in Piece.objects.get(id=waiting.id).error


@pytest.mark.parametrize("shipped", [True, False])
def test_it_cannot_write(waiting, tmp_path, settings, shipped):
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"checkpoints": storage | options}
    waiting.version.composer.versions.update(shipped=shipped)
    with pytest.raises(CommandError, match=REASON):
        call_command("evaluate", composer="choir", no_fills=True)
    if shipped:
        with pytest.raises(Exception, match=REASON):
            find_source("choir")


def test_pages_and_exports_go_on(waiting, tmp_path):
    client = Client()
    for path in ("", "about/", "results/", "results/methods/"):
        assert client.get(f"/{path}").status_code == 200, path
    client.force_login(User.objects.create_superuser("root"))
    for name, row in (("piece", waiting), ("version", waiting.version)):
        page = client.get(reverse(f"admin:generator_{name}_change", args=[row.pk]))
        assert page.status_code == 200
    export_study(quiz(), tmp_path / "out")
    assert "choir" in (tmp_path / "out" / "composers.csv").read_text()
    assert Pair.objects.playable().count() == 1


def test_set_up_goes_on(waiting):
    call_command("prepare")
    assert waiting.version.composer.versions.ready().exists()
