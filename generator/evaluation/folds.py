"""The folds of a cross-fitted composer: each work is filled by the member that never saw it."""

from __future__ import annotations

from collections.abc import Sequence

from generator.evaluation.bach_reference import BachReference
from generator.evaluation.scored_fold import Fold
from generator.evaluation.test_set import load_fold
from generator.families.base import Family
from generator.families.checkpoint_metadata import Member
from generator.music.corpus.splits import FOLDS, fold_split
from generator.music.corpus.works import load_corpus


def load_folds(composer: Family, members: Sequence[Member]) -> list[Fold]:
    """Each member of a composer with the works of its fold.

    Parameters
    ----------
    composer : Family
    members : sequence of Member
        What the checkpoint lists for each member of the composer.

    Raises
    ------
    ValueError
        If the composer is not cross-fitted.
    SeenWorkError
        If a member was trained on a work of its fold, or on its tune.
    """
    if not all(member.fold for member in members):
        raise ValueError("the composer has no folds; use --split tunes")
    return [
        Fold(composer.member(number), load_fold(number, member))
        for number, member in enumerate(members)
    ]


def bach_folds() -> list[Fold]:
    """Bach on the folds of the corpus, with the training works that a member would have."""
    members = enumerate(corpus_members())
    return [Fold(BachReference(), load_fold(number, member)) for number, member in members]


def corpus_members() -> tuple[Member, ...]:
    """The works that a member trained on the corpus has seen, and those of its fold, by fold."""
    corpus = load_corpus()
    splits = [fold_split(corpus, fold) for fold in range(FOLDS)]
    return tuple(Member(frozenset(parts["train"]), frozenset(parts["test"])) for parts in splits)
