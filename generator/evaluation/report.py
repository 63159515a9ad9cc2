"""All objective scores of a composer; `manage.py evaluate` prints them.

Likelihoods and one-shot accuracy are taken on whole works. All other scores need a fill: they are
taken on one excerpt of each work, filled as for the quiz. A cross-fitted composer is scored on
several folds at once: every member fills the excerpts of its own fold, and the scores are taken
over all fills together.

Scores come in stages, each of which can be taken by itself: the likelihoods, one stage for each
condition, and one for whole chorales from nothing. A summary follows from what the stages gave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from generator.evaluation.accuracy import fill_hits
from generator.evaluation.bach_reference import BachReference
from generator.evaluation.beside_bach import (
    continued_form_scores,
    copying_scores,
    counterpoint_scores,
    fault_scores,
    parallels_scores,
    style_scores,
    variety_scores,
)
from generator.evaluation.bootstrap import Ratio
from generator.evaluation.discriminator.discriminative_features import discriminator_scores
from generator.evaluation.discriminator.discriminator import DISCRIMINATORS, ExcerptPair
from generator.evaluation.from_nothing import WHOLE, chorale_scores, write_chorales
from generator.evaluation.probability_scores import (
    accuracy_scores,
    likelihood_scores,
    likelihood_steps,
    one_shot_scores,
)
from generator.evaluation.scored_fold import Filler, Fold
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.evaluation.test_set import TestSet
from generator.families.base import Family
from generator.families.door import FillRefused
from generator.families.fill_run import Budget
from generator.families.settings import Choices
from generator.families.trial import try_out
from generator.music.grid.chorale import VOICES, BoolArray, Chorale
from generator.music.grid.conditions import NEXT, QUIZ_CONDITIONS, given_for

LIKELIHOODS = "likelihoods"  # the first stage; the others are named after their conditions

Score = ObjectiveScore | MissingScore
Progress = Callable[[int, int], None]  # how many works or fills of a stage are done, of how many
StageProgress = Callable[[str, int, int], None]  # the same, after the name of the stage


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
    chorales: int = 0
    """How many whole chorales it writes from nothing."""


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


def no_progress(stage: str, done: int, of: int) -> None:
    """Nobody looks on."""


def evaluate(
    folds: Sequence[Fold],
    settings: EvaluationSettings,
    progress: StageProgress = no_progress,
    *,
    all_folds: Sequence[Fold] = (),
) -> Iterator[Score]:
    """Scores as soon as they are known, the slow ones last; and those that cannot be given.

    `progress` is told the stage too. Chorales from nothing are written by the members of
    `all_folds`, where some of them are left out of `folds`.
    """
    scores: list[Score] = []
    for stage in stages(settings):
        scored = (all_folds or folds) if stage == WHOLE else folds
        stage_scores = list(score_stage(scored, stage, settings, partial(progress, stage)))
        yield from stage_scores
        scores += stage_scores
    yield from summary_scores(scores)


def stages(settings: EvaluationSettings) -> list[str]:
    """The names of the stages, in their order."""
    if not settings.with_fills:
        return [LIKELIHOODS]
    return [LIKELIHOODS, *settings.conditions, *([WHOLE] if settings.chorales else [])]


def score_stage(
    folds: Sequence[Fold],
    stage: str,
    settings: EvaluationSettings,
    progress: Progress = lambda done, of: None,
) -> Iterator[Score]:
    """The scores of one stage, which do not depend on the other stages.

    Each kind of score has a composer of its own, so that no fill knows what a likelihood has shown.
    What `progress` raises ends the stage.

    Raises
    ------
    FillRefused
        If the composer's fills show that it cheats.
    """
    if stage == LIKELIHOODS:
        tick = _Ticks(progress, likelihood_steps(folds, settings.conditions))
        yield from likelihood_scores(_untouched(folds), tick)
        yield from one_shot_scores(_untouched(folds), settings.conditions, tick)
        return
    for fold in folds:
        if not isinstance(fold.composer, BachReference):
            try_out(fold.composer)
    if stage == WHOLE:
        yield from _scores_from_nothing(_untouched(folds), settings, progress)
        return
    fills, seconds = fill_all(_untouched(folds), stage, settings, progress)
    check_memory(folds[-1], fills[-1], len(fills) - 1, settings)
    yield from fill_scores(stage, fills, settings.features)
    yield _speed(stage, fills, seconds)


def _scores_from_nothing(
    folds: Sequence[Fold], settings: EvaluationSettings, progress: Progress
) -> Iterator[Score]:
    """Of all members as one, since no fold holds out what is not Bach's."""
    members = [fold.composer for fold in folds if isinstance(fold.composer, Family)]
    if not members:
        return
    chorales, seconds = write_chorales(
        type(members[0]).cross_fitted(members).averaged(),
        settings.chorales,
        seed=settings.seed,
        settings=settings.fill_settings,
        budget=settings.budget,
        progress=progress,
    )
    yield from chorale_scores(chorales, [fold.test_set for fold in folds], seconds)


def summary_scores(scores: Sequence[Score]) -> Iterator[ObjectiveScore]:
    """What follows from the scores of all stages."""
    for discriminator in DISCRIMINATORS:
        given = [score for score in scores if isinstance(score, ObjectiveScore)]
        yield from _single_voices([s for s in given if s.name == discriminator.score])


class _Ticks:
    """Counts the steps of a stage."""

    def __init__(self, progress: Progress, of: int) -> None:
        self._progress, self._done, self._of = progress, 0, of

    def __call__(self) -> None:
        self._done += 1
        self._progress(self._done, self._of)


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


def fill_all(
    folds: Sequence[Fold],
    condition: str,
    settings: EvaluationSettings,
    progress: Progress = lambda done, of: None,
) -> tuple[list[Fill], float]:
    """One fill of every excerpt, and the CPU seconds they took.

    The seed of the n-th excerpt is the settings' seed + n, counted through all folds.
    """
    excerpts = [(fold, *item) for fold in folds for item in fold.test_set.excerpts.items()]
    fills, seconds = [], 0.0
    for index, (fold, name, excerpt) in enumerate(excerpts):
        given = given_for(condition, excerpt)
        start = time.process_time()
        piece = _filled(fold.composer, excerpt, given, index, settings)
        seconds += time.process_time() - start
        fills.append(Fill(name, piece, given, fold.test_set))
        progress(index + 1, len(excerpts))
    return fills, seconds


def _filled(
    composer: Filler, excerpt: Chorale, given: BoolArray, index: int, settings: EvaluationSettings
) -> Chorale:
    seed = settings.seed + index
    if isinstance(composer, BachReference):
        return composer.fill(excerpt, given, seed=seed)
    choices, budget = settings.fill_settings, settings.budget
    return Family.fill(composer, excerpt, given, seed=seed, settings=choices, budget=budget)


def fill_scores(
    condition: str, fills: Sequence[Fill], features: int, *, with_listener: bool = True
) -> Iterator[ObjectiveScore]:
    """All scores of finished fills of one condition except their speed."""
    hits = [fill_hits(fill.bach, fill.piece, fill.given) for fill in fills]
    yield from accuracy_scores("fill accuracy, as played", condition, hits)
    beside_bach = [(fill.piece, fill.bach, fill.written) for fill in fills]
    yield from parallels_scores(condition, beside_bach)
    copies = [fill.test_set.training.copies for fill in fills]
    runs = [each.longest_run(fill.piece) for each, fill in zip(copies, fills, strict=True)]
    bach_runs = [each.longest_run(fill.bach) for each, fill in zip(copies, fills, strict=True)]
    yield from copying_scores(condition, runs, bach_runs)
    ranges = [fill.test_set.training.ranges for fill in fills]
    yield from fault_scores(condition, beside_bach, ranges)
    if fills[0].test_set.split != "jsb":  # the published grid has no onsets, keys or phrase ends
        yield from style_scores(condition, beside_bach)
        yield from counterpoint_scores(condition, beside_bach)
        yield from variety_scores(condition, beside_bach)
        if condition == NEXT:
            yield from continued_form_scores(condition, beside_bach)
        if with_listener:
            yield from discriminator_scores(condition, excerpt_pairs(fills), top_n=features)


def _speed(condition: str, fills: Sequence[Fill], seconds: float) -> ObjectiveScore:
    rate = sum(fill.piece.steps for fill in fills) / max(seconds, 1e-9)
    return ObjectiveScore("speed", condition, "steps/CPU s", Ratio(rate, rate, rate, len(fills)))


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
