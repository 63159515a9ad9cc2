"""A composer that learnt from no works: it may write all of them, and is checked like any other."""

from __future__ import annotations

import pytest

from generator.evaluation.test_set import load_test_set
from generator.models import Excerpt, Pair, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.splits import tunes_split
from generator.music.measures.copying import CopyIndex
from generator.registry import BACH, OURS, Registry
from generator.services.composers import find_source
from generator.services.install_shipped import install_shipped
from generator.services.pairs import MAX_COPIED_RUN, copied_run
from generator.services.pieces import bach_piece, new_piece, produce_piece
from generator.services.pool import choose_excerpts
from generator.services.version_scores import scored_fold
from generator.services.work_rows import sync_works
from tests.builders import make_excerpt, make_work


@pytest.fixture
def rules(db, settings):
    settings.REGISTRY = Registry({"rules": OURS["rules"]})
    installation = install_shipped()
    assert not installation.failures
    return next(each for each in installation.composers if each.slug != BACH)


def test_its_row_lists_a_member_without_works(rules):
    version = Version.objects.get(composer=rules)
    assert version.members == [{"trained_on": [], "fold": []}]
    assert version.status == Version.Status.READY


def test_it_writes_works_of_all_parts(rules, corpus):
    sync_works(corpus)
    tunes = set(Excerpt.objects.values_list("work__tune", flat=True)) - SET_ASIDE_TUNES
    chosen = choose_excerpts(rules, "ATB", len(tunes))
    assert {choice.excerpt.work.tune for choice in chosen} == tunes
    assert {choice.excerpt.work.part for choice in chosen} == {"train", "valid", "test"}


@pytest.mark.parametrize("condition", ["ATB", "NEXT"])
def test_a_pair_of_a_work_for_training_is_made_and_played(rules, condition):
    excerpt = make_excerpt(make_work("BWV269", part="train"), 0, 80)
    piece, _ = new_piece(excerpt, rules, condition, seed=1)
    for each in (piece, bach_piece(excerpt)[0]):
        produce_piece(each.id)
        each.refresh_from_db()
        assert each.status == each.Status.DONE, each.error
    assert piece.copied_run <= MAX_COPIED_RUN
    assert list(Pair.objects.playable().values_list("machine", flat=True)) == [piece.id]


def test_copies_are_looked_for_in_all_works_but_the_original(corpus):
    original, other = corpus.work("BWV269").chorale, corpus.work("BWV253").chorale
    assert copied_run(other, original, ()) > MAX_COPIED_RUN
    assert copied_run(original, original, ()) <= MAX_COPIED_RUN


def test_it_is_scored_beside_what_others_learnt_from(corpus):
    training = tunes_split(corpus)["train"]
    assert load_test_set("tunes", "test", ()).training.works.keys() == set(training)
    published = load_test_set("jsb", "test", ()).training.works
    assert len(published) == 229
    assert isinstance(load_test_set("tunes", "test", ()).training.copies, CopyIndex)


def test_no_works_are_not_the_published_ones(rules):
    assert scored_fold(find_source("rules")).test_set.split == "tunes"
