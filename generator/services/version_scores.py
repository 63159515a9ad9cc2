"""Objective scores of a version, stage by stage, as rows of JSON.

They are those that `manage.py evaluate` prints. What scores them is loaded when the first stage
is: the web process imports services, and must not wait for scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings

from generator.models import Pair, Piece, Version
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import CONDITIONS, QUIZ_CONDITIONS
from generator.services.composer_source import ComposerSource
from generator.services.composers import version_source

if TYPE_CHECKING:
    from generator.evaluation.collected import Collected
    from generator.evaluation.scored_fold import Fold

Progress = Callable[[int, int], None]
Row = dict[str, Any]  # of a score: what its `as_json` gives; one that is missing has a reason

PUBLISHED = "jsb/"  # names of works of the published split


def score_stages(version: Version) -> list[str]:
    """The stages in their order: likelihoods and conditions; of a collection what it has.

    Examples: ``["likelihoods", "S", "A", ...]``, ``["ATB", "whole"]``.
    """
    if version.kind == Version.Kind.COLLECTION:
        from generator.evaluation.collected import collected_stages

        return collected_stages(collected_of(version))
    from generator.evaluation.report import LIKELIHOODS

    return [LIKELIHOODS, *QUIZ_CONDITIONS]


def score_stage(
    version: Version, stage: str, progress: Progress = lambda done, of: None
) -> list[Row]:
    """The scores of a stage, and those that cannot be given, with the reason.

    `progress` is called after every work, fill or piece with how many are done, of how many. What
    it raises ends the stage and comes out here.

    Raises
    ------
    GeneratorError
        If the version's file is not the one that was installed, the composer was trained on what it
        would be scored on, or a fill is refused.
    ValueError
        If the version has no such stage.
    """
    if version.kind == Version.Kind.COLLECTION:
        from generator.evaluation.collected import CorpusKnowledge, score_collected_stage

        knowledge = CorpusKnowledge(load_corpus(settings.CORPUS_FILE))
        collected = collected_of(version)
        scores = list(score_collected_stage(collected, stage, knowledge, progress=progress))
    else:
        from generator.evaluation.report import EvaluationSettings, stages
        from generator.evaluation.report import score_stage as scored

        source = version_source(version)
        evaluation = EvaluationSettings(fill_settings=source.values({}))
        if stage not in stages(evaluation):
            raise ValueError(f"no stage {stage!r}; use one of {', '.join(stages(evaluation))}")
        scores = list(scored([scored_fold(source)], stage, evaluation, progress))
    return [score.as_json() for score in scores]


def score_summary(version: Version, rows: Sequence[Row]) -> list[Row]:
    """What follows from the rows of all stages, and what a collection cannot be given.

    The machine listener's mean of single voices, if all four were scored.
    """
    from generator.evaluation.collected import missing_of_collections
    from generator.evaluation.report import summary_scores
    from generator.evaluation.scores import ObjectiveScore

    scores = [ObjectiveScore.from_json(row) for row in rows if "composer" in row]
    summary = [score.as_json() for score in summary_scores(scores)]
    if version.kind == Version.Kind.COLLECTION:
        summary += [missing.as_json() for missing in missing_of_collections()]
    return summary


def scored_fold(source: ComposerSource, split: str = "", part: str = "test") -> Fold:
    """The first or only member of a composer, and a part of a split; by default of its own.

    Raises
    ------
    SeenWorkError
        If the composer was trained on a work of the part, or on its tune.
    """
    from generator.evaluation.scored_fold import Fold
    from generator.evaluation.test_set import load_test_set

    trained_on = source.trained_on(0)
    if not split:
        published = trained_on and all(name.startswith(PUBLISHED) for name in trained_on)
        split = "jsb" if published else "tunes"
    return Fold(source.member(0), load_test_set(split, part, trained_on))


def collected_of(version: Version) -> Collected:
    """The pieces of a collection as they are scored.

    Pieces on tunes that its system was trained on, as its maker says, are left out: scores are
    taken on held-out works. So are pieces on works that are no longer in the corpus.
    """
    from generator.evaluation.collected import Collected, CollectedFill, CollectedWhole

    works = load_corpus(settings.CORPUS_FILE).works
    declared = {works[bwv].tune for bwv in version.declared_works() if bwv in works}
    held_out = {bwv for bwv, work in works.items() if work.tune not in declared}
    fills: dict[str, list[CollectedFill]] = {}
    pieces = Piece.objects.filter(version=version, grid__isnull=False)
    for piece in pieces.exclude(excerpt=None).select_related("excerpt__work").order_by("id"):
        excerpt = piece.excerpt
        assert excerpt
        bwv = excerpt.work.bwv
        if bwv in held_out:
            row = CollectedFill(piece.source, bwv, excerpt.start, excerpt.stop, _notes(piece))
            fills.setdefault(piece.condition, []).append(row)
    whole = []
    pairs = Pair.objects.filter(kind=Pair.Kind.UNPAIRED, machine__in=pieces)
    for pair in pairs.select_related("machine", "excerpt__work").order_by("id"):
        excerpt = pair.excerpt
        if excerpt.work.bwv in held_out:
            bach = works[excerpt.work.bwv].chorale.slice(excerpt.start, excerpt.stop)
            tune = works[excerpt.work.bwv].tune
            whole.append(CollectedWhole(_notes(pair.machine), bach, tune))
    ordered = {condition: fills[condition] for condition in CONDITIONS if condition in fills}
    return Collected(ordered, whole)


def _notes(piece: Piece) -> Chorale:
    assert piece.grid  # of a collection, stored when it was imported
    return from_json(piece.grid)
