"""The split by tunes: what is learned from, what may stop the learning, what is played and scored.

Rule
----
A tune family goes to one part as a whole. Families of six works or more are for training: in the
test part each would cost many works and add one tune, and a listener meets a tune only once. The
others come in the order of the sha256 of their names, each to the part that lacks most, until the
parts hold about 70, 10 and 20 per cent of the works. No random numbers, and nothing but the
families decides.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict

from generator.music.corpus import Corpus

PARTS: dict[str, float] = {"train": 0.7, "valid": 0.1, "test": 0.2}
LARGE_FAMILY = 6


def tunes_split(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    """BWV numbers by part, each in the order of the corpus.

    Returns
    -------
    dict
        ``"train"``, ``"valid"`` and ``"test"``; each work in exactly one of them.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for bwv, work in corpus.works.items():
        families[work.tune].append(bwv)
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for tune in sorted(families, key=lambda tune: _order(tune, len(families[tune]))):
        large = len(families[tune]) >= LARGE_FAMILY
        part = "train" if large else max(PARTS, key=lambda part: _lack(parts, part, corpus))
        parts[part] += families[tune]
    place = {bwv: index for index, bwv in enumerate(corpus.works)}
    return {part: tuple(sorted(names, key=place.__getitem__)) for part, names in parts.items()}


def _order(tune: str, members: int) -> tuple[bool, str]:
    return members < LARGE_FAMILY, hashlib.sha256(tune.encode()).hexdigest()


def _lack(parts: dict[str, list[str]], part: str, corpus: Corpus) -> float:
    return PARTS[part] * len(corpus.works) - len(parts[part])
