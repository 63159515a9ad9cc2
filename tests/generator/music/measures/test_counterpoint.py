from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST
from generator.music.measures.counterpoint import (
    PER_BEAT,
    augmented_fourths_at,
    augmented_seconds_at,
    counterpoint_counts,
    cross_relations_at,
    dissonances_left_by_leap_at,
    doubled_leading_tones_at,
    leaps_beyond_octave_at,
    leaps_of_a_seventh_at,
    second_eighths_at,
    second_eighths_on_at,
)
from generator.music.measures.counts import Count, total
from tests.generator.music.measures.material import (
    ALL,
    ATB,
    bars,
    eighths,
    fermata,
    first_excerpts,
    places,
    quarters,
)

SOPRANO, ALTO, TENOR, BASS = range(4)
SB = 2  # of the pairs
LOWER = {"alto": 67, "tenor": 60, "bass": 48}


class TestDissonances:
    def left(self, *soprano, **frame):
        return places(dissonances_left_by_leap_at(bars(soprano=soprano, **frame), ALL))

    def test_a_passing_seventh_that_leaps_is_found_where_it_leaps_to(self):
        assert self.left((72, 2), (70, 2), (65, 4)) == [[SOPRANO, 4]]

    def test_one_that_goes_on_by_step_is_none(self):
        assert self.left((72, 2), (70, 2), (69, 4)) == []

    def test_a_consonance_may_leap(self):
        assert self.left((77, 2), (76, 2), (72, 4)) == []

    def test_a_dissonance_that_is_reached_by_leap_belongs_to_the_chord(self):
        assert self.left((67, 2), (70, 2), (65, 4)) == []

    def test_on_the_beat_it_is_a_chord_or_a_suspension(self):
        assert self.left((72, 4), (70, 4), (65, 4)) == []

    def test_a_voice_that_begins_with_it_makes_a_new_chord(self):
        moving = {name: eighths(*[pitch] * 4) for name, pitch in LOWER.items()}
        assert self.left((72, 2), (70, 2), (65, 4), **moving) == []

    def test_the_end_of_a_phrase_is_no_leap(self):
        assert self.left((72, 2), (70, 2), (65, 4), fermata=fermata(8, (2, 4))) == []

    def test_a_rest_is_no_dissonance(self):
        resting = {name: [(REST, 8)] for name in LOWER}
        assert self.left((72, 2), (70, 2), (65, 4), **resting) == []

    def test_the_voice_that_leaps_is_written(self):
        chorale = bars(soprano=[(72, 2), (70, 2), (65, 4)])
        for written, found in (([1, 0, 0, 0], 1), ([0, 1, 1, 1], 0)):
            assert dissonances_left_by_leap_at(chorale, written).sum() == found


class TestCrossRelations:
    def test_g_against_g_sharp_is_found_where_the_second_begins(self):
        chorale = bars(soprano=quarters(79, 79), tenor=quarters(64, 68), key="A minor")
        assert places(cross_relations_at(chorale, ALL)) == [[1, 4], [3, 4]]  # with the alto's G too

    def test_a_minor_second_of_two_letters_is_none(self):
        chorale = bars(soprano=quarters(76, 77), alto=quarters(64, 64), key="C major")
        assert places(cross_relations_at(chorale, ALL)) == []

    def test_one_that_is_held_on_is_counted_once(self):
        chorale = bars(alto=[(60, 8)], tenor=[(61, 8)], soprano=quarters(76, 76))
        assert places(cross_relations_at(chorale, ALL)) == [[3, 0], [5, 0]]  # with the bass, too

    def test_an_octave_or_a_rest_is_none(self):
        chorale = bars(soprano=quarters(79, REST), alto=quarters(67, 68))
        assert places(cross_relations_at(chorale, ALL)) == []


class TestMoves:
    @pytest.mark.parametrize(
        ("at", "line", "key", "found"),
        [
            (augmented_seconds_at, (65, 68), "A minor", True),
            (augmented_seconds_at, (68, 65), "A minor", True),
            (augmented_seconds_at, (65, 68), "F minor", False),  # F to A flat
            (augmented_seconds_at, (64, 67), "C major", False),
            (augmented_fourths_at, (65, 71), "C major", True),
            (augmented_fourths_at, (71, 65), "C major", True),
            (augmented_fourths_at, (59, 65), "C major", False),  # a diminished fifth
            (augmented_fourths_at, (60, 65), "C major", False),
            (leaps_beyond_octave_at, (60, 73), "C major", True),
            (leaps_beyond_octave_at, (60, 72), "C major", False),
            (leaps_of_a_seventh_at, (60, 70), "C major", True),
            (leaps_of_a_seventh_at, (71, 60), "C major", True),
            (leaps_of_a_seventh_at, (60, 69), "C major", False),
            (leaps_of_a_seventh_at, (60, 72), "C major", False),
        ],
    )
    def test_a_move_is_found_at_its_second_note(self, at, line, key, found):
        chorale = bars(tenor=quarters(*line), key=key)
        assert places(at(chorale, ALL)) == ([[TENOR, 4]] if found else [])

    def test_one_of_the_two_notes_is_written(self):
        chorale = bars(tenor=quarters(60, 70))
        for step, found in ((0, True), (4, True), (3, False)):
            written = np.zeros((4, 8), dtype=bool)
            written[TENOR, step] = True
            assert leaps_of_a_seventh_at(chorale, written).any() == found
        assert not leaps_of_a_seventh_at(chorale, [1, 1, 0, 1]).any()

    def test_over_a_rest_or_the_end_of_a_phrase_nobody_moves(self):
        rest = bars(tenor=[(60, 2), (REST, 2), (70, 4)])
        phrase = bars(tenor=quarters(60, 70), soprano=quarters(72, 72), fermata=fermata(8, (0, 4)))
        for chorale in (rest, phrase):
            assert not leaps_of_a_seventh_at(chorale, ALL).any()


class TestLeadingTones:
    def doubled(self, soprano, alto, tenor, bass, key="C major"):
        lines = [quarters(*line) for line in (soprano, alto, tenor, bass)]
        chorale = bars(
            **dict(zip(("soprano", "alto", "tenor", "bass"), lines, strict=True)), key=key
        )
        return places(doubled_leading_tones_at(chorale, ALL))

    def test_two_in_a_dominant_before_the_tonic_are_found_with_their_voices(self):
        assert self.doubled((71, 72), (67, 67), (62, 64), (59, 60)) == [[SB, 0]]

    def test_one_is_right(self):
        assert self.doubled((71, 72), (67, 67), (62, 64), (55, 60)) == []

    def test_in_another_chord_it_is_no_leading_tone(self):
        assert self.doubled((71, 72), (67, 67), (64, 64), (59, 60)) == []  # E minor

    def test_where_no_tonic_follows_it_is_none(self):
        assert self.doubled((71, 71), (67, 67), (62, 62), (59, 55)) == []

    def test_the_key_says_which_it_is(self):
        assert self.doubled((71, 72), (67, 67), (62, 64), (59, 60), key="G major") == []


class TestSecondEighths:
    def counted(self, *line, **frame):
        chorale = bars(bass=line, **frame)
        second = places(second_eighths_at(chorale, ALL))
        return second, places(second_eighths_on_at(chorale, ALL))

    def test_one_that_fills_a_third_goes_on(self):
        assert self.counted(*eighths(48, 50), *quarters(52)) == ([[BASS, 4]], [[BASS, 4]])

    @pytest.mark.parametrize("goal", [48, 50, 55])
    def test_one_that_turns_back_repeats_or_leaps_does_not(self, goal):
        assert self.counted(*eighths(48, 50), *quarters(goal)) == ([[BASS, 4]], [])

    def test_one_that_is_reached_by_leap_is_not_counted(self):
        assert self.counted(*eighths(48, 52), *quarters(53)) == ([], [])

    def test_eighths_across_the_beat_are_not_two_of_a_beat(self):
        assert self.counted((48, 2), (48, 4), (50, 2), (52, 4)) == ([], [])

    def test_the_end_of_a_phrase_goes_nowhere(self):
        held = {"soprano": quarters(72, 72), "fermata": fermata(8, (0, 4))}
        assert self.counted(*eighths(48, 50), *quarters(52), **held) == ([], [])


def test_figures_are_of_the_beats_with_a_written_cell():
    chorale = bars(soprano=quarters(72, 72, 72))
    written = np.zeros((4, 12), dtype=bool)
    written[BASS, :5] = True
    counts = counterpoint_counts(chorale, written)
    assert {counts[name].of for name in PER_BEAT} == {2}
    assert set(counts) - set(PER_BEAT) == {"second_eighths_on"}


CASES = [
    (dissonances_left_by_leap_at, {"soprano": [(72, 2), (70, 2), (65, 4)]}, [(0, 2), (0, 4)]),
    (
        cross_relations_at,
        {"soprano": quarters(79, 79), "alto": quarters(64, 64), "tenor": quarters(64, 68)},
        [(0, 4), (2, 4)],
    ),
    (second_eighths_on_at, {"bass": [(48, 2), (50, 2), (52, 4)]}, [(3, 0), (3, 2), (3, 4)]),
]


@pytest.mark.parametrize(("at", "lines", "cells"), CASES)
def test_a_case_counts_if_one_of_its_cells_is_written(at, lines, cells):
    chorale = bars(**lines)
    assert at(chorale, ALL).any()
    for cell in np.ndindex(chorale.pitch.shape):
        written = np.zeros(chorale.pitch.shape, dtype=bool)
        written[cell] = True
        assert at(chorale, written).any() == (cell in cells), cell


def test_unwritten_voices_count_for_nothing():
    chorale = bars(tenor=quarters(60, 70), bass=quarters(48, 61))
    assert set(counterpoint_counts(chorale, [0] * 4).values()) == {Count(0, 0)}


@pytest.mark.parametrize("at", [*PER_BEAT.values(), second_eighths_on_at])
def test_a_mask_of_another_shape_is_refused(at):
    with pytest.raises(ValueError, match=r"written has shape \(3,\)"):
        at(bars(tenor=quarters(60, 70)), [True] * 3)


@pytest.fixture(scope="module")
def bach(corpus):
    """Bach's counts where composers are scored, as if alto, tenor and bass were theirs."""
    rows = [counterpoint_counts(excerpt, ATB) for excerpt in first_excerpts(corpus)]
    return {name: total([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("dissonances_left_by_leap", 19),
        ("cross_relations", 1),
        ("augmented_seconds", 0),
        ("augmented_fourths", 2),
        ("leaps_beyond_octave", 1),
        ("leaps_of_a_seventh", 11),
        ("doubled_leading_tones", 15),
        ("ornamented_fifths", 65),
        ("ornamented_octaves", 34),
        ("open_ends", 15),
    ],
)
def test_bach_breaks_a_rule_seldom(bach, name, cases):
    """In 6,990 beats. A recount may differ by one case; a changed rule will not."""
    assert bach[name] == Count(cases, 6990)


def test_three_of_four_second_eighths_go_on_in_bach(bach):
    assert bach["second_eighths_on"].rate == pytest.approx(0.78, abs=0.005)
