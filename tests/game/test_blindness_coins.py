"""Rule 5: the side is an independent, seeded, stored coin; earlier reveals do not predict it."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from scipy.stats import binomtest

from bachtest.game.models import Game, Round
from bachtest.game.rounds import draw_sides

GAMES, ROUNDS = 4000, 5
ALPHA = 0.001


def predict_right(games: list[list[str]]) -> tuple[int, int]:
    """Right predictions of the next side from all earlier ones, and predictions made.

    Predicts the side that most often followed the same run of reveals at the same place of a game,
    and learns as it goes.
    """
    followed: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    right = predicted = 0
    for sides in games:
        for number, side in enumerate(sides):
            contexts = [tuple(sides[:number]), ("last", *sides[max(0, number - 2) : number])]
            seen = max((followed[each] for each in contexts), key=lambda c: c.total())
            if seen:
                right += seen.most_common(1)[0][0] == side
                predicted += 1
            for each in contexts:
                followed[each][side] += 1
    return right, predicted


def test_rule_05_earlier_reveals_predict_the_next_side_at_one_half():
    right, predicted = predict_right([draw_sides(seed, ROUNDS) for seed in range(GAMES)])
    assert binomtest(right, predicted).pvalue > ALPHA


def test_rule_05_the_predictor_finds_sides_that_were_balanced_within_a_game():
    """A tempting rule, never more than three on one side, would give this away."""
    games = [draw_sides(seed, ROUNDS) for seed in range(GAMES)]
    balanced = [sides for sides in games if max(Counter(sides).values()) <= 3]
    right, predicted = predict_right(balanced)
    assert binomtest(right, predicted, alternative="greater").pvalue < ALPHA


def test_rule_05_sides_are_even_over_all_and_in_each_round():
    games = [draw_sides(seed, ROUNDS) for seed in range(GAMES)]
    for number in range(ROUNDS):
        left = sum(sides[number] == "left" for sides in games)
        assert binomtest(left, GAMES).pvalue > ALPHA


def test_rule_05_the_same_seed_draws_the_same_sides_and_another_seed_others():
    assert draw_sides(7, 40) == draw_sides(7, 40)
    assert draw_sides(7, 40) != draw_sides(8, 40)


def test_rule_05_the_sides_are_stored_and_come_from_the_games_seed(ada):
    ada.start()
    game = Game.objects.get()
    stored = [row.bach_side for row in Round.objects.order_by("number")]
    assert stored == draw_sides(game.seed, 5)


@pytest.mark.django_db
def test_rule_05_seeds_cannot_be_guessed(newcomer):
    for _ in range(3):
        newcomer().start()
    seeds = list(Game.objects.values_list("seed", flat=True))
    assert len(set(seeds)) == 3
    assert min(seeds) > 2**40
