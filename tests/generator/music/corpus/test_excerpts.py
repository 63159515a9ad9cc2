from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from generator.music.corpus.excerpts import candidates, excerpts_of
from generator.music.corpus.splits import tunes_split
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.phrases import cuts, phrase_ends
from generator.music.grid.tempo import step_seconds


@pytest.fixture(scope="module")
def spans(corpus) -> list[tuple[Chorale, int, int]]:
    return [
        (work.chorale, start, stop)
        for work in corpus.works.values()
        for start, stop in excerpts_of(work.chorale)
    ]


def test_every_excerpt_ends_with_the_last_step_of_a_soprano_fermata(spans):
    for chorale, _, stop in spans:
        assert chorale.fermata[stop - 1], chorale.bwv
        assert chorale.pitch[0, stop - 1] != REST, chorale.bwv


def test_no_voice_holds_a_note_over_either_cut(spans):
    for chorale, start, stop in spans:
        for at in (start, stop):
            if 0 < at < chorale.steps:
                rest = chorale.pitch[:, at] == REST
                began = np.where(rest, chorale.pitch[:, at - 1] != REST, chorale.onset[:, at])
                assert began.all(), (chorale.bwv, at)


def test_every_excerpt_begins_sounding_after_a_fermata_or_with_the_piece(spans):
    for chorale, start, _ in spans:
        assert chorale.onset[:, start].any(), chorale.bwv
        before = chorale.fermata[:start] & (chorale.pitch[0, :start] != REST)
        since = np.flatnonzero(before)[-1] + 1 if before.any() else 0
        assert (chorale.pitch[:, since:start] == REST).all(), (chorale.bwv, start)


def test_every_excerpt_lasts_ten_to_twenty_five_seconds(spans):
    for chorale, start, stop in spans:
        seconds = (stop - start) * step_seconds(chorale.metre[0][1])
        assert 10 <= seconds <= 25, chorale.bwv


def test_excerpts_of_a_work_never_overlap(corpus):
    for work in corpus.works.values():
        spans = excerpts_of(work.chorale)
        assert all(one[1] <= other[0] for one, other in pairwise(spans)), work.bwv


def test_there_is_enough_to_play(corpus):
    split = tunes_split(corpus)
    held = {bwv: excerpts_of(corpus.works[bwv].chorale) for bwv in split["test"]}
    assert sum(map(len, held.values())) == 214
    assert len({corpus.works[bwv].tune for bwv, spans in held.items() if spans}) == 42
    without = [bwv for bwv, work in corpus.works.items() if not excerpts_of(work.chorale)]
    assert len(without) <= 10


def test_a_slice_at_an_excerpt_cuts_no_note(spans):
    for chorale, start, stop in spans:
        cut = chorale.slice(start, stop)
        assert (cut.onset == chorale.onset[:, start:stop]).all(), chorale.bwv
        assert (cut.bar_phase() == chorale.bar_phase()[start:stop]).all(), chorale.bwv


def phrases(*bars: int, hold: int = 4) -> Chorale:
    """Phrases of so many bars; quarters, the last one of each under a fermata."""
    steps = 16 * sum(bars)
    pitch = np.repeat([[72], [67], [64], [48]], steps, axis=1)
    onset = np.zeros((4, steps), dtype=bool)
    onset[:, ::4] = True
    fermata = np.zeros(steps, dtype=bool)
    for end in np.cumsum(bars) * 16:
        fermata[end - hold : end] = True
    return Chorale(pitch=pitch, onset=onset, fermata=fermata)


def test_as_many_excerpts_as_fit_are_taken():
    assert excerpts_of(phrases(2, 2, 2, 2)) == [(0, 64), (64, 128)]
    assert excerpts_of(phrases(3, 2, 4)) == [(0, 80), (80, 144)]


def test_what_is_too_short_or_too_long_gives_none():
    assert excerpts_of(phrases(3)) == []
    assert excerpts_of(phrases(9)) == []


def test_equally_many_excerpts_leave_least_out():
    assert excerpts_of(phrases(4, 2)) == [(0, 96)]


def test_a_note_held_over_the_fermata_allows_no_cut():
    chorale = phrases(4, 4)
    onset = chorale.onset.copy()
    onset[3, 64] = False
    held = chorale.with_voices(chorale.pitch, onset)
    assert phrase_ends(chorale) == [64, 128]
    assert phrase_ends(held) == [128]
    assert not cuts(held)[64]


def test_silence_after_a_phrase_belongs_to_no_excerpt():
    chorale = phrases(4, 5)
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    pitch[:, 64:80], onset[:, 64:80] = REST, False
    assert excerpts_of(chorale.with_voices(pitch, onset)) == [(0, 64), (80, 144)]


def test_a_long_silence_inside_allows_no_excerpt():
    chorale = phrases(5)
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    for steps, expected in ((8, [(0, 80)]), (12, [])):
        pitch[:, 16 : 16 + steps], onset[:, 16 : 16 + steps] = REST, False
        assert candidates(chorale.with_voices(pitch, onset)) == expected


def test_a_half_counts_as_a_beat_in_three_two():
    assert step_seconds("4/4") == step_seconds("3/4") == 60 / 76 / 4
    assert step_seconds("3/2") == step_seconds("4/4") / 2
