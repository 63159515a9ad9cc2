"""What gives a composer away: the features in which it stands apart from Bach.

Conventions
-----------
A feature is *apart* by the composer's mean minus Bach's, in Bach's standard deviations over the
same excerpts. *Alone* is the share of pairs that the feature told by itself, had one known which
way it leans; the best of a hundred features are told better than .5 by chance, so that a list of
tells is a place to look, not a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.bootstrap import Ratio, share_over_works
from generator.evaluation.discriminator.classifiers import FloatArray
from generator.evaluation.discriminator.discriminator import (
    LISTENERS,
    Heard,
    JudgedPair,
    Listener,
    Verdict,
)
from generator.evaluation.features.extract import GROUPS, group_of
from generator.evaluation.scores import ObjectiveScore

_REPLICATES = 1000


@dataclass(frozen=True)
class Tell:
    """One feature, and how far it stands apart; `low` and `high` bound that at 95 %."""

    feature: str
    machine: float
    bach: float
    apart: float
    low: float
    high: float
    alone: float


def tells(heard: Heard, most: int) -> list[Tell]:
    """The features that tell most pairs alone; among equals those that stand farthest apart.

    Parameters
    ----------
    heard : Heard
    most : int
        How many.
    """
    apart = heard.machine - heard.bach  # [pairs, features]
    spread = heard.bach.std(axis=0)
    spread[spread == 0] = 1.0
    above = (apart > 0).mean(axis=0) + (apart == 0).mean(axis=0) / 2
    alone = np.maximum(above, 1 - above)
    scaled = apart / spread
    picks = np.random.default_rng(0).integers(0, len(apart), (_REPLICATES, len(apart)))
    order = np.lexsort((-np.abs(scaled.mean(axis=0)), -alone))[:most]
    return [
        Tell(
            heard.names[index],
            float(heard.machine[:, index].mean()),
            float(heard.bach[:, index].mean()),
            float(scaled[:, index].mean()),
            *_bounds(scaled[:, index], picks),
            float(alone[index]),
        )
        for index in order
    ]


def listener_scores(
    condition: str, pairs: Mapping[str, Sequence[JudgedPair]], *, most: int = 5
) -> Iterator[ObjectiveScore]:
    """The verdict of every listener; what groups of features tell alone; and its tells.

    Parameters
    ----------
    condition : str
        That of all the pairs.
    pairs : mapping of tune family to its pairs
    most : int
        How many tells to name; with 0 there are no scores but the verdicts.
    """
    for listener in LISTENERS:
        heard = listener.hear(pairs)
        verdict = listener.judge(heard)
        note = f"{listener.version}; unpaired AUC {verdict.auc:.3f}, {verdict.families} tunes"
        yield from _share(listener.score, condition, verdict, note)
        if most:
            yield from _groups(listener, heard, condition)
            for tell in tells(heard, most):
                found = Ratio(tell.apart, tell.low, tell.high, verdict.pairs)
                note = f"{tell.machine:.3g} against {tell.bach:.3g}; alone {tell.alone:.2f}"
                yield ObjectiveScore(
                    f"tell: {tell.feature}", condition, "sd of Bach", found, 0.0, note
                )


def _groups(listener: Listener, heard: Heard, condition: str) -> Iterator[ObjectiveScore]:
    for group in GROUPS:
        names = [name for name in heard.names if group_of(name) == group]
        verdict = listener.judge(heard.only(names))
        name = f"{listener.score}, {group} alone"
        yield from _share(name, condition, verdict, f"{len(names)} features")


def _share(name: str, condition: str, verdict: Verdict, note: str) -> Iterator[ObjectiveScore]:
    right = [1.0 if margin > 0 else 0.5 if margin == 0 else 0.0 for margin in verdict.margins]
    if found := share_over_works(right, rng=np.random.default_rng(0)):
        yield ObjectiveScore(name, condition, "share of pairs", found, 0.5, note)


def _bounds(values: FloatArray, picks: NDArray[np.int64]) -> tuple[float, float]:
    low, high = np.quantile(values[picks].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)
