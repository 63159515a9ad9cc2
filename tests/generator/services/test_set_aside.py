"""Tunes that are kept for samples: people hear these with their names, so no round plays them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from generator.errors import OrderError
from generator.models import Excerpt, Pair, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.splits import tunes_split
from generator.registry import OURS
from generator.services.composers import ready_version
from generator.services.pairs import SET_ASIDE_REASON, exclude_set_aside, join_pairs
from generator.services.pool import choose_excerpts, sample_excerpts
from generator.services.work_rows import sync_works
from generator.tasks import order_pieces
from tests.builders import (
    make_bach,
    make_composer,
    make_excerpt,
    make_miniature,
    make_pair,
    make_piece,
    make_version,
    make_work,
)
from tests.results.rows import make_answer, make_game

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]

TUNE = min(SET_ASIDE_TUNES)


@pytest.fixture
def kept() -> Excerpt:
    return make_excerpt(make_work(tune=TUNE))


def of_the_tunes_split(corpus) -> Version:
    trained_on = sorted(tunes_split(corpus)["train"])
    return make_version(make_composer(), members=[{"trained_on": trained_on, "fold": []}])


def test_they_are_never_chosen_to_be_played(tmp_path, kept):
    mini = make_miniature(tmp_path)
    with pytest.raises(OrderError, match="no excerpt is new"):
        choose_excerpts(mini, "ATB", 1)
    other = make_excerpt()
    assert {choice.excerpt for choice in choose_excerpts(mini, "ATB", 5)} == {other}


def test_the_starter_pairs_can_be_made_of_what_is_left(corpus):
    sync_works(corpus)
    version = of_the_tunes_split(corpus)
    for condition, count in OURS["markov"].starter.pairs.items():
        chosen = [each.excerpt for each in choose_excerpts(version.composer, condition, count)]
        assert len({excerpt.work.tune for excerpt in chosen}) == count
        assert not SET_ASIDE_TUNES & {excerpt.work.tune for excerpt in chosen}


def test_a_pair_of_them_is_excluded_with_the_reason(kept):
    make_piece(kept, make_bach())
    [pair] = join_pairs(make_piece(kept))
    assert pair.excluded_reason == SET_ASIDE_REASON
    assert not Pair.objects.playable().exists()


def test_what_is_wrong_with_a_sample_is_said_first(kept):
    make_piece(kept, make_bach())
    [pair] = join_pairs(make_piece(kept, copied_run=20))
    assert pair.excluded_reason.startswith("copies 20 events")


def test_pairs_from_before_are_excluded_and_keep_their_answers(kept):
    old = make_pair(excerpt=kept)
    other, wrong = make_pair(), make_pair(excluded_reason="a wrong note", tune=TUNE)
    answer = make_answer(make_game(), old, correct=True)
    assert (exclude_set_aside(), exclude_set_aside()) == (1, 0)
    for pair, reason in ((old, SET_ASIDE_REASON), (other, ""), (wrong, "a wrong note")):
        pair.refresh_from_db()
        assert pair.excluded_reason == reason
    answer.refresh_from_db()
    assert answer.correct


def test_setting_up_excludes_them_and_says_so_once(kept):
    make_pair(excerpt=kept)
    out = StringIO()
    for _ in range(2):
        call_command("import_corpus", verbosity=0, stdout=out)
    assert out.getvalue() == f"pairs excluded from the pool: 1, {SET_ASIDE_REASON}\n"


def test_there_is_one_sample_of_each_tune_in_a_fixed_order(corpus):
    sync_works(corpus)
    version = of_the_tunes_split(corpus)
    samples = sample_excerpts(version)
    assert [each.work.tune for each in samples] == sorted(SET_ASIDE_TUNES)
    assert {each.start for each in samples} == {
        min(each.work.excerpts.values_list("start", flat=True)) for each in samples
    }
    assert sample_excerpts(version) == samples


def test_a_sample_is_of_a_tune_that_the_version_never_saw(corpus):
    sync_works(corpus)
    members = [{"trained_on": [TUNE], "fold": []}]
    version = make_version(make_composer(), members=members)
    assert [each.work.tune for each in sample_excerpts(version)] == sorted(SET_ASIDE_TUNES)[1:]


def test_a_collection_is_asked_for_no_samples(corpus):
    sync_works(corpus)
    version = make_version(make_composer(kind="collection"), kind=Version.Kind.COLLECTION)
    assert sample_excerpts(version) == []


def test_samples_can_be_ordered_by_name_of_the_work(tmp_path, kept):
    mini = make_miniature(tmp_path)
    assert sample_excerpts(ready_version(mini)) == [kept]
    with pytest.raises(OrderError):
        order_pieces(mini, "ATB", 1)
