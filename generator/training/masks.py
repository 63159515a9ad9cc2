"""Which cells a training example gives: the questions that a network learns to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from generator.music.grid.chorale import STEPS_PER_QUARTER, VOICES, BoolArray
from generator.music.grid.conditions import VOICE_CONDITIONS

KINDS = {
    "anywhere": 0.4,
    "voices": 0.3,
    "scattered": 0.1,
    "beats": 0.1,
    "ahead": 0.1,
}
"""Kinds of masks, and how often each is drawn unless a config says otherwise.

anywhere    any number of cells, anywhere: the orderless likelihood
voices      some whole voices: the quiz's conditions, in one shot
scattered   some cells of some voices
beats       some beats of some voices: what Gibbs sampling asks
ahead       some voices from a beat on: what writing in time order asks
"""


def draw_mask(
    steps: int,
    rng: np.random.Generator,
    *,
    kinds: Mapping[str, float] = KINDS,
    conditions: Sequence[str] = VOICE_CONDITIONS,
) -> BoolArray:
    """bool[4, T]: True = given; at least one cell is written.

    Parameters
    ----------
    kinds : how often each of `KINDS` is drawn, in any unit
    conditions : the sets of written voices to draw from; one named twice is drawn twice as often
    """
    weights = np.array(list(kinds.values()), dtype=np.float64)
    kind = list(kinds)[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    if kind == "anywhere":
        return ~random_cells(steps, int(rng.integers(1, 4 * steps + 1)), rng)
    written = np.zeros((4, steps), dtype=np.bool_)
    voices = [VOICES.index(v) for v in conditions[int(rng.integers(len(conditions)))]]
    beats = -(-steps // STEPS_PER_QUARTER)
    if kind == "voices":
        written[voices] = True
    elif kind == "scattered":
        written[voices] = rng.random((len(voices), steps)) < rng.random()
    elif kind == "beats":
        chosen = rng.random(beats) < rng.random()
        chosen[rng.integers(beats)] = True
        written[voices] = np.repeat(chosen, STEPS_PER_QUARTER)[:steps]
    else:
        written[voices, int(rng.integers(beats)) * STEPS_PER_QUARTER :] = True
    if not written.any():
        written[voices[0], rng.integers(steps)] = True
    return ~written


def check_masks(
    *, kinds: Mapping[str, float] = KINDS, conditions: Sequence[str] = VOICE_CONDITIONS
) -> None:
    """Check settings of `draw_mask` before anything is trained.

    Raises
    ------
    ValueError
        If a kind is unknown, how often it is drawn is negative, or a condition names no voices.
    """
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"unknown masks {sorted(unknown)}; use some of {', '.join(KINDS)}")
    if negative := [name for name, share in kinds.items() if not share >= 0]:
        raise ValueError(f"masks {negative[0]} = {kinds[negative[0]]}; it must be 0 or more")
    if not sum(kinds.values()) > 0:
        raise ValueError("no kind of mask is ever drawn; give one of them more than 0")
    if wrong := [each for each in conditions if not each or set(each) - set(VOICES)]:
        raise ValueError(f"masks of the voices {wrong[0]!r}; use letters of {VOICES}")
    if not conditions:
        raise ValueError("masks of no conditions; name at least one, such as ATB")


def random_cells(steps: int, count: int, rng: np.random.Generator) -> BoolArray:
    """bool[4, T] with `count` cells True, anywhere."""
    cells = np.zeros(4 * steps, dtype=np.bool_)
    cells[rng.permutation(4 * steps)[:count]] = True
    return cells.reshape(4, steps)
