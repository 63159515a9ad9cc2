"""What regressions of figures learn from pairs, and what they must not know."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.flagship.critic import ALL_KINDS, FOLDED
from generator.families.flagship.figure_regression import (
    FEWEST,
    PLACES,
    RARE,
    SETS,
    FoldedPair,
    TunesOfFigures,
    figure_weights,
    habit_weights,
    rare_weights,
    told_apart,
)

HABIT = ALL_KINDS.index("second_eighth") * FOLDED
COMMON = 400  # figures that both sides have


def pairs_with(bach: list[int], fill: list[int], count: int = 60) -> list[FoldedPair]:
    """Pairs of the same common figures by chance, and of some that one side alone has."""
    rng = np.random.default_rng(0)
    return [
        FoldedPair(
            f"work {number}",
            np.append(rng.integers(0, COMMON, 50), np.array(bach, np.int64)),
            np.append(rng.integers(0, COMMON, 50), np.array(fill, np.int64)),
        )
        for number in range(count)
    ]


def test_figures_of_one_side_speak_for_it():
    weights = figure_weights(pairs_with([1000], [2000, 2000]), 0.1)
    assert weights[1000] > 0.1
    assert weights[2000] < -0.1
    assert np.abs(weights[:COMMON]).max() < weights[1000]
    assert np.count_nonzero(weights) <= COMMON + 2
    assert told_apart(weights, pairs_with([1000], [2000])) == 1.0


def test_figures_of_too_few_pairs_have_no_weight():
    pairs = pairs_with([], [])
    for index in range(FEWEST):
        bach = np.append(pairs[index].bach, [3000] if index < FEWEST - 1 else [])
        fill = np.append(pairs[index].fill, [4000])
        pairs[index] = FoldedPair(pairs[index].name, bach.astype(np.int64), fill)
    weights = figure_weights(pairs, 0.1)
    assert weights[3000] == 0
    assert weights[4000] < 0


def test_habits_are_weighed_by_the_ratio_of_their_counts_alone():
    pairs = pairs_with([HABIT] * 3, [HABIT, HABIT + 1], count=99)
    weights = habit_weights(pairs)
    assert weights[HABIT] == pytest.approx(np.log(298 / 100))
    assert weights[HABIT + 1] == pytest.approx(np.log(1 / 100))
    assert np.count_nonzero(weights) == 2
    others = figure_weights(pairs, 0.1)
    assert not others[HABIT : HABIT + FOLDED].any()
    of_tunes = TunesOfFigures({"a": np.array([HABIT])}, {"a": "tune"})
    tunes = {pair.name: "another" for pair in pairs}
    assert not rare_weights(pairs, of_tunes, tunes, 1.0)[HABIT : HABIT + FOLDED].any()


def test_sides_that_are_alike_teach_nothing():
    alike = [FoldedPair("a", np.array([1, 2]), np.array([2, 1]))] * 5
    assert not figure_weights(alike, 0.1).any()
    assert told_apart(np.ones(PLACES), alike) == 0.5
    of_tunes = TunesOfFigures({"a": np.array([1])}, {"a": "tune"})
    assert not rare_weights(alike, of_tunes, {"a": "tune"}, 1.0).any()


@pytest.fixture
def of_tunes() -> TunesOfFigures:
    """Figure 0 is in three tunes, 1 in two (one of them twice), 2 in one; 5 of kind 1 in one."""
    works = {
        "a": np.array([0, 0, 1]),
        "b": np.array([1, FOLDED + 5]),
        "c": np.array([0, 1, 2]),
        "d": np.array([0, PLACES // 2 + 1]),  # 1 again, in an open beat
    }
    return TunesOfFigures(works, {"a": "A", "b": "A", "c": "C", "d": "D"})


def test_tunes_are_counted_once_each_and_whatever_is_given(of_tunes):
    assert of_tunes.having[:3].tolist() == [3, 3, 1]
    assert of_tunes.having[FOLDED + 5] == 1
    assert of_tunes.having.sum() == 8


def test_a_tune_does_not_know_its_own_figures(of_tunes):
    figures = np.array([0, 2, 7, FOLDED + 5, PLACES // 2 + 2])
    open_set = SETS // 2
    counts = of_tunes.rare(figures, "a tune of no work")
    assert counts.shape == (RARE, SETS)
    assert counts[0, 0] == 1  # 7
    assert counts[1, [0, 1, open_set]].tolist() == [1, 1, 1]
    counts = of_tunes.rare(figures, "C")
    assert counts[0, [0, open_set]].tolist() == [2, 1]  # 7 and 2, which only its own tune has
    assert counts[2, 0] == 1  # 0


def test_rare_figures_share_a_weight(of_tunes):
    """Fills have figures that no tune has, each another one."""
    tunes = {"a": "A", "c": "C", "d": "D"}
    names = ("a", "c", "d") * 10
    pairs = [
        FoldedPair(name, np.array([0, 0]), np.array([0, 100 + number]))
        for number, name in enumerate(names)
    ]
    weights = rare_weights(pairs, of_tunes, tunes, 1.0)
    assert weights[100] < -0.5
    assert weights[100] == weights[FOLDED - 1] == weights[150]
    assert weights[[0, 2, FOLDED + 5, PLACES // 2 + 100]].tolist() == [0, 0, 0, 0]
    assert told_apart(weights, pairs) == 1.0
