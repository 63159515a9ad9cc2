"""Whose word counts: what the owner gives, then the file's fermatas, then what is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.music.phrase_ends.melody_phrases import phrases_of
from tests.generator.music.phrase_ends.lines import TWINKLE, melody

BARS = [2, 4, 6, 8, 10, 12]


def bars(phrases) -> list[int]:
    return [end.bar for end in phrases.ends]


def marked(*spans: tuple[int, int]) -> np.ndarray:
    marks = np.zeros(192, dtype=np.bool_)
    for start, end in spans:
        marks[start:end] = True
    return marks


def test_ends_that_are_found_are_no_fermatas_of_the_score():
    phrases = phrases_of(melody(*TWINKLE), 0)
    assert (phrases.origin, bars(phrases)) == ("found", BARS)
    assert np.flatnonzero(phrases.marks)[:8].tolist() == list(range(24, 32))
    assert phrases.marks.sum() == 6 * 8
    assert not phrases.written.any()


def test_fermatas_of_the_file_count_alone():
    fermata = marked((56, 64), (120, 128))
    phrases = phrases_of(melody(*TWINKLE, fermata=fermata), 0)
    assert (phrases.origin, bars(phrases)) == ("file", [4, 8])
    assert np.array_equal(phrases.marks, fermata)
    assert np.array_equal(phrases.written, fermata)


def test_two_fermatas_in_a_row_are_two_ends():
    phrases = phrases_of(melody(*TWINKLE, fermata=marked((48, 52), (52, 56))), 0)
    assert [(end.start, end.end) for end in phrases.ends] == [(48, 52), (52, 56)]


def test_bars_that_are_given_count_and_are_written():
    phrases = phrases_of(melody(*TWINKLE), 0, bars=[4, 8, 12])
    assert (phrases.origin, bars(phrases)) == ("given", [4, 8, 12])
    assert np.array_equal(phrases.written, marked((56, 64), (120, 128), (184, 192)))


def test_the_last_note_ends_a_phrase_but_gets_no_fermata_unasked():
    phrases = phrases_of(melody(*TWINKLE), 0, bars=[4])
    assert bars(phrases) == [4, 12]
    assert np.array_equal(phrases.written, marked((56, 64)))


def test_bars_that_are_given_go_before_fermatas():
    phrases = phrases_of(melody(*TWINKLE, fermata=marked((24, 32))), 0, bars=[12])
    assert np.array_equal(phrases.marks, marked((184, 192)))


def test_in_a_bar_that_is_given_the_next_phrase_may_begin_with_a_pickup():
    line = melody("F", "AABB", "c22F", "AABB", "c22", anacrusis=4)
    first, _ = phrases_of(line, 0, bars=[2, 4]).ends
    assert (first.start, first.end, first.bar) == (20, 32, 2)


def test_a_bar_in_which_a_note_is_held_names_that_note():
    line = melody("FFGG", "A222" + "2222", "BBAG", "F222")
    assert phrases_of(line, 0, bars=[3]).ends[0].start == 16


@pytest.mark.parametrize("bar", [0, 13])
def test_a_bar_that_the_melody_has_not_is_refused(bar):
    with pytest.raises(ValueError, match=f"in bar {bar}; the melody has bars 1 to 12"):
        phrases_of(melody(*TWINKLE), 0, bars=[2, bar])


def test_a_part_of_a_melody_keeps_the_numbers_of_its_bars():
    part = phrases_of(melody(*TWINKLE), 0, bars=[4, 8]).between(60, 160)
    assert [tuple(end) for end in part.ends] == [(0, 4, 4), (60, 68, 8)]
    assert len(part.written) == 100
    assert part.marks[:4].all()


def test_a_rest_ends_a_phrase_and_a_bar_line_does_not():
    evenly = melody("FGAGFGAG" + "FGABcBAG" + "F222")
    resting = melody("FGAGF2--" + "FGABcBAG" + "F222")
    assert 16 in [end.start for end in phrases_of(resting, 0).ends]
    assert 16 not in [end.start for end in phrases_of(evenly, 0).ends]


def test_the_sentence_says_where_ends_come_from():
    line = melody(*TWINKLE)
    assert "bars 2, 4, 6, 8, 10 and 12 (found in" in phrases_of(line, 0).sentence()
    assert phrases_of(line, 0, bars=[12]).sentence() == "it ends in bar 12 (as given)"
    fermata = replace(line, fermata=marked((24, 32)))
    assert phrases_of(fermata, 0).sentence() == "it ends in bar 2 (where the file has fermatas)"
