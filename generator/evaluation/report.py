"""All objective scores of a composer; `manage.py evaluate` prints them.

Likelihoods and one-shot accuracy are taken on whole works. All other scores need a fill: they are
taken on one excerpt of each work, filled as for the quiz. A cross-fitted composer is scored on
several folds at once: every member fills the excerpts of its own fold, and the scores are taken
over all fills together.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from tqdm import tqdm

from generator.evaluation.accuracy import Hits, fill_hits, one_shot_hits
from generator.evaluation.bootstrap import Ratio, ratio_over_works
from generator.evaluation.discriminator.discriminative_features import discriminator_scores
from generator.evaluation.discriminator.discriminator import DISCRIMINATORS, ExcerptPair
from generator.evaluation.likelihood import Conditional, joint_nll, orderless_nll
from generator.evaluation.scores import ObjectiveScore
from generator.evaluation.test_set import TestSet
from generator.families.base import Setting
from generator.music.grid.chorale import VOICES, BoolArray, Chorale
from generator.music.grid.conditions import QUIZ_CONDITIONS, given_for
from generator.music.measures.counts import Comparison, Count, compare
from generator.music.measures.resampling import resampled
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, parallels

ORDERLESS_MASKS = 10


class Filler(Protocol):
    """A family, or the reference that takes its place."""

    @property
    def settings(self) -> Mapping[str, Setting]: ...

    def fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, temperature: float
    ) -> Chorale: ...


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
    temperature: float = 1.0
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


def evaluate(folds: Sequence[Fold], settings: EvaluationSettings) -> Iterator[ObjectiveScore]:
    """Scores as soon as they are known, the slow ones last."""
    works = [
        (fold.composer, work)
        for fold in folds
        if isinstance(fold.composer, Conditional)
        for work in fold.test_set.works.values()
    ]
    if works:
        yield from likelihood_scores(works)
        if all(family.one_shot for family, _ in works):
            yield from one_shot_scores(works, settings.conditions)
    if settings.with_fills:
        scores: list[ObjectiveScore] = []
        for condition in settings.conditions:
            fills, seconds = fill_all(folds, condition, settings)
            condition_scores = list(fill_scores(condition, fills, settings.features))
            condition_scores.append(_speed(condition, fills, seconds))
            yield from condition_scores
            scores += condition_scores
        for discriminator in DISCRIMINATORS:
            yield from _single_voices([s for s in scores if s.name == discriminator.score])


def likelihood_scores(works: Sequence[tuple[Conditional, Chorale]]) -> Iterator[ObjectiveScore]:
    """Negative log-likelihoods in nats per frame: orderless (if the network has it), and joint."""
    if all(family.one_shot for family, _ in works):
        rng = np.random.default_rng(0)
        orderless = [orderless_nll(f, work, masks=ORDERLESS_MASKS, rng=rng) for f, work in works]
        note = f"{ORDERLESS_MASKS} masks a work"
        yield from _nats("orderless NLL", [(n.total, n.frames) for n in orderless], note)
    joint = [joint_nll(family, work) for family, work in works]
    note = "time order, voices B S A T"
    yield from _nats("joint NLL", [(n.total, n.frames) for n in joint], note)


def one_shot_scores(
    works: Sequence[tuple[Conditional, Chorale]], conditions: Sequence[str]
) -> Iterator[ObjectiveScore]:
    """Fill accuracy by argmax, all written cells masked at once."""
    for condition in conditions:
        hits = [one_shot_hits(family, work, given_for(condition, work)) for family, work in works]
        yield from _accuracy("fill accuracy, one shot", condition, hits)


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
        piece = fold.composer.fill(
            excerpt, given, seed=settings.seed + index, temperature=settings.temperature
        )
        fills.append(Fill(name, piece, given, fold.test_set))
    return fills, time.process_time() - start


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


def _nats(name: str, pairs: Iterable[tuple[float, float]], note: str) -> Iterator[ObjectiveScore]:
    totals, frames = zip(*pairs, strict=True)
    if ratio := ratio_over_works(totals, frames, rng=np.random.default_rng(0)):
        yield ObjectiveScore(name, "", "nats/frame", ratio, note=note)


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
