"""Validation of the machine listener: what it must tell apart, and what nobody could.

Conventions
-----------
*Foreign* pieces come from a system that writes whole pieces of its own, without fermatas, keys or
pickups. For a fair comparison both sides are cut to the same length and put in the same frame
(`neutral_opening`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from generator.evaluation.discriminator.discriminator import (
    Discriminator,
    PairFeatures,
    random_folds,
)
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.keys import estimated_key

STEPS = 96
METRE = "4/4"


def neutral_opening(chorale: Chorale, steps: int = STEPS) -> Chorale:
    """The beginning of a piece in a frame that does not show where the piece came from.

    It has no fermatas, no pickup, and the key that is estimated from the notes.
    """
    opening = chorale.slice(0, min(steps, chorale.steps))
    return replace(without_marks(opening), metre=((0, METRE),), anacrusis=0)


def without_marks(chorale: Chorale) -> Chorale:
    """A piece without fermatas, and with the key that is estimated from its notes."""
    pitches, lengths = np.unique(chorale.pitch[chorale.pitch != REST], return_counts=True)
    return replace(
        chorale,
        fermata=np.zeros(chorale.steps, dtype=np.bool_),
        key=estimated_key(pitches.tolist(), lengths.tolist(), sharps=None, final=None),
    )


def bach_against_bach(
    features: PairFeatures, discriminator: Discriminator, *, seed: int = 0
) -> PairFeatures:
    """Pairs that cannot be told apart: another excerpt by Bach replaces the machine's piece.

    It has another tune but is in the same fold, so that neither of the two has trained the
    classifiers that score the pair.

    Parameters
    ----------
    features : PairFeatures
        Only its Bach side is used; all voices count as written.
    discriminator : Discriminator
        The one that will be cross-validated with the same seed.
    seed : int
        Of the folds and of the partners.

    Raises
    ------
    ValueError
        If there are fewer than two tune families per fold.
    """
    families = int(features.family.max()) + 1
    if families < 2 * discriminator.folds:
        raise ValueError(f"{families} tune families; give {2 * discriminator.folds} or more")
    fold_of = random_folds(families, discriminator.folds, seed)[features.family]
    rng = np.random.default_rng(seed)
    partners = [
        int(rng.choice(np.flatnonzero((fold_of == fold) & (features.family != family))))
        for fold, family in zip(fold_of, features.family, strict=True)
    ]
    return features.with_bach_as_machine(partners)


def randomly_swapped(features: PairFeatures, *, seed: int = 0) -> PairFeatures:
    """Pairs that cannot be told apart: in about half of them the sides are exchanged.

    The classifiers learn from labels that mean nothing, and are asked for them.
    """
    return features.swapped(np.random.default_rng(seed).random(len(features.family)) < 0.5)


def shares_by_seed(
    discriminator: Discriminator, pairs: Callable[[int], PairFeatures], seeds: int
) -> list[float]:
    """The share of pairs told apart with each seed, which draws both the pairs and the folds."""
    return [discriminator.cross_validate(pairs(seed), seed=seed).share for seed in range(seeds)]
