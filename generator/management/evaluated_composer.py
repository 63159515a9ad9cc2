"""Which composer `evaluate` scores, on which works, and with which settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.core.management.base import CommandError
from django.db import DatabaseError

from generator.evaluation.bach_reference import BachReference
from generator.evaluation.collected import CorpusKnowledge, evaluate_collected
from generator.evaluation.folds import bach_folds, load_folds
from generator.evaluation.report import (
    EvaluationSettings,
    Score,
    StageProgress,
    evaluate,
)
from generator.evaluation.scored_fold import Fold
from generator.evaluation.test_set import load_test_set
from generator.models import Version
from generator.music.corpus.works import load_corpus
from generator.music.grid.conditions import QUIZ_CONDITIONS
from generator.registry import BACH
from generator.services.composer_source import sha256_of_file
from generator.services.composers import find_source
from generator.services.site_registry import site_registry
from generator.services.version_scores import collected_of, scored_fold
from generator.training.splits import load_split


@dataclass(frozen=True)
class Evaluated:
    """The scores as they come, and what they are taken on."""

    scores: Iterator[Score]
    sha256: str
    """Of the version that they are about; empty for Bach."""
    works: int
    sampling: dict[str, float | int]


def evaluated(
    slug: str,
    split: str,
    part: str,
    settings: EvaluationSettings,
    progress: StageProgress,
) -> Evaluated:
    """A composer's scores on a part of a split; or those of a collection, on all that it has."""
    if version := _collection(slug):
        if settings.fill_settings:
            raise CommandError(f"{slug!r} is a collection and has no settings; leave them out")
        collected = collected_of(version)
        scores = evaluate_collected(
            collected,
            CorpusKnowledge(load_corpus()),
            # The default stands for all that it has.
            conditions=None if settings.conditions == QUIZ_CONDITIONS else settings.conditions,
            features=settings.features,
            progress=progress,
        )
        pieces = len(collected.whole) + sum(map(len, collected.fills.values()))
        return Evaluated(scores, version.sha256, pieces, {})
    if slug == BACH and settings.fill_settings:
        raise CommandError("composer 'bach' has no settings; leave out --settings")
    source = None if slug == BACH else find_source(slug)
    sampling = source.values(settings.fill_settings) if source else {}
    settings = replace(settings, fill_settings=sampling)
    folds = scored_folds(slug, split, part)
    from_nothing = settings.with_fills and settings.chorales > 0
    all_folds = left_out_folds(slug, split) if from_nothing else []
    return Evaluated(
        evaluate(folds, settings, progress, all_folds=all_folds),
        sha256_of_file(source.checkpoint) if source else "",
        sum(len(fold.test_set.works) for fold in folds),
        sampling,
    )


def _collection(slug: str) -> Version | None:
    if slug == BACH or site_registry().find_shipped(slug):
        return None
    try:
        kind = Version.Kind.COLLECTION
        return Version.objects.ready().filter(composer__slug=slug, kind=kind).first()
    except DatabaseError:
        return None  # not set up yet: only the shipped composers exist


def scored_folds(slug: str, split: str, part: str) -> list[Fold]:
    """All members on their folds; or the first member, or Bach, on a part of another split."""
    if split == "folds" and part != "test":
        raise CommandError(f"--part {part}: with --split folds every work is a test work")
    if slug == BACH:
        if split == "folds":
            return bach_folds()
        trained_on = load_split(split)["train"].names  # what any other composer has learnt from
        return [Fold(BachReference(), load_test_set(split, part, trained_on))]
    source = find_source(slug)
    if split == "folds":
        return load_folds(source.load(), source.members)
    return [scored_fold(source, split, part)]


def left_out_folds(slug: str, split: str) -> list[Fold]:
    """All members on their folds, where a split has only the first of several; else none."""
    if slug == BACH or split == "folds":
        return []
    source = find_source(slug)
    return load_folds(source.load(), source.members) if len(source.members) > 1 else []
