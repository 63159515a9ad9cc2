"""Splits by tune family: works to train on, to stop the training early, to play and to score.

Rule
----
A tune family goes to one part as a whole. Families of six works or more are for training: in the
test part each would take many works and add one tune, and a listener meets a tune only once. The
others are taken in the order of the sha256 of their names. Each goes to the part that is furthest
from its share: about 70, 10 and 20 per cent of the works. Nothing else decides, and no random
numbers are drawn.

Folds, for cross-fitting: the test part is fold 0. All other families, large ones first, are taken
in the same order, and each goes to the smallest of the other folds. The member for a fold trains on
all other works except its own validation part, which is chosen as above. For fold 0 this is the
split itself.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from generator.music.corpus.works import Corpus

PARTS: dict[str, float] = {"train": 0.7, "valid": 0.1, "test": 0.2}
LARGE_FAMILY = 6
FOLDS = 5

Families = Mapping[str, Sequence[str]]


def tunes_split(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    """BWV numbers by part, each in the order of the corpus.

    Returns
    -------
    dict
        ``"train"``, ``"valid"`` and ``"test"``; each work in exactly one of them.
    """
    return _in_order(_dealt(_families(corpus), {part: [] for part in PARTS}, corpus), corpus)


def folds(corpus: Corpus) -> dict[str, int]:
    """The fold of each work, 0 to 4, in the order of the corpus.

    A tune family is in one fold. Fold 0 is the test part of `tunes_split`.
    """
    families = _families(corpus)
    first = set(tunes_split(corpus)["test"])
    works: list[list[str]] = [[] for _ in range(FOLDS)]
    for tune in _sorted(families):
        fold = works[0] if families[tune][0] in first else min(works[1:], key=len)
        fold += families[tune]
    number = {bwv: index for index, names in enumerate(works) for bwv in names}
    return {bwv: number[bwv] for bwv in corpus.works}


def fold_split(corpus: Corpus, fold: int) -> dict[str, tuple[str, ...]]:
    """The parts for the member that never sees a fold; for fold 0, `tunes_split` itself.

    Parameters
    ----------
    corpus : Corpus
    fold : int
        0 to 4.

    Returns
    -------
    dict
        ``"test"`` is the fold; about a tenth of all works are ``"valid"``, the rest ``"train"``.

    Raises
    ------
    ValueError
        If there is no such fold.
    """
    if not 0 <= fold < FOLDS:
        raise ValueError(f"no fold {fold}; there are folds 0 to {FOLDS - 1}")
    held = [bwv for bwv, number in folds(corpus).items() if number == fold]
    rest = {tune: names for tune, names in _families(corpus).items() if names[0] not in held}
    parts = _dealt(rest, {"train": [], "valid": []}, corpus)
    return _in_order({**parts, "test": held}, corpus)


def _families(corpus: Corpus) -> dict[str, list[str]]:
    families: dict[str, list[str]] = defaultdict(list)
    for bwv, work in corpus.works.items():
        families[work.tune].append(bwv)
    return families


def _dealt(families: Families, parts: dict[str, list[str]], corpus: Corpus) -> dict[str, list[str]]:
    for tune in _sorted(families):
        large = len(families[tune]) >= LARGE_FAMILY
        part = "train" if large else max(parts, key=lambda part: _lack(parts, part, corpus))
        parts[part] += families[tune]
    return parts


def _in_order(parts: Mapping[str, Sequence[str]], corpus: Corpus) -> dict[str, tuple[str, ...]]:
    place = {bwv: index for index, bwv in enumerate(corpus.works)}
    return {part: tuple(sorted(names, key=place.__getitem__)) for part, names in parts.items()}


def _sorted(families: Families) -> list[str]:
    return sorted(families, key=lambda tune: _order(tune, len(families[tune])))


def _order(tune: str, members: int) -> tuple[bool, str]:
    return members < LARGE_FAMILY, hashlib.sha256(tune.encode()).hexdigest()


def _lack(parts: dict[str, list[str]], part: str, corpus: Corpus) -> float:
    return PARTS[part] * len(corpus.works) - len(parts[part])
