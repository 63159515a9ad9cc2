"""A checkpoint names works and holds none of their notes; these come from the corpus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.families.checkpoint import CheckpointError, read_members
from generator.families.splice import known_works
from generator.families.splice.known_works import digest_of, name_codes, names_of
from generator.families.splice.splice import DEBUG_WORKS, Splice, SpliceConfig
from generator.families.splice.training import SpliceTrainer
from generator.music.corpus.splits import folds
from generator.music.corpus.works import CorpusError
from generator.music.grid.conditions import given_voices
from generator.registry import CHECKPOINTS, OURS
from generator.smoke_run.smoke_run import SmokeRunRefused, smoke_run
from generator.training.splits import load_split
from tests.generator.families.material import UNTRAINED, melody

SHIPPED = CHECKPOINTS / "splice.safetensors"


def test_every_name_of_the_corpus_comes_back(corpus):
    names = tuple(corpus.works)
    assert names_of(name_codes(names)) == names


@pytest.mark.parametrize("name", ["", "BWV" + 30 * "1", "BWVé"])
def test_a_name_that_has_no_room_is_refused(name):
    with pytest.raises(ValueError, match="a number has 1 to 24 characters"):
        name_codes([name])


@pytest.mark.parametrize("row", [[], [0, 66], [-66], [66, 300]])
def test_a_row_that_is_no_name_is_refused(row):
    codes = np.zeros((1, 24), np.int16)
    codes[0, : len(row)] = row
    with pytest.raises(ValueError, match="no number of a work"):
        names_of(codes)


def test_a_name_that_stands_there_twice_is_refused():
    with pytest.raises(ValueError, match="names a work twice"):
        names_of(name_codes(["BWV1", "BWV1"]))


def test_a_hash_tells_notes_and_frames_apart(corpus):
    chorale = corpus.work("BWV269").chorale
    others = [
        chorale.with_voices(chorale.pitch + 12, chorale.onset),
        chorale.with_voices(chorale.pitch, chorale.pitch >= 0),
        replace(chorale, key="A minor"),
        replace(chorale, fermata=~chorale.fermata),
    ]
    assert len({digest_of(each) for each in (chorale, *others)}) == 5
    assert digest_of(replace(chorale, bwv="", title="")) == digest_of(chorale)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "splice.safetensors"
    Splice.debug().save(path, UNTRAINED)
    return path


def with_works(monkeypatch, corpus, works):
    monkeypatch.setattr(known_works, "load_corpus", lambda: replace(corpus, works=works))


def test_a_work_that_the_corpus_lacks_is_named(monkeypatch, corpus, saved):
    works = {name: work for name, work in corpus.works.items() if name != DEBUG_WORKS[1]}
    with_works(monkeypatch, corpus, works)
    words = rf"the corpus lacks 1 of 3 works, {DEBUG_WORKS[1]} among them; build it again with make"
    with pytest.raises(CheckpointError, match=words):
        Splice.load(saved)


def test_a_work_with_other_notes_is_named(monkeypatch, corpus, saved):
    name = DEBUG_WORKS[2]
    work = corpus.works[name]
    other = replace(work, chorale=replace(work.chorale, key="C minor"))
    with_works(monkeypatch, corpus, {**corpus.works, name: other})
    with pytest.raises(CheckpointError, match=f"the corpus has other notes for {name} than"):
        Splice.load(saved)


def test_without_a_corpus_set_up_is_asked_for(monkeypatch, saved, tmp_path):
    load = known_works.load_corpus
    monkeypatch.setattr(known_works, "load_corpus", lambda: load(tmp_path / "none.npz"))
    with pytest.raises(CorpusError, match=r"no corpus at .*; build it with: make setup"):
        Splice.load(saved)


def test_hashes_of_other_works_are_refused():
    tensors = Splice.debug().to_tensors()
    tensors["digests"] = tensors["digests"][:2]
    with pytest.raises(ValueError, match="works has 3 works and digests has 2"):
        Splice.from_tensors(SpliceConfig(), tensors)


def test_an_upload_is_refused_because_its_box_has_no_corpus():
    task = melody([67] * 16), given_voices("ATB", 16)
    with pytest.raises(SmokeRunRefused, match="from the corpus, which may not be read here; it pl"):
        smoke_run(OURS["splice"].family, SHIPPED, [task], members=5, seed=1)


def test_each_shipped_member_cuts_up_the_works_that_it_lists_and_no_others(corpus):
    composer, listed = Splice.load(SHIPPED), read_members(SHIPPED)
    assert composer.members == len(listed) == 5
    for number, member in enumerate(listed):
        assert set(composer.member(number).works) == member.trained_on
        assert member.fold == {name for name, fold in folds(corpus).items() if fold == number}


def test_the_published_split_has_no_works_to_cut():
    config = {"data": {"split": "jsb"}, "splice": {}, "training": {}}
    with pytest.raises(ValueError, match="split = 'jsb'; snippets are cut from works of the corp"):
        SpliceTrainer(config, load_split("jsb"))


def test_a_training_lists_the_works_of_its_part():
    parts = load_split("tunes")
    config = {"data": {"split": "tunes"}, "splice": {"enough": 3}, "training": {}}
    trainer = SpliceTrainer(config, parts)
    assert trainer.composer([trainer.count()]).works == parts["train"].names


@pytest.mark.parametrize("name", ["candidates", "enough"])
@pytest.mark.parametrize("value", [0, 1025, 2.0, True, "8"])
def test_a_config_is_checked_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} .*; use a whole number from 1 to 1024"):
        SpliceConfig(**{name: value})
