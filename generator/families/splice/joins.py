"""Joins: which snippet follows which, so that every voice can go on by a step or a small leap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.families.splice.search import Costs, SnippetCandidates
from generator.families.splice.snippets import Ints
from generator.music.grid.chorale import REST, BoolArray
from generator.music.measures.voice_leading import PERFECT, VOICE_PAIRS

# By size of the move in semitones: steps, small leaps, leaps of a fifth, and what nobody sings.
MOVES = np.array([0.0, 0, 0, 0.4, 0.6, 1.0, 3, 2, 3.5, 3.5, 5, 5, 4] + [8.0] * 116)
NEW_PHRASE = 0.4
"""How much of this counts where a phrase begins."""
OTHER_WAY = 0.3
"""Of a voice that does not go where it went in its work."""
PARALLEL = 5.0
SAME_WORK_ON = 25.0
"""Of a snippet that is followed by what follows it in its work: that would be no join."""


def join_costs(one: SnippetCandidates, two: SnippetCandidates, beats: int, *, opens: bool) -> Costs:
    """float64[k1, k2]: what it costs to join each of one unit to each of the next.

    Parameters
    ----------
    one, two : SnippetCandidates
    beats : int
        Of the unit of `one`.
    opens : bool
        Whether a phrase begins with `two`.
    """
    before, after = one.pitch[:, :, -1].astype(np.int64), two.pitch[:, :, 0].astype(np.int64)
    move = after[None] - before[:, None]
    sounds = (before != REST)[:, None] & (after != REST)[None]
    size = np.minimum(np.abs(move), len(MOVES) - 1)
    cost: Costs = (MOVES[size] * sounds).sum(axis=-1)
    if opens:
        cost *= NEW_PHRASE
    else:
        cost += OTHER_WAY * ((one.goes[:, None] != after[None]) & sounds).sum(axis=-1)
        cost += PARALLEL * _parallels(before, after, move, sounds)
    cost += SAME_WORK_ON * (one.beat[:, None] + beats == two.beat[None])
    return cost


def sampled_path(
    candidates: Sequence[SnippetCandidates], joins: Sequence[Costs], temperature: float,
    rng: np.random.Generator,
) -> list[int]:  # fmt: skip
    """One candidate of each unit, drawn with probability exp(-cost / temperature) of all paths.

    Parameters
    ----------
    candidates : of each unit
    joins : float64[k1, k2] between each unit and the next
    temperature : float
        Above 0.
    """
    forward = [-candidates[0].cost / temperature]
    for join, after in zip(joins, candidates[1:], strict=True):
        ways = forward[-1][:, None] - join / temperature
        top = ways.max(axis=0)
        summed = top + np.log(np.exp(ways - top).sum(axis=0))
        forward.append(summed - after.cost / temperature)
    path = [_draw(forward[-1], rng)]
    for weights, join in zip(reversed(forward[:-1]), reversed(joins), strict=True):
        path.append(_draw(weights - join[:, path[-1]] / temperature, rng))
    return path[::-1]


def _draw(weights: Costs, rng: np.random.Generator) -> int:
    return int((weights + rng.gumbel(size=len(weights))).argmax())


def _parallels(before: Ints, after: Ints, move: Ints, sounds: BoolArray) -> Costs:
    """float64[k1, k2]: pairs of voices in parallel fifths or octaves."""
    found = np.zeros(move.shape[:2])
    for one, two in VOICE_PAIRS.tolist():
        first, second = (np.abs(each[:, one] - each[:, two]) % 12 for each in (before, after))
        together = (move[..., one] * move[..., two] > 0) & sounds[..., one] & sounds[..., two]
        found += together & (first[:, None] == second[None]) & np.isin(second, PERFECT)[None]
    return found
