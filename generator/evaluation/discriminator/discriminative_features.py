"""What gives a composer away: the features in which it differs most from Bach.

Conventions
-----------
The *difference* of a feature is the composer's mean minus Bach's, in Bach's standard deviations
over the same excerpts. Its *share alone* is the share of pairs that this feature tells apart by
itself if its direction is known. The best of a hundred features exceed .5 by chance, so the list
shows where to look; it is not a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.bootstrap import Ratio, share_over_works
from generator.evaluation.discriminator.classifiers import FloatArray
from generator.evaluation.discriminator.discriminator import (
    DISCRIMINATORS,
    Discriminator,
    DiscriminatorReport,
    ExcerptPair,
    PairFeatures,
)
from generator.evaluation.features.extract import group_of
from generator.evaluation.scores import ObjectiveScore
from generator.music.measures.resampling import resampled


@dataclass(frozen=True)
class DiscriminativeFeature:
    """One feature, and how far it is from Bach's; `low` and `high` bound that at 95 %."""

    name: str
    machine: float
    bach: float
    difference: float
    low: float
    high: float
    share_alone: float


def discriminative_features(features: PairFeatures, top_n: int) -> list[DiscriminativeFeature]:
    """The features that tell most pairs apart alone; among equals, those with most difference."""
    difference = features.machine - features.bach  # [pairs, features]
    spread = features.bach.std(axis=0)
    spread[spread == 0] = 1.0
    above = (difference > 0).mean(axis=0) + (difference == 0).mean(axis=0) / 2
    share_alone = np.maximum(above, 1 - above)
    scaled = difference / spread
    picks = resampled(len(scaled), np.random.default_rng(0))
    order = np.lexsort((-np.abs(scaled.mean(axis=0)), -share_alone))[:top_n]
    return [
        DiscriminativeFeature(
            features.names[index],
            float(features.machine[:, index].mean()),
            float(features.bach[:, index].mean()),
            float(scaled[:, index].mean()),
            *_bounds(scaled[:, index], picks),
            float(share_alone[index]),
        )
        for index in order
    ]


def discriminator_scores(
    condition: str, pairs: Mapping[str, Sequence[ExcerptPair]], *, top_n: int = 5
) -> Iterator[ObjectiveScore]:
    """Scores of every discriminator, of each group of features alone, and of the top features.

    Parameters
    ----------
    condition : str
        That of all the pairs.
    pairs : mapping of tune family to its pairs
    top_n : int
        How many discriminative features to list; with 0, only the discriminators are scored.
    """
    for discriminator in DISCRIMINATORS:
        features = discriminator.extract(pairs)
        report = discriminator.cross_validate(features)
        note = f"{discriminator.version}; unpaired AUC {report.auc:.3f}, {report.families} tunes"
        yield from _share(discriminator.score, condition, report, note)
        if top_n:
            yield from _groups(discriminator, features, condition)
            yield from feature_scores(features, condition, top_n)


def feature_scores(features: PairFeatures, condition: str, top_n: int) -> Iterator[ObjectiveScore]:
    """The features that give most away, as scores."""
    for feature in discriminative_features(features, top_n):
        yield _feature_score(feature, condition, len(features.family))


def _groups(
    discriminator: Discriminator, features: PairFeatures, condition: str
) -> Iterator[ObjectiveScore]:
    for group in discriminator.groups:
        names = [name for name in features.names if group_of(name) == group]
        report = discriminator.cross_validate(features.only(names))
        name = f"{discriminator.score}, {group} alone"
        yield from _share(name, condition, report, f"{len(names)} features")


def _feature_score(feature: DiscriminativeFeature, condition: str, pairs: int) -> ObjectiveScore:
    ratio = Ratio(feature.difference, feature.low, feature.high, pairs)
    note = f"{feature.machine:.3g} against {feature.bach:.3g}; alone {feature.share_alone:.2f}"
    return ObjectiveScore(f"tell: {feature.name}", condition, "sd of Bach", ratio, 0.0, note)


def _share(
    name: str, condition: str, report: DiscriminatorReport, note: str
) -> Iterator[ObjectiveScore]:
    right = [1.0 if margin > 0 else 0.5 if margin == 0 else 0.0 for margin in report.margins]
    if ratio := share_over_works(right, rng=np.random.default_rng(0)):
        yield ObjectiveScore(name, condition, "share of pairs", ratio, 0.5, note)


def _bounds(values: FloatArray, picks: NDArray[np.int64]) -> tuple[float, float]:
    low, high = np.quantile(values[picks].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)
