"""Chorales from nothing are scored as they are written: by all members."""

from __future__ import annotations

import pytest

from generator.management.evaluated_composer import left_out_folds, scored_folds


def test_a_split_has_the_first_of_five_members_and_nothing_the_others(corpus):
    assert len(scored_folds("rules", "tunes", "test")) == 1
    folds = left_out_folds("markov", "tunes")
    assert len(folds) == 5
    assert len({id(fold.composer) for fold in folds}) == 5


@pytest.mark.parametrize(
    ("slug", "split"), [("markov", "folds"), ("rules", "tunes"), ("bach", "tunes")]
)
def test_where_no_member_is_left_out_there_are_no_more(corpus, slug, split):
    assert left_out_folds(slug, split) == []
