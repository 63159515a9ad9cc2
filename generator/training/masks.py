"""Which cells a training example shows: the questions that the network learns to answer.

Mixture: any number of cells anywhere (the orderless likelihood); whole voices, wholly or partly
hidden (the quiz's conditions); spans of some voices; and all that lies ahead (time order).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.music.chorale import CONDITIONS, VOICES, BoolArray

KINDS = ("anywhere", "voices", "span", "ahead")
CHANCES = (0.45, 0.35, 0.12, 0.08)


def draw_mask(
    steps: int,
    rng: np.random.Generator,
    *,
    chances: Sequence[float] = CHANCES,
    conditions: Sequence[str] = CONDITIONS,
) -> BoolArray:
    """bool[4, T]: True = visible; at least one cell is hidden.

    Parameters
    ----------
    chances : of the four `KINDS`
    conditions : what whole voices and spans are drawn from; one named twice is drawn twice as often
    """
    kind = rng.choice(KINDS, p=chances)
    hidden = np.zeros((4, steps), dtype=np.bool_)
    if kind == "anywhere":
        hidden = hide_any(steps, int(rng.integers(1, 4 * steps + 1)), rng)
    elif kind == "voices":
        hidden[_some_voices(rng, conditions)] = True
        if rng.random() < 0.5:
            hidden &= rng.random((4, steps)) < rng.random()
    elif kind == "span":
        start, stop = np.sort(rng.integers(0, steps + 1, size=2))
        hidden[_some_voices(rng, conditions), start : stop + 1] = True
    else:
        start = int(rng.integers(0, steps))
        hidden[:, start:] = True
        hidden[rng.permutation(4)[: rng.integers(0, 4)], start] = False
    if not hidden.any():
        hidden[rng.integers(4), rng.integers(steps)] = True
    return ~hidden


def hide_any(steps: int, count: int, rng: np.random.Generator) -> BoolArray:
    """bool[4, T] with `count` cells True, anywhere."""
    hidden = np.zeros(4 * steps, dtype=np.bool_)
    hidden[rng.permutation(4 * steps)[:count]] = True
    return hidden.reshape(4, steps)


def _some_voices(rng: np.random.Generator, conditions: Sequence[str]) -> list[int]:
    return [VOICES.index(voice) for voice in conditions[int(rng.integers(len(conditions)))]]
