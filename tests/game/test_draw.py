"""The pure draw of pairs for a game."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from bachtest.game.rounds import Candidate, NoPlan, plan_rounds

BACHBOT = (("S", "A", "T", "B"), ("AT",), ("ATB",), ("SATB",), ("SATB",))
CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB")


def pool(tunes: int, composers: tuple[str, ...] = ("bot",)) -> list[Candidate]:
    cells = [(name, who) for name in CONDITIONS for who in composers]
    return [
        Candidate(number * tunes + tune, name, who, f"tune-{tune}", 0, 0)
        for number, (name, who) in enumerate(cells)
        for tune in range(tunes)
    ]


def plan(candidates, *, slots=BACHBOT, exposed=(), weights=None, seed=1):
    every = {each.version: 1.0 for each in candidates} | (weights or {})
    return plan_rounds(slots, candidates, tunes_exposed=exposed, weights=every, rng=Random(seed))


def test_every_slot_is_filled_with_tunes_that_differ():
    for seed in range(50):
        chosen = plan(pool(8), seed=seed)
        assert len({each.tune for each in chosen}) == 5
        names = sorted(each.condition for each in chosen if len(each.condition) > 1)
        assert names == ["AT", "ATB", "SATB", "SATB"]


def test_the_same_seed_gives_the_same_rounds_and_another_seed_others():
    assert plan(pool(8), seed=3) == plan(pool(8), seed=3)
    assert plan(pool(8), seed=3) != plan(pool(8), seed=4)


def test_the_order_of_the_rounds_is_shuffled():
    places = Counter(
        [each.condition for each in plan(pool(8), seed=seed)].index("AT") for seed in range(200)
    )
    assert set(places) == {0, 1, 2, 3, 4}
    assert min(places.values()) > 20


def test_tunes_that_were_heard_do_not_come_again():
    exposed = {f"tune-{number}" for number in range(3)}
    assert exposed.isdisjoint(each.tune for each in plan(pool(8), exposed=exposed))


def test_a_plan_is_found_where_only_one_exists():
    """The condition with a single tune must get it, whichever slot is tried first."""
    only = [Candidate(number, "AT", "bot", f"tune-{number}", number, 0) for number in range(3)]
    tight = [Candidate(9, "B", "bot", "tune-0", 0, 0), Candidate(8, "S", "bot", "tune-1", 0, 0)]
    for seed in range(20):
        chosen = plan([*only, *tight], slots=(("AT",), ("B",), ("S",)), seed=seed)
        assert {each.pair for each in chosen} == {2, 9, 8}


def test_no_plan_is_named_as_such():
    with pytest.raises(NoPlan, match="28 pairs of new tunes cannot fill 5 rounds"):
        plan(pool(4))


def test_an_empty_pool_has_no_plan():
    with pytest.raises(NoPlan):
        plan([])


def test_the_least_answered_pair_of_a_cell_comes_first_then_the_least_exposed():
    cell = [
        Candidate(1, "AT", "bot", "a", 2, 2),
        Candidate(2, "AT", "bot", "b", 1, 5),
        Candidate(3, "AT", "bot", "c", 1, 4),
    ]
    for seed in range(20):
        assert [each.pair for each in plan(cell, slots=(("AT",),), seed=seed)] == [3]


def test_ties_fall_to_chance():
    cell = [Candidate(number, "AT", "bot", f"{number}", 0, 0) for number in range(4)]
    drawn = Counter(plan(cell, slots=(("AT",),), seed=seed)[0].pair for seed in range(400))
    assert min(drawn.values()) > 60


def test_composers_are_drawn_by_their_weights():
    drawn = Counter(
        plan(pool(1, ("flagship", "markov")), slots=(("AT",),), weights={"flagship": 3}, seed=seed)[
            0
        ].version
        for seed in range(800)
    )
    assert 540 < drawn["flagship"] < 660


def test_a_composer_of_weight_0_is_never_played():
    chosen = [plan(pool(8, ("a", "b")), weights={"a": 0}, seed=seed) for seed in range(20)]
    assert {each.version for rounds in chosen for each in rounds} == {"b"}


def test_each_voice_of_the_first_slot_gets_its_share():
    drawn = Counter(
        plan(pool(4), slots=(("S", "A", "T", "B"),), seed=seed)[0].condition for seed in range(400)
    )
    assert set(drawn) == {"S", "A", "T", "B"}
    assert min(drawn.values()) > 60
