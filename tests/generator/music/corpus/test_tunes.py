from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from generator.music.corpus.tunes import (
    SAME_HYMN,
    alignment_score,
    harmony_pairs,
    melody_of,
    tune_families,
    tune_pairs,
)
from generator.music.grid.chorale import REST, Chorale

NEAR_COPIES = (
    "112.5/112.5-sc 137.5/120.8-a 171.6/41.6 12.7/69.6-a 190.7/190.7-inst 18.5-w/18.5-lz "
    "20.7/20.11 177.4/117.4 59.3/175.7 398/197.7-a 274/62.6 279/158.4 227.1/227.11 "
    "244.15/244.17/244.44 248.35-3/248.35-3c 414/253 176.6/280 248.9-1/248.9-s "
    "248.23-2/248.23-s 248.42-4/248.42-s"
)
SAME_MELODY = (
    "1.6/172.6/436 2.6/77.6/153.1 4.8/277/278 7.7/280 9.7/86.6/155.5 10.7/323/324 "
    "64.8/81.7/87.7/358 31.9/95.7/428 41.6/190.7/362 45.7/64.4/94.8 66.6/276 80.8/302/303 "
    "90.5/101.7/416 119.9/328 135.6/153.5/270 245.15/283 57.8/137.5 145-a/365 169.7/197.5/385 "
    "245.26/415"
)
OTHER_MELODY = "135.6/13.6 270/272 363/364 379/380 286/40.3 112.5/146.8 184.5/390 253/301 5.7/1.6"


def works(group: str) -> list[str]:
    return [f"BWV{number}" for number in group.split("/")]


@pytest.mark.parametrize("group", [*NEAR_COPIES.split(), *SAME_MELODY.split()])
def test_the_same_melody_is_one_family(corpus, group):
    assert len({corpus.works[bwv].tune for bwv in works(group)}) == 1


@pytest.mark.parametrize("group", OTHER_MELODY.split())
def test_another_melody_is_another_family(corpus, group):
    one, other = works(group)
    assert corpus.works[one].tune != corpus.works[other].tune


def test_there_are_about_two_hundred_families_and_none_is_a_chain(corpus):
    families = Counter(work.tune for work in corpus.works.values())
    assert len(families) == 206
    assert families.most_common(2) == [("BWV135.6", 11), ("BWV13.6", 10)]


def test_a_family_bears_the_name_of_its_first_work(corpus):
    members = defaultdict(list)
    for bwv, work in corpus.works.items():
        members[work.tune].append(bwv)
    assert all(names[0] == tune for tune, names in members.items())


def test_titles_agree_with_the_families(corpus):
    """Works of one title nearly always share a melody; where not, the hymn has two."""
    titles = defaultdict(set)
    for work in corpus.works.values():
        titles[work.title].add(work.tune)
    several = {title for title, tunes in titles.items() if len(tunes) > 1}
    assert len(several) <= 9, several


def tune(*pitches: int, steps: int = 4, under: int = -12) -> Chorale:
    soprano = np.repeat(np.array(pitches, dtype=np.int16), steps)
    pitch = np.stack([soprano, soprano - 5, soprano - 8, soprano + under])
    onset = np.zeros(pitch.shape, dtype=bool)
    onset[:, ::steps] = True
    return Chorale(pitch=pitch, onset=onset)


LINE = (72, 74, 76, 77, 79, 76, 72, 71, 69, 67, 69, 71, 74, 72)


def test_the_melody_is_what_stands_on_the_beats():
    chorale = tune(*LINE)
    slow = tune(*LINE, steps=8)
    assert melody_of(chorale) == melody_of(slow) == LINE
    pitch = chorale.pitch.copy()
    pitch[:, 2:4] = 73
    onset = chorale.onset.copy()
    onset[:, 2] = True
    assert melody_of(chorale.with_voices(pitch, onset)) == LINE
    pitch[0] = REST
    onset[0] = False
    assert melody_of(chorale.with_voices(pitch, onset)) == ()


def test_alignment_counts_what_both_have_less_where_they_part():
    assert alignment_score(LINE, LINE) == len(LINE)
    assert alignment_score(LINE, (*LINE[:5], *LINE[6:])) == len(LINE) - 2
    assert alignment_score(LINE, (*LINE[:5], 60, *LINE[6:])) == len(LINE) - 2
    assert alignment_score(LINE, tuple(pitch - 3 for pitch in LINE), 3) == len(LINE)
    assert alignment_score(LINE, (50, 51)) == 0


def test_key_and_metre_and_a_note_make_no_other_tune():
    changed = [*LINE[:-1], LINE[-1] + 2]
    chorales = {
        "a": tune(*LINE),
        "moved": tune(*(pitch - 4 for pitch in LINE), steps=8),
        "varied": tune(*changed),
        "other": tune(*(pitch + 3 * (index % 3) for index, pitch in enumerate(LINE))),
    }
    families = tune_families(chorales)
    assert families == {"a": "a", "moved": "a", "varied": "a", "other": "other"}
    assert tune_families(dict(reversed(chorales.items())))["a"] == "varied"


def test_families_are_what_hangs_together(corpus):
    few = {bwv: corpus.works[bwv].chorale for bwv in works("41.6/190.7/362/1.6/436/269")}
    pairs = {frozenset(pair) for pair in tune_pairs(few)}
    assert frozenset({"BWV1.6", "BWV436"}) in pairs
    assert len(set(tune_families(few).values())) == 3


def test_the_same_chords_are_a_near_copy_whatever_the_key():
    one = tune(*LINE)
    moved = one.with_voices(one.pitch - 2, one.onset)
    assert harmony_pairs({"one": one, "moved": moved}) == [("one", "moved")]
    assert harmony_pairs({"one": one, "other bass": tune(*LINE, under=-15)}) == []
    assert harmony_pairs({"one": one, "a phrase of it": tune(*LINE[:9])}) == []


def test_only_the_named_hymns_are_joined_by_hand(corpus):
    chorales = {bwv: corpus.works[bwv].chorale for pair in SAME_HYMN for bwv in pair}
    assert tune_pairs(chorales) == harmony_pairs(chorales) == []
