"""Scores of a collection: finished pieces of an outside system, which is not run here.

Conventions
-----------
A *fill* keeps some of Bach's voices and is scored as the fills of any composer. A *whole* chorale
stands beside an excerpt by Bach on another tune, so that nothing is compared note by note: rates
are those of all pieces of a side, the machine listener's AUC is unpaired, and a piece of unknown
tune goes with the tune of the excerpt beside it.

What is learnt from Bach (how surprising a piece is, what it copies) is learnt from works of other
tunes: a piece on a tune of one fold of the corpus is read with the works of all other folds. What a
whole chorale copies is searched for in all works, and what Bach's excerpt beside it does in all
works on other tunes. For the machine listener both sides of an unpaired item lose their fermatas
and get the key that is estimated from their notes, since files of outside systems have neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from generator.evaluation.beside_bach import (
    copying_scores,
    counterpoint_scores,
    parallels_scores,
    style_scores,
    variety_scores,
)
from generator.evaluation.bootstrap import Ratio, share_over_works
from generator.evaluation.discriminator.discriminative_features import feature_scores
from generator.evaluation.discriminator.discriminator import (
    DISCRIMINATORS,
    MIN_FAMILIES,
    Discriminator,
    ExcerptPair,
    PairFeatures,
    auc,
)
from generator.evaluation.discriminator.listener_validation import without_marks
from generator.evaluation.from_nothing import WHOLE
from generator.evaluation.report import (
    Fill,
    Progress,
    Score,
    StageProgress,
    fill_scores,
    no_progress,
    summary_scores,
)
from generator.evaluation.scores import MissingScore, ObjectiveScore
from generator.evaluation.test_set import TestSet, TrainingKnowledge
from generator.music.corpus.splits import FOLDS, folds
from generator.music.corpus.works import Corpus
from generator.music.grid.chorale import VOICES, Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.copying import CopyIndex
from generator.music.measures.resampling import resampled

_ALL = np.ones(4, dtype=np.bool_)
_NOT_RUN = "a collection is a set of finished pieces; its system is not run here"
_MISSING = (
    MissingScore("orderless NLL", _NOT_RUN),
    MissingScore("joint NLL", _NOT_RUN),
    MissingScore("fill accuracy, one shot", _NOT_RUN),
    MissingScore("speed", _NOT_RUN),
)


@dataclass(frozen=True)
class CollectedFill:
    """A piece on steps `start` to `stop` of a work, some of whose voices the system wrote."""

    name: str
    bwv: str
    start: int
    stop: int
    piece: Chorale


@dataclass(frozen=True)
class CollectedWhole:
    """A piece of the system's own, and Bach's excerpt beside it, with its tune family."""

    piece: Chorale
    bach: Chorale
    tune: str


@dataclass(frozen=True)
class Collected:
    """All that is scored of a collection: fills by condition, and whole chorales."""

    fills: Mapping[str, Sequence[CollectedFill]]
    whole: Sequence[CollectedWhole]


class CorpusKnowledge:
    """What Bach's works say of a tune, learnt from the works of the other folds."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        fold_of = folds(corpus)
        self._fold = {work.tune: fold_of[bwv] for bwv, work in corpus.works.items()}
        self._training = [
            TrainingKnowledge(
                {bwv: work.chorale for bwv, work in corpus.works.items() if fold_of[bwv] != fold}
            )
            for fold in range(FOLDS)
        ]

    def beside(self, tune: str) -> TrainingKnowledge:
        """The works of the folds that do not have this tune."""
        return self._training[self._fold[tune]]


def collected_stages(collected: Collected) -> list[str]:
    """The names of the stages: conditions of fills, and whole chorales."""
    return [*collected.fills, *([WHOLE] if collected.whole else [])]


def evaluate_collected(
    collected: Collected,
    knowledge: CorpusKnowledge,
    *,
    conditions: Collection[str] | None = None,
    features: int = 5,
    progress: StageProgress = no_progress,
) -> Iterator[Score]:
    """All scores, stage by stage; those that cannot be given come last.

    With `conditions`, only their fills are scored, and whole chorales if they include SATB.
    """
    scores: list[Score] = []
    for stage in collected_stages(collected):
        condition = VOICES if stage == WHOLE else stage
        if conditions is None or condition in conditions:
            told = partial(progress, stage)
            stage_scores = list(
                score_collected_stage(collected, stage, knowledge, features=features, progress=told)
            )
            yield from stage_scores
            scores += stage_scores
    yield from summary_scores(scores)
    yield from missing_of_collections()


def missing_of_collections() -> tuple[MissingScore, ...]:
    """The scores that no collection can be given."""
    return _MISSING


def score_collected_stage(
    collected: Collected,
    stage: str,
    knowledge: CorpusKnowledge,
    *,
    features: int = 5,
    progress: Progress = lambda done, of: None,
) -> Iterator[Score]:
    """The scores of one stage.

    Parameters
    ----------
    collected : Collected
    stage : str
        One of `collected_stages`.
    knowledge : CorpusKnowledge
    features : int
        How many of the features that give the composer away to list.
    progress : callable
        Told how many pieces are read, of how many. What it raises ends the stage.

    Raises
    ------
    ValueError
        If the collection has no such stage.
    """
    if stage not in collected_stages(collected):
        raise ValueError(
            f"no pieces for {stage!r}; use one of {', '.join(collected_stages(collected))}"
        )
    if stage == WHOLE:
        yield from whole_scores(collected.whole, knowledge, features, progress)
        return
    fills = fills_of(collected.fills[stage], stage, knowledge)
    tunes = {fill.test_set.tunes[fill.name] for fill in fills}
    yield from fill_scores(stage, fills, features, with_listener=len(tunes) >= MIN_FAMILIES)
    progress(len(fills), len(fills))
    if len(tunes) < MIN_FAMILIES:
        yield _too_few(f"machine listener, {stage}", len(tunes))


def fills_of(
    rows: Sequence[CollectedFill], condition: str, knowledge: CorpusKnowledge
) -> list[Fill]:
    """Fills as they are scored: each with Bach's excerpt and the works of other tunes."""
    works = knowledge.corpus.works
    fills = []
    for row in rows:
        work = works[row.bwv]
        excerpt = work.chorale.slice(row.start, row.stop)
        test_set = TestSet(
            "folds", {}, {row.name: excerpt}, {row.name: work.tune}, knowledge.beside(work.tune)
        )
        fills.append(Fill(row.name, row.piece, given_for(condition, excerpt), test_set))
    return fills


def whole_scores(
    rows: Sequence[CollectedWhole],
    knowledge: CorpusKnowledge,
    features: int = 5,
    progress: Progress = lambda done, of: None,
) -> Iterator[Score]:
    """All scores of whole chorales, with intervals over pieces."""
    beside_bach = [(row.piece, row.bach, _ALL) for row in rows]
    yield from parallels_scores(VOICES, beside_bach)
    works = {bwv: work.chorale for bwv, work in knowledge.corpus.works.items()}
    by_tune = defaultdict(list)
    for bwv, work in knowledge.corpus.works.items():
        by_tune[work.tune].append(bwv)
    index = CopyIndex(works)
    runs = [index.longest_run(row.piece) for row in rows]
    bach_runs = [index.longest_run(row.bach, without=by_tune[row.tune]) for row in rows]
    yield from copying_scores(VOICES, runs, bach_runs)
    yield from style_scores(VOICES, beside_bach)
    yield from counterpoint_scores(VOICES, beside_bach)
    yield from variety_scores(VOICES, beside_bach)
    tunes = len({row.tune for row in rows})
    if tunes < MIN_FAMILIES:
        yield _too_few("machine listener, unpaired AUC", tunes)
        return
    pairs = _listener_pairs(rows, knowledge, progress)
    for discriminator in DISCRIMINATORS:
        extracted = discriminator.extract(pairs)
        yield from _unpaired_scores(discriminator, extracted)
        yield from feature_scores(extracted, VOICES, features)


def _listener_pairs(
    rows: Sequence[CollectedWhole], knowledge: CorpusKnowledge, progress: Progress
) -> dict[str, list[ExcerptPair]]:
    pairs = defaultdict(list)
    for number, row in enumerate(rows, start=1):
        pair = ExcerptPair(
            without_marks(row.bach),
            without_marks(row.piece),
            _ALL,
            knowledge.beside(row.tune).model,
        )
        pairs[row.tune].append(pair)
        progress(number, len(rows))
    return pairs


def _unpaired_scores(
    discriminator: Discriminator, features: PairFeatures
) -> Iterator[ObjectiveScore]:
    bach, machine = discriminator.unpaired_scores(features)
    picks = resampled(len(bach), np.random.default_rng(0))
    drawn = [auc(bach[row], machine[row]) for row in picks]
    low, high = np.quantile(drawn, (0.025, 0.975))
    ratio = Ratio(auc(bach, machine), float(low), float(high), len(bach))
    note = f"{discriminator.version}; {int(features.family.max()) + 1} tunes of Bach's"
    yield ObjectiveScore(f"{discriminator.score}, unpaired AUC", VOICES, "AUC", ratio, 0.5, note)
    right = np.where(bach == machine, 0.5, bach > machine).tolist()
    if share := share_over_works(right, rng=np.random.default_rng(0)):
        name = f"{discriminator.score}, unpaired items"
        yield ObjectiveScore(name, VOICES, "share of items", share, 0.5, note)


def _too_few(name: str, tunes: int) -> MissingScore:
    return MissingScore(
        name, f"its pieces stand beside {tunes} tunes; the folds need {MIN_FAMILIES} or more"
    )
