"""Bach's own voices as a reference: every score of a composer is read beside his."""

from __future__ import annotations

from generator.families.likelihoods import Missing
from generator.music.grid.chorale import BoolArray, Chorale


class BachReference:
    """Fills the written cells with what Bach wrote there. It is no family: it sees all of it."""

    joint_likelihood = conditionals = Missing("Bach gives no probabilities")

    def fill(self, chorale: Chorale, given: BoolArray, *, seed: int) -> Chorale:
        return chorale
