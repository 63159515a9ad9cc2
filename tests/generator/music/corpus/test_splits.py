from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
import pytest

from generator.music.corpus.jsb import jsb_bwv, load_jsb
from generator.music.corpus.splits import FOLDS, LARGE_FAMILY, PARTS, fold_split, folds, tunes_split
from generator.music.corpus.tunes import harmony_pairs
from generator.music.grid.chorale import REST, repaired_onsets


def test_each_work_is_in_exactly_one_part(corpus):
    split = tunes_split(corpus)
    assert list(split) == list(PARTS)
    assert sorted(bwv for names in split.values() for bwv in names) == sorted(corpus.works)
    assert [len(names) for names in split.values()] == [281, 39, 82]


def test_no_tune_family_stands_on_two_sides(corpus):
    split = tunes_split(corpus)
    tunes = {part: {corpus.works[bwv].tune for bwv in names} for part, names in split.items()}
    assert sum(len(families) for families in tunes.values()) == len(set.union(*tunes.values()))


def runs(line: list[int]) -> set[tuple[int, ...]]:
    """Runs of eight intervals of what changes in a voice, without rhythm and key."""
    pitches = [new for old, new in pairwise([REST, *line]) if new not in (old, REST)]
    intervals = [new - old for old, new in pairwise(pitches)]
    return {tuple(intervals[at : at + 8]) for at in range(len(intervals) - 7)}


@pytest.mark.parametrize("voice", range(4))
def test_no_voice_of_a_held_out_work_stands_in_training(corpus, voice):
    """By another measure than the families': near-copies share nearly all runs."""
    split = tunes_split(corpus)
    lines = {bwv: runs(work.chorale.pitch[voice].tolist()) for bwv, work in corpus.works.items()}
    for held in (*split["test"], *split["valid"]):
        for other in split["train"]:
            shared = len(lines[held] & lines[other])
            assert shared <= 0.4 * min(len(lines[held]), len(lines[other])), (held, other)


def test_no_harmony_of_a_held_out_work_stands_in_training(corpus):
    part = {bwv: name for name, names in tunes_split(corpus).items() for bwv in names}
    pairs = harmony_pairs({bwv: work.chorale for bwv, work in corpus.works.items()})
    assert ("BWV16.6", "BWV419") in pairs
    assert [pair for pair in pairs if part[pair[0]] != part[pair[1]]] == []


def test_the_test_part_has_many_tunes_and_both_modes(corpus):
    held = [corpus.works[bwv] for bwv in tunes_split(corpus)["test"]]
    families = Counter(work.tune for work in held)
    assert len(families) >= 40
    assert max(families.values()) < LARGE_FAMILY
    minor = sum(work.chorale.mode == "minor" for work in held)
    assert 0.3 < minor / len(held) < 0.7


def test_the_split_is_the_same_every_time_and_in_any_order(corpus):
    split = tunes_split(corpus)
    turned = replace(corpus, works=dict(reversed(corpus.works.items())))
    assert tunes_split(corpus) == split
    assert {part: set(names) for part, names in tunes_split(turned).items()} == {
        part: set(names) for part, names in split.items()
    }


def test_fold_0_is_the_split_by_tunes(corpus):
    assert fold_split(corpus, 0) == tunes_split(corpus)


def test_each_work_is_in_one_fold_and_folds_are_about_equal(corpus):
    fold_of = folds(corpus)
    assert list(fold_of) == list(corpus.works)
    assert sorted(Counter(fold_of.values()).items()) == [
        (0, 82), (1, 80), (2, 80), (3, 80), (4, 80),
    ]  # fmt: skip


def test_no_tune_family_stands_in_two_folds(corpus):
    tunes = {(corpus.works[bwv].tune, fold) for bwv, fold in folds(corpus).items()}
    assert len(tunes) == len({tune for tune, _ in tunes})


@pytest.mark.parametrize("fold", range(FOLDS))
def test_the_parts_of_a_fold_share_no_tune_and_leave_out_no_work(corpus, fold):
    split = fold_split(corpus, fold)
    assert sorted(bwv for names in split.values() for bwv in names) == sorted(corpus.works)
    assert set(split["test"]) == {bwv for bwv, at in folds(corpus).items() if at == fold}
    assert 0.09 < len(split["valid"]) / len(corpus.works) < 0.11
    tunes = [{corpus.works[bwv].tune for bwv in names} for names in split.values()]
    assert sum(map(len, tunes)) == len(set.union(*tunes))


def test_folds_are_the_same_in_any_order(corpus):
    turned = replace(corpus, works=dict(reversed(corpus.works.items())))
    assert folds(turned) == folds(corpus)
    assert set(fold_split(turned, 3)["valid"]) == set(fold_split(corpus, 3)["valid"])


@pytest.mark.parametrize("fold", [-1, FOLDS])
def test_a_fold_that_is_not_there_is_named(corpus, fold):
    with pytest.raises(ValueError, match=f"no fold {fold}; there are folds 0 to 4"):
        fold_split(corpus, fold)


def test_the_published_split_has_its_sizes_and_pitches_only():
    parts = load_jsb()
    assert {part: len(chorales) for part, chorales in parts.items()} == {
        "train": 229,
        "valid": 76,
        "test": 77,
    }
    for chorales in parts.values():
        for chorale in chorales:
            empty = np.zeros_like(chorale.onset)
            assert (chorale.onset == repaired_onsets(chorale.pitch, empty)).all()
    assert sum((chorale.pitch == REST).any() for chorale in chain(*parts.values())) == 33


def test_the_published_pieces_are_works_as_far_as_known(corpus):
    names = jsb_bwv()
    assert len(names) == 377
    assert sum(piece.startswith("test/") for piece in names) == 77
    assert set(names.values()) - set(corpus.works) == {
        "BWV27.6", "BWV36.4-2", "BWV185.6", "BWV227.3", "BWV432",
    }  # fmt: skip
