"""Scores that come with the code belong to the checkpoint that they name."""

from __future__ import annotations

import json

import pytest

from bachtest.composers.models import VersionScores
from bachtest.composers.page.shipped_scores import load_shipped_scores, scores_path
from generator.registry import OURS, Registered, Registry, Shipped
from generator.services.composer_source import sha256_of_file
from generator.services.install_shipped import install_shipped
from tests.builders import make_composer, save_miniature
from tests.composers.page_rows import score_row

ROWS = [score_row("machine listener", 0.8)]
FILES = [each for each, _ in Registry(OURS).shipped if scores_path(each).is_file()]


@pytest.fixture
def shipped(tmp_path, settings) -> Shipped:
    """A site that ships a miniature of its own."""
    shipped = Shipped("mini", "Mini", folder=tmp_path)
    save_miniature(shipped.path)
    chain = OURS["markov"]
    family = Registered(family=chain.family, trainer=chain.trainer, shipped=(shipped,))
    settings.REGISTRY = Registry({"markov": family})
    return shipped


def ship(shipped: Shipped, **fields: object) -> None:
    report = {"sha256": sha256_of_file(shipped.path), "scores": ROWS, "missing": []}
    scores_path(shipped).write_text(json.dumps(report | fields))


def stored() -> list[list[dict]]:
    return [list(each.all_rows()) for each in VersionScores.objects.all()]


@pytest.mark.django_db
def test_installing_a_composer_brings_its_scores(shipped):
    ship(shipped)
    install_shipped()
    assert stored() == [ROWS]
    install_shipped()
    assert stored() == [ROWS]


@pytest.mark.django_db
def test_scores_that_are_shipped_later_or_changed_are_read_too(shipped):
    install_shipped()
    assert stored() == []
    ship(shipped)
    install_shipped()
    assert stored() == [ROWS]
    missing = [{"name": "joint NLL", "reason": "none"}]
    ship(shipped, missing=missing)
    install_shipped()
    assert stored() == [ROWS + missing]


@pytest.mark.django_db
def test_scores_of_another_checkpoint_are_not_taken(shipped):
    ship(shipped, sha256="0" * 64)
    install_shipped()
    assert stored() == []


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"sha256": 1}', "\x00"])
def test_a_file_that_cannot_be_read_does_not_stop_the_site(shipped, text):
    scores_path(shipped).write_text(text)
    install_shipped()
    assert stored() == []


@pytest.mark.django_db
def test_what_a_worker_measured_stays(shipped):
    ship(shipped)
    install_shipped()
    VersionScores.objects.update(rows={"SATB": []})
    install_shipped()
    assert stored() == [[]]


@pytest.mark.django_db
def test_nothing_is_shipped_with_an_uploaded_version(shipped):
    ship(shipped)
    version = make_composer("mini", sha256=sha256_of_file(shipped.path)).versions.get()
    assert not load_shipped_scores(version)


@pytest.mark.parametrize("shipped", FILES, ids=lambda each: each.slug)
def test_our_own_files_are_about_the_checkpoints_beside_them(shipped):
    report = json.loads(scores_path(shipped).read_text())
    assert report["sha256"] == sha256_of_file(shipped.path)
    assert report["composer"] == shipped.slug
    assert len(report["scores"]) > 100


def test_the_markov_chain_has_scores():
    assert "markov" in [each.slug for each in FILES]
