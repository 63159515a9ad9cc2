"""Families with a latent space: points that stand for music, and the ways between them.

Conventions
-----------
A point is a row of numbers and stands for one segment of `segment_steps` steps. A chorale of T
steps is a list of points, float32[N, Z], one for each segment from its beginning; the last segment
may be shorter.

References
----------
Shoemake 1985, "Animating rotation with quaternion curves" (spherical interpolation);
White 2016, "Sampling generative networks" (its use between points of a latent space).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from generator.families.settings import Values
from generator.music.grid.chorale import Chorale

Points = NDArray[np.float32]

PARALLEL = 1e-4
"""Below this sine of their angle two points have no arc between them that could be told."""


@runtime_checkable
class Latent(Protocol):
    """A family whose music is points: it reads them, writes from them and goes between them."""

    @property
    def name(self) -> str: ...

    @property
    def segment_steps(self) -> int: ...

    def encode(self, chorale: Chorale) -> Points:
        """The points of a chorale's segments: float32[N, Z]."""
        ...

    def decode(self, points: Points, frame: Chorale, *, seed: int, settings: Values) -> Chorale:
        """A chorale from points, in the metre and the length of a frame whose notes are not read.

        Raises
        ------
        ValueError
            If the frame does not have one segment for each point.
        """
        ...

    def interpolate(self, start: Points, end: Points, steps: int) -> Points:
        """`steps` times the points, from those of `start` to those of `end`: [steps, N, Z].

        Raises
        ------
        ValueError
            If the two differ in shape, or there are fewer than two steps.
        """
        ...


def slerp(start: Points, end: Points, share: float) -> Points:
    """The point at a share of the way along the arc between two points.

    The direction turns evenly, and the length changes evenly. (The formula that weighs the points
    themselves is the same for points of one length, but has no bound between others that are nearly
    opposite.) Where there is no arc, it is the point on the straight line: if the two are parallel
    or opposite, or one of them is zero.

    Parameters
    ----------
    start, end : float32[Z]
    share : float
        0 gives `start`, 1 gives `end`.

    Examples
    --------
    >>> slerp(np.float32([1, 0]), np.float32([0, 1]), 0.5).round(3).tolist()
    [0.7070000171661377, 0.7070000171661377]
    >>> slerp(np.float32([1, 0]), np.float32([3, 0]), 0.5).tolist()
    [2.0, 0.0]
    """
    first, last = (np.asarray(each, dtype=np.float64) for each in (start, end))
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    straight = (1 - share) * first + share * last
    if not (lengths[0] > 0 and lengths[1] > 0):
        return np.asarray(straight, dtype=np.float32)
    cosine = np.clip(first @ last / (lengths[0] * lengths[1]), -1, 1)
    sine = np.sqrt(1 - cosine**2)
    if sine < PARALLEL:
        return np.asarray(straight, dtype=np.float32)
    angle = np.arccos(cosine)
    arc = np.sin((1 - share) * angle) * first / lengths[0]
    arc += np.sin(share * angle) * last / lengths[1]
    length = (1 - share) * lengths[0] + share * lengths[1]
    return np.asarray(length * arc / sine, dtype=np.float32)


def slerp_points(start: Points, end: Points, steps: int) -> Points:
    """Rows of points in `steps` equal steps from `start` to `end`, each row along its own arc.

    Parameters
    ----------
    start, end : float32[N, Z]
    steps : int
        At least 2: the first is `start`, the last is `end`.

    Returns
    -------
    float32[steps, N, Z]

    Raises
    ------
    ValueError
        If the two differ in shape, or there are fewer than two steps.
    """
    if np.shape(start) != np.shape(end):
        raise ValueError(f"points of shapes {np.shape(start)} and {np.shape(end)}; use one shape")
    if steps < 2:
        raise ValueError(f"{steps} steps; use 2 or more, since both ends are among them")
    return np.stack(
        [
            [slerp(a, b, step / (steps - 1)) for a, b in zip(start, end, strict=True)]
            for step in range(steps)
        ]
    )
