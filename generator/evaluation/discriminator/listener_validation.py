"""How strong the machine listener is: what it must tell apart, and what nobody could.

Conventions
-----------
*Foreign* pieces come from a system that writes whole pieces of its own, without fermatas, keys or
pickups. For a fair comparison both sides are cut and framed alike (`alike`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generator.evaluation.discriminator.discriminator import Heard, Listener, dealt
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.keys import estimated_key

STEPS = 96
METRE = "4/4"


def alike(chorale: Chorale, steps: int = STEPS) -> Chorale:
    """The beginning of a piece in a frame that says nothing of where it came from.

    No fermatas, no pickup, and the key that the notes themselves suggest.
    """
    cut = chorale.slice(0, min(steps, chorale.steps))
    pitches, lengths = np.unique(cut.pitch[cut.pitch != REST], return_counts=True)
    return replace(
        cut,
        fermata=np.zeros(cut.steps, dtype=np.bool_),
        metre=((0, METRE),),
        anacrusis=0,
        key=estimated_key(pitches.tolist(), lengths.tolist(), sharps=None, final=None),
    )


def bach_for_bach(heard: Heard, listener: Listener, *, seed: int = 0) -> Heard:
    """Pairs that cannot be told: another real excerpt stands for the machine's piece.

    It is of another tune family of the same fold, so that the listener learns from neither of the
    two before it judges them.

    Parameters
    ----------
    heard : Heard
        Its Bach side is taken, whole pieces.
    listener : Listener
        Who will judge with the same seed.
    seed : int
        Of the folds and of the partners.

    Raises
    ------
    ValueError
        If there are not two tune families in each fold.
    """
    families = int(heard.family.max()) + 1
    if families < 2 * listener.folds:
        raise ValueError(f"{families} tune families; give {2 * listener.folds} or more")
    fold_of = dealt(families, listener.folds, seed)[heard.family]
    rng = np.random.default_rng(seed)
    partners = [
        int(rng.choice(np.flatnonzero((fold_of == fold) & (heard.family != family))))
        for fold, family in zip(fold_of, heard.family, strict=True)
    ]
    return replace(heard, machine=heard.bach[partners])
