"""Likelihoods and one-shot accuracy of a composer on whole works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from generator.evaluation.accuracy import Hits, one_shot_hits
from generator.evaluation.bootstrap import ratio_over_works
from generator.evaluation.likelihood import Nats, joint_nll, orderless_nll
from generator.evaluation.scored_fold import Fold
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.families.likelihoods import Missing
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for

ORDERLESS_MASKS = 10


def likelihood_scores(
    folds: Sequence[Fold], tick: Callable[[], None] = lambda: None
) -> Iterator[ObjectiveScore | MissingScore]:
    """Negative log-likelihoods in nats per frame, orderless and joint; with onsets if known."""
    shots = [(fold.composer.conditionals, fold.test_set) for fold in folds]
    if isinstance(missing := shots[0][0], Missing):
        yield MissingScore("orderless NLL", missing.reason)
    else:
        rng = np.random.default_rng(0)
        note = f"{ORDERLESS_MASKS} masks a work"
        orderless = [
            orderless_nll(family, work, masks=ORDERLESS_MASKS, rng=rng)
            for family, test_set in shots
            if not isinstance(family, Missing)
            for work in _counted(test_set.works.values(), tick)
        ]
        yield from _nats("orderless NLL", orderless, note)
    joints = [(fold.composer.joint_likelihood, fold.test_set) for fold in folds]
    if isinstance(unknown := joints[0][0], Missing):
        yield MissingScore("joint NLL", unknown.reason)
        return
    joint = []
    # Which cells are tried is no part of any score, and must not be known beforehand.
    secret = np.random.default_rng()
    for family, test_set in joints:
        if not isinstance(family, Missing):
            works = _counted(test_set.works.values(), tick)
            joint += [joint_nll(family, work, secret=secret) for work in works]
    yield from _nats("joint NLL", joint, "time order, voices B S A T")


def one_shot_scores(
    folds: Sequence[Fold], conditions: Sequence[str], tick: Callable[[], None] = lambda: None
) -> Iterator[ObjectiveScore | MissingScore]:
    """Fill accuracy by argmax, all written cells masked at once."""
    name = "fill accuracy, one shot"
    shots = [(fold.composer.conditionals, fold.test_set) for fold in folds]
    if isinstance(missing := shots[0][0], Missing):
        yield MissingScore(name, missing.reason)
        return
    for condition in conditions:
        hits = [
            one_shot_hits(family, work, given_for(condition, work))
            for family, test_set in shots
            if not isinstance(family, Missing)
            for work in _counted(test_set.works.values(), tick)
        ]
        yield from accuracy_scores(name, condition, hits)


def accuracy_scores(name: str, condition: str, hits: Sequence[Hits]) -> Iterator[ObjectiveScore]:
    """Share of written cells with Bach's own pitch."""
    right, written = [h.right for h in hits], [h.written for h in hits]
    if ratio := ratio_over_works(right, written, rng=np.random.default_rng(0)):
        yield ObjectiveScore(name, condition, "share", ratio)


def likelihood_steps(folds: Sequence[Fold], conditions: Sequence[str]) -> int:
    """How often the likelihoods of works will tick."""
    works = sum(len(fold.test_set.works) for fold in folds)
    composer = folds[0].composer
    shots = 0 if isinstance(composer.conditionals, Missing) else 1 + len(conditions)
    return works * (shots + (not isinstance(composer.joint_likelihood, Missing)))


def _counted(works: Iterable[Chorale], tick: Callable[[], None]) -> Iterator[Chorale]:
    for work in works:
        yield work
        tick()


def _nats(name: str, works: Sequence[Nats], note: str) -> Iterator[ObjectiveScore]:
    frames = [work.frames for work in works]
    with_onsets = [work.with_onsets for work in works if work.with_onsets is not None]
    sums = {name: [work.total for work in works], f"{name} with onsets": with_onsets}
    for title, totals in sums.items():
        if totals and (ratio := ratio_over_works(totals, frames, rng=np.random.default_rng(0))):
            yield ObjectiveScore(title, "", "nats/frame", ratio, note=note)
