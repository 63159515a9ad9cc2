from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.music.corpus import music21_import
from generator.music.corpus.jsb import jsb_bwv, load_jsb
from generator.music.corpus.works import CorpusError
from generator.music.grid.chorale import REST, VOICE_RANGES, bar_steps, repaired_onsets

EXCLUDED = {
    "BWV27.6": "5 voices",
    "BWV227.3": "5 voices",
    "BWV36.4-2": "off the grid",
    "BWV185.6": "off the grid",
    "BWV248.64-6": "off the grid",
    "BWV248.64-s": "off the grid",
    "BWV432": "off the grid",
    "BWV846": "no part for Soprano",
}


def test_every_file_is_a_work_or_excluded_by_name(corpus):
    files = {music21_import.bwv_of(path) for path in music21_import.chorale_files()}
    assert set(corpus.works) | set(corpus.excluded) == files
    assert len(corpus.works) == 402


def test_works_that_do_not_fit_are_excluded_with_the_reason(corpus):
    assert corpus.excluded.keys() == EXCLUDED.keys()
    assert all(reason in corpus.excluded[bwv] for bwv, reason in EXCLUDED.items())


def test_works_with_instruments_are_included(corpus):
    instrumental = [bwv for bwv, work in corpus.works.items() if work.instrumental]
    assert len(instrumental) == 40
    assert {"BWV1.6", "BWV171.6", "BWV190.7-inst"} <= set(instrumental)


def test_the_notes_are_those_of_the_published_grid(corpus):
    names = jsb_bwv()
    identical = [
        names[f"{part}/{index}"]
        for part, chorales in load_jsb().items()
        for index, chorale in enumerate(chorales)
        if (work := corpus.works.get(names.get(f"{part}/{index}", ""))) is not None
        and np.array_equal(work.chorale.pitch, chorale.pitch)
    ]
    assert len(identical) == 19


def test_every_voice_keeps_its_range_and_sings(corpus):
    for work in corpus.works.values():
        for line, (low, high) in zip(work.chorale.pitch, VOICE_RANGES, strict=True):
            sung = line[line != REST]
            assert low <= sung.min() <= sung.max() <= high, work.bwv


def test_repeated_notes_are_told_from_held_ones(corpus):
    onsets = sum(int(work.chorale.onset.sum()) for work in corpus.works.values())
    changes = sum(
        int(repaired_onsets(work.chorale.pitch, np.zeros_like(work.chorale.onset)).sum())
        for work in corpus.works.values()
    )
    assert 0.12 < 1 - changes / onsets < 0.16


def test_fermatas_stand_on_beats_over_notes(corpus):
    for work in corpus.works.values():
        chorale = work.chorale
        begins = np.flatnonzero(np.diff(chorale.fermata, prepend=False) & chorale.fermata)
        assert not (chorale.bar_phase()[begins] % 4).any(), work.bwv
        assert (chorale.pitch[:, chorale.fermata] != REST).any(axis=0).all(), work.bwv
    without = {bwv for bwv, work in corpus.works.items() if not work.chorale.fermata.any()}
    assert without == {"BWV1.6", "BWV79.3", "BWV112.5", "BWV248.23-2", "BWV248.42-4"}


def test_after_a_fermata_all_voices_begin_anew_but_in_four_places(corpus):
    held, places = [], 0
    for bwv, work in corpus.works.items():
        chorale = work.chorale
        after = np.append(False, chorale.fermata[:-1]) & ~chorale.fermata
        over = after & ~chorale.onset & (chorale.pitch != REST)
        places += 4 * int(after.sum())
        held += [bwv] * int(over.sum())
    assert places == 8340
    assert held == ["BWV375"] * 3 + ["BWV407"]


def test_a_soprano_fermata_covers_the_note_and_nothing_after_it(corpus):
    chorale = corpus.work("BWV269").chorale
    first = np.flatnonzero(chorale.fermata)[0]
    assert chorale.onset[0, first]
    end = first + int(np.argmin(chorale.fermata[first:]))
    assert not chorale.onset[0, first + 1 : end].any()
    assert chorale.onset[0, end] or chorale.pitch[0, end] == REST


def test_keys_and_metres_are_the_known_ones(corpus):
    known = {
        "BWV269": ("G major", "3/4", 4),
        "BWV66.6": ("F# minor", "4/4", 4),
        "BWV227.1": ("E minor", "4/4", 0),
        "BWV253": ("A major", "4/4", 4),
        "BWV123.6": ("B minor", "3/2", 0),
        "BWV60.5": ("A major", "4/4", 0),
    }
    for bwv, (key, metre, pickup) in known.items():
        chorale = corpus.work(bwv).chorale
        assert (chorale.key, chorale.metre[0][1], chorale.anacrusis) == (key, metre, pickup), bwv
    minor = sum(work.chorale.mode == "minor" for work in corpus.works.values())
    assert 170 < minor < 210


def test_repeats_are_spans_inside_the_work(corpus):
    repeated = [work for work in corpus.works.values() if work.repeats]
    assert len(repeated) > 150
    assert corpus.work("BWV269").repeats == ((0, 84),)
    for work in repeated:
        stops = [0, *(stop for _, stop in work.repeats)]
        for (start, stop), before in zip(work.repeats, stops, strict=False):
            assert before <= start < stop <= work.chorale.steps, work.bwv


def test_every_work_has_a_title(corpus):
    assert corpus.work("BWV269").title == "Aus meines Herzens Grunde"
    assert corpus.work("BWV26.6").title == "Ach wie flüchtig, ach wie nichtig"
    assert corpus.work("BWV1.6").title == "Wie schön leuchtet der Morgenstern"
    assert all(0 < len(work.title) <= 80 for work in corpus.works.values())
    assert all(work.title == work.chorale.title for work in corpus.works.values())


def test_works_are_found_in_any_case_and_a_missing_one_says_why(corpus):
    assert corpus.work("bwv66.6") is corpus.works["BWV66.6"]
    with pytest.raises(CorpusError, match=r"'BWV999'.*look like BWV269"):
        corpus.work("BWV999")
    with pytest.raises(CorpusError, match=r"BWV432 is excluded.*off the grid"):
        corpus.work("bwv432")


def test_the_hash_follows_the_notes(corpus):
    work = corpus.work("BWV269")
    pitch = work.chorale.pitch.copy()
    pitch[0, -1] += 1
    onset = repaired_onsets(pitch, work.chorale.onset)
    other = replace(work, chorale=work.chorale.with_voices(pitch, onset))
    changed = replace(corpus, works={**corpus.works, "BWV269": other})
    assert replace(corpus).data_hash == corpus.data_hash != changed.data_hash
    assert len(corpus.data_hash) == 64


def test_bar_phases_follow_the_bars(corpus):
    for work in corpus.works.values():
        chorale = work.chorale
        phase = chorale.bar_phase()
        starts = [step for step, _ in chorale.metre[1:]]
        assert not phase[starts].any(), work.bwv
        lengths = [bar_steps(name) for _, name in chorale.metre]
        spans = np.diff([chorale.anacrusis, *starts, chorale.steps])
        whole = [int(span) % length for span, length in zip(spans, lengths, strict=True)]
        assert not any(whole[:-1]), work.bwv
