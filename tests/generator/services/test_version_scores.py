"""Scores of a version as rows of JSON, stage by stage, as the worker takes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from generator.collecting.importing import CollectionOrder, import_collection
from generator.evaluation import report, test_set
from generator.evaluation.test_set import SeenWorkError
from generator.models import Version
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.splits import tunes_split
from generator.music.formats.midi import midi_bytes
from generator.registry import Shipped
from generator.services import version_scores
from generator.services.composer_source import ComposerSource
from generator.services.install_shipped import install_shipped
from generator.services.version_scores import (
    collected_of,
    score_stage,
    score_stages,
    score_summary,
    scored_fold,
)
from tests.builders import make_composer
from tests.generator.collecting.material import phrases, rewritten, rows_for, write_folder
from tests.generator.families.choir import registry_of, save_choir

pytestmark = pytest.mark.django_db

WORKS = 6


class StopError(Exception):
    """What a worker raises that lost its lease."""


@pytest.fixture
def few_works(monkeypatch) -> None:
    """The first works of each part are enough here."""

    def load(*arguments):
        whole = load_test_set(*arguments)
        names = list(whole.excerpts)[:WORKS]
        return replace(
            whole,
            works={name: whole.excerpts[name] for name in names},
            excerpts={name: whole.excerpts[name] for name in names},
        )

    load_test_set = test_set.load_test_set
    monkeypatch.setattr(test_set, "load_test_set", load)


@pytest.fixture
def choir(tmp_path, settings, corpus) -> Version:
    parts = tunes_split(corpus)
    folds = [parts["test"], parts["valid"]]
    save_choir(tmp_path / "choir.safetensors", folds, [parts["train"][:8]] * 2)
    settings.REGISTRY = registry_of(choir=[Shipped("choir", "Choir", folder=tmp_path)])
    install_shipped()
    return Version.objects.get(composer__slug="choir")


def test_a_checkpoint_has_its_likelihoods_and_the_conditions_of_the_quiz(choir):
    assert score_stages(choir) == ["likelihoods", "S", "A", "T", "B", "AT", "ATB", "SATB"]


@pytest.mark.usefixtures("few_works")
def test_stages_give_the_rows_that_evaluate_prints(choir, monkeypatch, capsys):
    monkeypatch.setattr(report, "QUIZ_CONDITIONS", ("S",))
    rows = [row for stage in ("likelihoods", "S") for row in score_stage(choir, stage)]
    rows += score_summary(choir, rows)
    call_command("evaluate", "--composer=choir", "--conditions=S", "--chorales=0", "--json")
    printed = json.loads(capsys.readouterr().out)
    scores = [row for row in json.loads(json.dumps(rows)) if "composer" in row]
    assert list(map(untimed, scores)) == list(map(untimed, printed["scores"]))
    assert [row for row in rows if "reason" in row] == printed["missing"]
    assert printed["works"] == WORKS


def untimed(row: dict) -> dict:
    return {**row, "composer": None} if row["name"] == "speed" else row


@pytest.mark.usefixtures("few_works")
def test_each_fill_is_told(choir):
    told = []
    score_stage(choir, "S", lambda done, of: told.append((done, of)))
    assert told == [(done, WORKS) for done in range(1, WORKS + 1)]


@pytest.mark.usefixtures("few_works")
def test_whoever_is_told_may_stop_it(choir):
    def stop(done: int, of: int) -> None:
        if done == 2:
            raise StopError

    with pytest.raises(StopError):
        score_stage(choir, "ATB", stop)


def test_single_voices_are_summed_up_at_the_end(choir):
    figure = {"estimate": 0.5, "low": 0.25, "high": 0.75, "n": 9}
    row = partial(dict, name="machine listener", unit="share of pairs", bach=0.5, note="")
    rows = [row(condition=voice, composer=figure) for voice in "SATB"]
    [mean] = score_summary(choir, [{"name": "joint NLL", "reason": "unknown"}, *rows])
    assert (mean["condition"], mean["composer"]) == ("1", figure)
    assert score_summary(choir, rows[:3]) == []


def test_a_stage_that_there_is_not_is_named(choir):
    with pytest.raises(ValueError, match="no stage 'whole'; use one of likelihoods, S, A"):
        score_stage(choir, "whole")


def test_the_split_is_the_one_it_was_trained_for(tmp_path, settings, corpus):
    for work, split in ((tunes_split(corpus)["train"][0], "tunes"), ("jsb/train/0", "jsb")):
        source = trained_on_one(tmp_path, settings, work)
        assert scored_fold(source).test_set.split == split


def test_what_it_was_trained_on_is_not_scored(tmp_path, settings, corpus):
    known = tunes_split(corpus)["test"][0]
    with pytest.raises(SeenWorkError, match=known):
        scored_fold(trained_on_one(tmp_path, settings, known))


def trained_on_one(tmp_path, settings, work: str) -> ComposerSource:
    settings.REGISTRY = registry_of()
    path = tmp_path / f"{work.replace('/', '-')}.safetensors"
    save_choir(path, [[]], [[work]])
    return ComposerSource("one", "choir", path, settings.REGISTRY)


@pytest.mark.usefixtures("recorded_queue")
class TestCollections:
    @pytest.fixture
    def version(self, tmp_path, corpus) -> Version:
        """A fill of two excerpts in each of two conditions, and two whole chorales."""
        rows_for(corpus, "BWV269", "BWV355")
        work = corpus.works["BWV269"].chorale
        files = {f"BWV269-{name}.mid": midi_bytes(rewritten(work, name)) for name in ("ATB", "S")}
        files |= {f"{n}.mid": midi_bytes(phrases(8 + n)) for n in range(2)}
        folder = write_folder(tmp_path / "pieces", files)
        return import_collection(CollectionOrder("outside", folder)).version

    def test_the_stages_are_what_it_has(self, version, corpus):
        assert score_stages(version) == ["S", "ATB", "whole"]
        collected = collected_of(version)
        spans = excerpts_of(corpus.works["BWV269"].chorale)
        assert [(row.start, row.stop) for row in collected.fills["S"]] == spans
        assert len(collected.whole) == 2

    def test_bach_stands_beside_each_whole_chorale_as_in_its_pair(self, version, corpus):
        pairs = [piece.pairs.get() for piece in version.pieces.filter(excerpt=None).order_by("id")]
        for row, pair in zip(collected_of(version).whole, pairs, strict=True):
            work = corpus.works[pair.excerpt.work.bwv]
            assert row.bach == work.chorale.slice(pair.excerpt.start, pair.excerpt.stop)
            assert row.tune == work.tune

    def test_rows_are_those_that_evaluate_prints(self, version, capsys):
        rows = [row for stage in score_stages(version) for row in score_stage(version, stage)]
        rows += score_summary(version, rows)
        call_command("evaluate", "--composer=outside", "--json")
        printed = json.loads(capsys.readouterr().out)
        assert [row for row in rows if "composer" in row] == printed["scores"]
        assert [row for row in rows if "reason" in row] == printed["missing"]
        assert {row["condition"] for row in printed["scores"]} == {"S", "ATB", "SATB"}
        assert printed["works"] == version.pieces.count()

    def test_one_condition_can_be_asked_for(self, version, capsys):
        call_command("evaluate", "--composer=outside", "--conditions=S", "--json")
        printed = json.loads(capsys.readouterr().out)
        assert {row["condition"] for row in printed["scores"]} == {"S"}

    def test_it_has_no_settings(self, version):
        with pytest.raises(CommandError, match="'outside' is a collection and has no settings"):
            call_command("evaluate", "--composer=outside", "--set", "up=1")

    def test_pieces_on_tunes_that_its_system_knew_are_not_scored(self, version):
        version.members = [{"trained_on": ["BWV269"], "fold": []}]
        version.save()
        assert "ATB" not in score_stages(version)

    def test_one_without_pieces_has_no_stages(self):
        made = make_composer("empty", kind="collection").versions.get()
        made.kind = Version.Kind.COLLECTION
        assert score_stages(made) == []
        assert [row["name"] for row in score_summary(made, [])][-1] == "speed"


def test_scores_are_loaded_when_they_are_first_asked_for():
    name = version_scores.__name__
    code = f"import django, sys; django.setup(); import {name}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=True, env=os.environ | {"DJANGO_SETTINGS_MODULE": "bachtest.settings"},
    )  # fmt: skip
    loaded = done.stdout.split()
    assert name in loaded
    assert not {"sklearn", "torch", "scipy", "generator.evaluation"} & set(loaded)
