"""Which pairs a listener hears in a game, and on which side Bach is. Pure: no Django.

Conventions
-----------
A *slot* is a round of the design: the conditions it may have. A *cell* is a condition and a
version of a composer. For each slot the cells are tried in a random order (conditions with equal
chances, versions by weight). Within a cell the pair with the fewest answers comes first, then the
one with the fewest exposures, then chance decides. No tune family is played twice, nor one that the
listener was exposed to before. The sides come from a random stream of their own, so neither the
pool nor the draw can influence them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

SIDES = ("left", "right")


class NoPlan(ValueError):
    """The pool cannot fill the slots with tunes that are new to the listener."""


@dataclass(frozen=True)
class Candidate:
    """A pair that may be played, with its answers and exposures so far."""

    pair: int
    condition: str
    version: int
    tune: str
    answers: int
    exposures: int


def draw_sides(seed: int, count: int) -> list[str]:
    """Bach's side in each round: fair, independent, and the same for the same seed.

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
    >>> draw_sides(1, 5) == draw_sides(1, 5)
    True
    """
    rng = Random(f"{seed} coins")
    return [rng.choice(SIDES) for _ in range(count)]


def plan_rounds(
    slots: Sequence[Collection[str]],
    candidates: Collection[Candidate],
    *,
    tunes_exposed: Collection[str],
    weights: Mapping[int, float],
    rng: Random,
) -> list[Candidate]:
    """One pair for each slot, in a shuffled order of play.

    Parameters
    ----------
    slots : sequence of collections of str
        The conditions each round may have.
    candidates : collection of Candidate
        The pool.
    tunes_exposed : collection of str
        Tune families already drawn for the listener, heard or not.
    weights : mapping of int to float
        Weight by version. One that is not named, or has weight 0, is never played.
    rng : random.Random
        Decides the order, the cells and ties.

    Returns
    -------
    list of Candidate
        One for each slot, no two of the same tune.

    Raises
    ------
    NoPlan
        If no such plan exists. All are tried, so a plan that exists is never missed.
    """
    new = [each for each in candidates if each.tune not in tunes_exposed]
    rankings = [_ranking(slot, new, weights, rng)[: len(slots)] for slot in slots]
    scarce_first = sorted(range(len(slots)), key=lambda slot: len(rankings[slot]))
    plan = _choose([rankings[slot] for slot in scarce_first], frozenset())
    if plan is None:
        raise NoPlan(f"{len(new)} pairs of new tunes cannot fill {len(slots)} rounds")
    rng.shuffle(plan)
    return plan


def games_in(slots: Sequence[Collection[str]], candidates: Collection[Candidate]) -> int:
    """Most games that one listener can play before every tune that is left has been met.

    As many as tunes can be matched to slots, each tune to one slot of one game. Chance may leave
    a listener with fewer, since a draw does not spare the tunes that few slots can have.

    Parameters
    ----------
    slots : sequence of collections of str
        The conditions each round may have.
    candidates : collection of Candidate
        The pool, of versions that are played.

    Returns
    -------
    int

    Examples
    --------
    >>> pool = [Candidate(n, "S", 1, f"tune {n % 3}", 0, 0) for n in range(9)]
    >>> games_in([["S"]], pool), games_in([["S"], ["S", "A"]], pool), games_in([["A"]], pool)
    (3, 1, 0)
    """
    tunes = [sorted({each.tune for each in candidates if each.condition in slot}) for slot in slots]
    slot_of: dict[str, int] = {}
    games = 0
    while slots and all(_matched(slot, tunes, slot_of, set()) for slot in range(len(slots))):
        games += 1
    return games


def _matched(
    slot: int, tunes: Sequence[list[str]], slot_of: dict[str, int], tried: set[str]
) -> bool:
    """Whether the slot gets one tune more, where others may change theirs (augmenting path)."""
    for tune in tunes[slot]:
        if tune in tried:
            continue
        tried.add(tune)
        if tune not in slot_of or _matched(slot_of[tune], tunes, slot_of, tried):
            slot_of[tune] = slot
            return True
    return False


def _ranking(
    slot: Collection[str], new: Sequence[Candidate], weights: Mapping[int, float], rng: Random
) -> list[Candidate]:
    """A slot's candidates, best first, one for each tune.

    The caller needs no more of them than there are slots, since the other slots take fewer tunes.
    """
    cells: dict[tuple[str, int], list[Candidate]] = {}
    for each in new:
        if each.condition in slot and weights.get(each.version, 0.0) > 0:
            cells.setdefault((each.condition, each.version), []).append(each)
    best: dict[str, Candidate] = {}
    for cell in _cell_order(sorted(cells), weights, rng):
        ranked = sorted(
            (each.answers, each.exposures, rng.random(), each.pair) for each in cells[cell]
        )
        by_pair = {each.pair: each for each in cells[cell]}
        for *_, pair in ranked:
            best.setdefault(by_pair[pair].tune, by_pair[pair])
    return list(best.values())


def _cell_order(
    cells: Sequence[tuple[str, int]], weights: Mapping[int, float], rng: Random
) -> Iterator[tuple[str, int]]:
    conditions = sorted({condition for condition, _ in cells})
    rng.shuffle(conditions)
    for condition in conditions:
        versions = [version for name, version in cells if name == condition]
        while versions:
            shares = [weights[version] for version in versions]
            [version] = rng.choices(versions, shares)
            versions.remove(version)
            yield condition, version


def _choose(rankings: Sequence[list[Candidate]], taken: frozenset[str]) -> list[Candidate] | None:
    if not rankings:
        return []
    for each in rankings[0]:
        if each.tune not in taken:
            rest = _choose(rankings[1:], taken | {each.tune})
            if rest is not None:
                return [each, *rest]
    return None
