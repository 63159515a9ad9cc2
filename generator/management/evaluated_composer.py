"""Which composer `evaluate` scores, on which works, and with which settings."""

from __future__ import annotations

from django.core.management.base import CommandError

from generator.evaluation.bach_reference import BachReference
from generator.evaluation.folds import bach_folds, load_folds
from generator.evaluation.report import Filler, Fold
from generator.evaluation.test_set import load_test_set
from generator.families.base import Family
from generator.families.settings import Choices, checked_values
from generator.registry import BACH
from generator.services.composers import find_source
from generator.training.splits import load_split


def sampling_of(composer: Filler, settings: Choices) -> dict[str, float | int]:
    if isinstance(composer, Family):
        return checked_values(composer.settings, settings)
    if settings:
        raise CommandError("composer 'bach' has no settings; leave out --settings")
    return {}


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
    return [Fold(source.member(0), load_test_set(split, part, source.trained_on(0)))]
