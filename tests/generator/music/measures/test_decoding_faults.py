from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.measures.counts import Count
from generator.music.measures.decoding_faults import (
    collapses,
    longest_loop,
    loops,
    out_of_range,
    ranges_of,
)

ALL = np.ones(4, dtype=bool)
SOPRANO = np.array([True, False, False, False])
UPWARDS = np.arange(96) % 40 + 33  # never the same twice within 40 steps


def sung(soprano, others=UPWARDS, **frame) -> Chorale:
    """A soprano of one note a step over other voices that never come back."""
    steps = len(soprano)
    pitch = np.array([soprano, *[np.resize(others, steps)] * 3])
    return Chorale(pitch, repaired_onsets(pitch, np.ones_like(pitch)), **frame)


@pytest.mark.parametrize("period", range(1, 9))
def test_a_cycle_of_up_to_eight_events_is_a_loop(period):
    notes = np.resize(60 + np.arange(period), 72)
    assert longest_loop(sung(notes), SOPRANO) == 72
    assert loops(sung(notes), SOPRANO) == Count(1, 1)


def test_a_cycle_of_nine_events_is_none():
    assert longest_loop(sung(np.resize(60 + np.arange(9), 72)), SOPRANO) == 0


def test_a_loop_lasts_over_four_bars():
    trill = [60, 62] * 32
    assert longest_loop(sung(trill), SOPRANO) == 64
    assert loops(sung(trill), SOPRANO) == Count(0, 0)  # too short to tell
    assert loops(sung([*trill, 60]), SOPRANO) == Count(1, 1)
    assert loops(sung([*trill, 64]), SOPRANO) == Count(0, 1)
    assert loops(sung(trill, metre=((0, "3/4"),)), SOPRANO) == Count(1, 1)


def test_what_is_sung_before_and_after_is_no_part_of_it():
    notes = [70, 71, 72, *[60, 62] * 10, 73, 74]
    assert longest_loop(sung(notes), SOPRANO) == 20


def test_what_is_sung_once_more_but_not_twice_is_no_loop():
    assert longest_loop(sung([60, 62, 64, 65, 60, 62, 64, 67]), SOPRANO) == 0


def test_a_repeated_chord_is_a_loop_and_a_held_one_is_none():
    pitch = np.full((4, 80), 60)
    held = Chorale(pitch, repaired_onsets(pitch, np.zeros_like(pitch)))
    quarters = np.zeros((4, 80), dtype=bool)
    quarters[:, ::4] = True
    assert longest_loop(held, ALL) == 0
    assert longest_loop(held.with_voices(pitch, quarters), ALL) == 80


def test_other_lengths_are_other_events():
    notes = np.repeat([60, 62] * 6, np.arange(1, 13))
    assert longest_loop(sung_held(notes), SOPRANO) == 0


def sung_held(notes) -> Chorale:
    pitch = np.array([notes, *[np.resize(UPWARDS, len(notes))] * 3])
    return Chorale(pitch, repaired_onsets(pitch, np.zeros_like(pitch)))


def test_given_voices_and_given_spans_are_not_looked_at():
    trill = sung([60, 62] * 40)
    others = np.array([False, True, True, True])
    assert loops(trill, others) == Count(0, 1)
    cells = np.zeros((4, 80), dtype=bool)
    cells[0, 40:] = True
    assert longest_loop(trill, cells) == 40


def test_nothing_written_is_refused():
    with pytest.raises(ValueError, match="no cell is written"):
        longest_loop(sung([60] * 8), np.zeros(4, dtype=bool))


def test_one_chord_for_more_than_half_of_the_time_is_a_collapse():
    assert not collapses(sung_held([60] * 8 + list(range(61, 69))), SOPRANO)
    assert collapses(sung_held([60] * 9 + list(range(61, 68))), SOPRANO)


def test_notes_out_of_range_are_counted_among_written_notes():
    piece = sung([59, 60, 80, 82])
    assert out_of_range(piece, SOPRANO, ((60, 81),) * 4) == Count(2, 4)


def test_ranges_are_those_of_the_works():
    works = [sung([60, 72]), sung([58, REST, 65])]
    assert ranges_of(works)[0] == (58, 72)


def test_bach_hardly_loops():
    """Four melodies sing a phrase again at once; no four voices do."""
    works = [work.chorale for work in load_corpus().works.values()]
    assert sum(loops(work, SOPRANO).count for work in works) == 4
    assert sum(loops(work, ALL).count for work in works) == 0
