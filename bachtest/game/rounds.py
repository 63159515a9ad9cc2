"""Which pairs a game puts to a listener, and on which side Bach stands. Pure: no Django.

Conventions
-----------
A *slot* is a round of the design: the conditions it may have. A *cell* is a condition and a
composer. For each slot the cells are tried in a drawn order (conditions alike, composers by
weight); inside a cell the pair with the fewest answers comes first, then the one put least often,
then chance. No tune family comes twice, nor one that the listener has met before. The coins come
from a stream of their own, so that neither the pool nor the draw can have a say in them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

SIDES = ("left", "right")


class NoPlan(ValueError):
    """The pool cannot fill the slots with tunes that the listener has not met."""


@dataclass(frozen=True)
class Candidate:
    """A pair that may be played, and how often it was."""

    pair: int
    condition: str
    composer: str
    tune: str
    answers: int
    puts: int


def throw_coins(seed: int, count: int) -> list[str]:
    """The side of Bach in each round: fair, independent, the same for the same seed.

    Parameters
    ----------
    seed : int
        The game's seed.
    count : int
        Number of rounds.

    Returns
    -------
    list of str
        "left" or "right", `count` of them.

    Examples
    --------
    >>> throw_coins(1, 5) == throw_coins(1, 5)
    True
    """
    rng = Random(f"{seed} coins")
    return [rng.choice(SIDES) for _ in range(count)]


def plan_rounds(
    slots: Sequence[Collection[str]],
    candidates: Collection[Candidate],
    *,
    met: Collection[str],
    weights: Mapping[str, float],
    rng: Random,
) -> list[Candidate]:
    """One pair for each slot, in the order of play, which is shuffled.

    Parameters
    ----------
    slots : sequence of collections of str
        The conditions that each round may have.
    candidates : collection of Candidate
        The pool.
    met : collection of str
        Tune families that the listener has met.
    weights : mapping of str to float
        Weight by composer; a composer that is not named weighs 1, weight 0 is never played.
    rng : random.Random
        The source of order, cells and ties.

    Returns
    -------
    list of Candidate
        As many as slots, no two of the same tune.

    Raises
    ------
    NoPlan
        If no such choice exists; found by trying all, so a plan that exists is never missed.
    """
    unmet = [each for each in candidates if each.tune not in met]
    menus = [_menu(slot, unmet, weights, rng)[: len(slots)] for slot in slots]
    scarce_first = sorted(range(len(slots)), key=lambda slot: len(menus[slot]))
    plan = _choose([menus[slot] for slot in scarce_first], frozenset())
    if plan is None:
        raise NoPlan(f"{len(unmet)} pairs of tunes not met cannot fill {len(slots)} rounds")
    rng.shuffle(plan)
    return plan


def _menu(
    slot: Collection[str], unmet: Sequence[Candidate], weights: Mapping[str, float], rng: Random
) -> list[Candidate]:
    """A slot's candidates, best first, one for each tune.

    As many as there are slots are enough: the others can take no more tunes than that.
    """
    cells: dict[tuple[str, str], list[Candidate]] = {}
    for each in unmet:
        if each.condition in slot and weights.get(each.composer, 1.0) > 0:
            cells.setdefault((each.condition, each.composer), []).append(each)
    best: dict[str, Candidate] = {}
    for cell in _cell_order(sorted(cells), weights, rng):
        ranked = sorted((each.answers, each.puts, rng.random(), each.pair) for each in cells[cell])
        by_pair = {each.pair: each for each in cells[cell]}
        for *_, pair in ranked:
            best.setdefault(by_pair[pair].tune, by_pair[pair])
    return list(best.values())


def _cell_order(
    cells: Sequence[tuple[str, str]], weights: Mapping[str, float], rng: Random
) -> Iterator[tuple[str, str]]:
    conditions = sorted({condition for condition, _ in cells})
    rng.shuffle(conditions)
    for condition in conditions:
        composers = [composer for name, composer in cells if name == condition]
        while composers:
            shares = [weights.get(composer, 1.0) for composer in composers]
            [composer] = rng.choices(composers, shares)
            composers.remove(composer)
            yield condition, composer


def _choose(menus: Sequence[list[Candidate]], taken: frozenset[str]) -> list[Candidate] | None:
    if not menus:
        return []
    for each in menus[0]:
        if each.tune not in taken:
            rest = _choose(menus[1:], taken | {each.tune})
            if rest is not None:
                return [each, *rest]
    return None
