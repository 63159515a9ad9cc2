"""All objective scores of a composer; `manage.py evaluate` prints them.

Likelihoods and one-shot accuracy are taken on whole works. All other scores need a fill: they are
taken on one excerpt of each work, filled as for the quiz. A cross-fitted composer is scored on
several folds at once: every member fills the excerpts of its own fold, and the scores are taken
over all fills together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm import tqdm

from generator.evaluation.accuracy import Hits, fill_hits, one_shot_hits
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.bootstrap import Ratio, ratio_over_works
from generator.evaluation.discriminator.discriminative_features import discriminator_scores
from generator.evaluation.discriminator.discriminator import DISCRIMINATORS, ExcerptPair
from generator.evaluation.likelihood import Nats, joint_nll, orderless_nll
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.evaluation.test_set import TestSet
from generator.families.base import Family
from generator.families.door import FillRefused
from generator.families.fill_run import Budget
from generator.families.likelihoods import Missing
from generator.families.settings import Choices
from generator.families.trial import try_out
from generator.music.grid.chorale import VOICES, BoolArray, Chorale
from generator.music.grid.conditions import QUIZ_CONDITIONS, given_for
from generator.music.measures.counts import Comparison, Count, compare
from generator.music.measures.resampling import resampled
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, parallels

ORDERLESS_MASKS = 10


Filler = Family | BachReference


@dataclass(frozen=True)
class Fold:
    """A composer, or one of its members, and the works it is scored on."""

    composer: Filler
    test_set: TestSet


@dataclass(frozen=True)
class EvaluationSettings:
    """What to measure, and on how much."""

    conditions: Sequence[str] = QUIZ_CONDITIONS
    seed: int = 1
    fill_settings: Choices = field(default_factory=dict)
    budget: Budget | None = None
    with_fills: bool = True
    features: int = 5
    """How many of the features that give the composer away to list for each condition."""
    progress: bool = False


@dataclass(frozen=True)
class Fill:
    """An excerpt as the composer filled it."""

    name: str
    piece: Chorale
    given: BoolArray
    test_set: TestSet

    @property
    def bach(self) -> Chorale:
        return self.test_set.excerpts[self.name]

    @property
    def written(self) -> BoolArray:
        return ~self.given


def evaluate(
    folds: Sequence[Fold], settings: EvaluationSettings
) -> Iterator[ObjectiveScore | MissingScore]:
    """Scores as soon as they are known, the slow ones last; and those that cannot be given.

    Each kind of score has a composer of its own, so that no fill knows what a likelihood has shown.
    """
    yield from likelihood_scores(_untouched(folds))
    yield from one_shot_scores(_untouched(folds), settings.conditions)
    if settings.with_fills:
        for fold in folds:
            if not isinstance(fold.composer, BachReference):
                try_out(fold.composer)
        scores: list[ObjectiveScore] = []
        for condition in settings.conditions:
            fills, seconds = fill_all(_untouched(folds), condition, settings)
            check_memory(folds[-1], fills[-1], len(fills) - 1, settings)
            condition_scores = list(fill_scores(condition, fills, settings.features))
            condition_scores.append(_speed(condition, fills, seconds))
            yield from condition_scores
            scores += condition_scores
        for discriminator in DISCRIMINATORS:
            yield from _single_voices([s for s in scores if s.name == discriminator.score])


def _untouched(folds: Sequence[Fold]) -> list[Fold]:
    """The same composers, which remember nothing of what others are asked."""
    return [replace(fold, composer=deepcopy(fold.composer)) for fold in folds]


def check_memory(fold: Fold, last: Fill, index: int, settings: EvaluationSettings) -> None:
    """Have a composer that has written nothing yet write the last piece of a condition again.

    Raises
    ------
    FillRefused
        If it comes out otherwise: then fills depend on what was filled before.
    """
    [untouched] = _untouched([fold])
    piece = _filled(untouched.composer, last.bach, last.given, index, settings)
    if piece != last.piece:
        raise FillRefused(
            getattr(fold.composer, "name", "bach"), "writes a different piece after other fills"
        )


def likelihood_scores(folds: Sequence[Fold]) -> Iterator[ObjectiveScore | MissingScore]:
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
            for work in test_set.works.values()
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
            works = test_set.works.values()
            joint += [joint_nll(family, work, secret=secret) for work in works]
    yield from _nats("joint NLL", joint, "time order, voices B S A T")


def one_shot_scores(
    folds: Sequence[Fold], conditions: Sequence[str]
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
            for work in test_set.works.values()
        ]
        yield from _accuracy(name, condition, hits)


def fill_all(
    folds: Sequence[Fold], condition: str, settings: EvaluationSettings
) -> tuple[list[Fill], float]:
    """One fill of every excerpt, and the CPU seconds they took.

    The seed of the n-th excerpt is the settings' seed + n, counted through all folds.
    """
    excerpts = [(fold, *item) for fold in folds for item in fold.test_set.excerpts.items()]
    fills, start = [], time.process_time()
    for index, (fold, name, excerpt) in enumerate(
        tqdm(excerpts, desc=condition, leave=False, disable=not settings.progress)
    ):
        given = given_for(condition, excerpt)
        piece = _filled(fold.composer, excerpt, given, index, settings)
        fills.append(Fill(name, piece, given, fold.test_set))
    return fills, time.process_time() - start


def _filled(
    composer: Filler, excerpt: Chorale, given: BoolArray, index: int, settings: EvaluationSettings
) -> Chorale:
    seed = settings.seed + index
    if isinstance(composer, BachReference):
        return composer.fill(excerpt, given, seed=seed)
    choices, budget = settings.fill_settings, settings.budget
    return Family.fill(composer, excerpt, given, seed=seed, settings=choices, budget=budget)


def fill_scores(condition: str, fills: Sequence[Fill], features: int) -> Iterator[ObjectiveScore]:
    """All scores of finished fills of one condition except their speed."""
    hits = [fill_hits(fill.bach, fill.piece, fill.given) for fill in fills]
    yield from _accuracy("fill accuracy, as played", condition, hits)
    yield from _parallels(condition, fills)
    yield from _copying(condition, fills)
    if fills[0].test_set.split != "jsb":  # the published grid has no onsets, keys or phrase ends
        yield from _style(condition, fills)
        yield from discriminator_scores(condition, excerpt_pairs(fills), top_n=features)


def _speed(condition: str, fills: Sequence[Fill], seconds: float) -> ObjectiveScore:
    rate = sum(fill.piece.steps for fill in fills) / max(seconds, 1e-9)
    return ObjectiveScore("speed", condition, "steps/CPU s", Ratio(rate, rate, rate, len(fills)))


def _parallels(condition: str, fills: Sequence[Fill]) -> Iterator[ObjectiveScore]:
    pairs = [
        (parallels(fill.piece, fill.written), parallels(fill.bach, fill.written)) for fill in fills
    ]
    yield from _rates("parallels", condition, "per 1,000 changes", pairs, PER)


def _style(condition: str, fills: Sequence[Fill]) -> Iterator[ObjectiveScore]:
    counts = [
        (style_counts(fill.piece, fill.written), style_counts(fill.bach, fill.written))
        for fill in fills
    ]
    for name in counts[0][0]:
        pairs = [(machine[name], bach[name]) for machine, bach in counts]
        yield from _rates(f"style: {name}", condition, "%", pairs, 100)


def _copying(condition: str, fills: Sequence[Fill]) -> Iterator[ObjectiveScore]:
    runs = [fill.test_set.training.copies.longest_run(fill.piece) for fill in fills]
    bach_runs = [fill.test_set.training.copies.longest_run(fill.bach) for fill in fills]
    for name, share in (("median", 0.5), ("90th percentile", 0.9)):
        picks = resampled(len(runs), np.random.default_rng(0))
        drawn = np.quantile(np.array(runs)[picks], share, axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        composer = Ratio(float(np.quantile(runs, share)), float(low), float(high), len(runs))
        bach = float(np.quantile(bach_runs, share))
        yield ObjectiveScore(f"copying, longest run, {name}", condition, "events", composer, bach)


def excerpt_pairs(fills: Sequence[Fill]) -> dict[str, list[ExcerptPair]]:
    """The fills beside Bach's excerpts, by tune family."""
    pairs: dict[str, list[ExcerptPair]] = {}
    for fill in fills:
        pair = ExcerptPair(fill.bach, fill.piece, fill.written, fill.test_set.training.model)
        pairs.setdefault(fill.test_set.tunes[fill.name], []).append(pair)
    return pairs


def _single_voices(scores: Sequence[ObjectiveScore]) -> Iterator[ObjectiveScore]:
    """The discriminator's mean over S, A, T and B, if all four were scored."""
    single = [score.composer for score in scores if len(score.condition) == 1]
    if len(single) == len(VOICES):
        mean = Ratio(
            float(np.mean([r.estimate for r in single])),
            float(np.mean([r.low for r in single])),
            float(np.mean([r.high for r in single])),
            single[0].n,
        )
        note = "mean of S, A, T, B; the interval is the mean of theirs"
        yield ObjectiveScore(scores[0].name, "1", "share of pairs", mean, 0.5, note)


def _nats(name: str, works: Sequence[Nats], note: str) -> Iterator[ObjectiveScore]:
    frames = [work.frames for work in works]
    with_onsets = [work.with_onsets for work in works if work.with_onsets is not None]
    sums = {name: [work.total for work in works], f"{name} with onsets": with_onsets}
    for title, totals in sums.items():
        if totals and (ratio := ratio_over_works(totals, frames, rng=np.random.default_rng(0))):
            yield ObjectiveScore(title, "", "nats/frame", ratio, note=note)


def _accuracy(name: str, condition: str, hits: Sequence[Hits]) -> Iterator[ObjectiveScore]:
    right, written = [h.right for h in hits], [h.written for h in hits]
    if ratio := ratio_over_works(right, written, rng=np.random.default_rng(0)):
        yield ObjectiveScore(name, condition, "share", ratio)


def _rates(
    name: str, condition: str, unit: str, pairs: Sequence[tuple[Count, Count]], scale: float
) -> Iterator[ObjectiveScore]:
    machine, bach = [m for m, _ in pairs], [b for _, b in pairs]
    ratio = ratio_over_works(
        [m.count for m in machine],
        [m.of for m in machine],
        rng=np.random.default_rng(0),
        scale=scale,
    )
    if ratio:
        compared = compare(machine, bach)
        bach_rate = compared.bach.rate * scale
        yield ObjectiveScore(name, condition, unit, ratio, bach_rate, _beside_bach(compared))


def _beside_bach(compared: Comparison) -> str:
    interval = f"{compared.value:.2f} [{compared.low:.2f}, {compared.high:.2f}]"
    if compared.kind == "ratio":
        return f"ratio to Bach {interval}"
    if compared.kind == "difference":
        return f"points above Bach {interval}"
    return f"too few to compare: {compared.machine.count} against {compared.bach.count}"
