from __future__ import annotations

import hashlib
from collections import Counter

from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.splits import tunes_split


def test_the_families_are_those_of_the_rule(corpus):
    test = set(tunes_split(corpus)["test"])
    sizes = Counter(work.tune for work in corpus.works.values())
    by_mode: dict[str, list[str]] = {"major": [], "minor": []}
    for bwv, work in corpus.works.items():
        excerpts = len(excerpts_of(work.chorale))
        if bwv in test and sizes[work.tune] == 1 and excerpts in (2, 3):
            by_mode[work.chorale.mode].append(work.tune)
    first = {
        tune
        for tunes in by_mode.values()
        for tune in sorted(tunes, key=lambda tune: hashlib.sha256(tune.encode()).hexdigest())[:4]
    }
    assert first == SET_ASIDE_TUNES


def test_the_quiz_loses_twenty_excerpts_of_the_test_part(corpus):
    works = [work for work in corpus.works.values() if work.tune in SET_ASIDE_TUNES]
    assert len(works) == 8
    assert sum(len(excerpts_of(work.chorale)) for work in works) == 20
