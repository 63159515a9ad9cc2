from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST, Chorale
from generator.music.measures.counts import MIN_CASES, Count, compare, total
from generator.music.measures.style import style_counts

ALL = [True] * 4
LINES = {"A": 67, "T": 60, "B": 48}


def soprano(pitches, begins=None, **frame) -> Chorale:
    """A soprano line over standing voices."""
    steps = len(pitches)
    pitch = np.array([pitches, *([low] * steps for low in LINES.values())])
    onset = np.zeros((4, steps), dtype=bool)
    onset[0] = np.append(True, np.diff(pitches) != 0) if begins is None else begins
    onset[:, 0] = True
    return Chorale(pitch=pitch, onset=onset & (pitch != REST), **frame)


def chord(*pitches, **frame) -> Chorale:
    return Chorale(pitch=[[p] for p in pitches], onset=[[p != REST] for p in pitches], **frame)


def rate(chorale, name, written=ALL) -> tuple[int, int]:
    count = style_counts(chorale, written)[name]
    return count.count, count.of


SOPRANO = [True, False, False, False]


def test_a_sixteenth_between_longer_notes_is_alone():
    assert rate(soprano([72, 72, 72, 74, 76, 76]), "lone_sixteenths", SOPRANO) == (1, 3)


def test_two_sixteenths_are_not_alone():
    assert rate(soprano([72, 72, 74, 76, 77, 77]), "lone_sixteenths", SOPRANO) == (0, 4)


def test_a_repeated_note_is_one_that_begins_again():
    line = soprano([72, 72, 72, 72], begins=[1, 0, 1, 0])
    assert rate(line, "repeated_notes", SOPRANO) == (1, 1)
    held = soprano([72, 72, 72, 72])
    assert rate(held, "repeated_notes", SOPRANO) == (0, 0)


def test_after_a_rest_or_a_fermata_nothing_is_repeated_or_leapt():
    assert rate(soprano([72, REST, 72]), "repeated_notes", SOPRANO) == (0, 0)
    ended = soprano([72, 72], begins=[1, 1], fermata=[True, False])
    assert rate(ended, "repeated_notes", SOPRANO) == (0, 0)


def test_a_leap_is_more_than_a_fourth():
    assert rate(soprano([72, 77, 71]), "leaps", SOPRANO) == (1, 2)


def test_crossings_are_counted_by_step_and_pair():
    crossed = soprano([72, 66])  # the soprano falls below the alto's 67
    assert rate(crossed, "crossings", SOPRANO) == (1, 2)
    assert rate(crossed, "crossings") == (1, 6)


def test_wide_spacing_is_for_the_upper_voices_alone():
    wide = chord(80, 67, 60, 36)
    assert rate(wide, "wide_spacing") == (1, 2)
    assert rate(wide, "wide_spacing", [False, False, False, True]) == (0, 0)


def test_a_seventh_is_a_dissonance_and_counts_for_its_own_voices():
    seventh = chord(70, 64, 55, 48)  # C E G Bb: the soprano dissonant, E - Bb a tritone
    assert rate(seventh, "dissonances_on") == (1, 1)
    assert rate(seventh, "dissonances_on", [False, False, True, False]) == (0, 1)


def test_dissonances_stand_on_and_off_the_beat():
    line = soprano([72, 72, 74, 74])  # C E.. no third: C, G, C, then D over C
    assert rate(line, "dissonances_on", SOPRANO) == (0, 1)
    assert rate(line, "dissonances_off", SOPRANO) == (1, 1)


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [((72, 67, 64, 48), 1), ((72, 67, 64, 52), 0), ((72, 67, 65, 48), 0), ((72, 60, 60, 48), 0)],
)
def test_phrase_ends_in_root_position(pitches, expected):
    assert rate(chord(*pitches, fermata=[True]), "root_position_ends") == (expected, 1)


def test_without_a_fermata_there_is_no_phrase_end():
    assert rate(chord(72, 67, 64, 48), "root_position_ends") == (0, 0)


@pytest.mark.parametrize(
    ("key", "pitches", "expected"),
    [
        ("C major", (72, 67, 64, 48), 1),
        ("C major", (72, 67, 63, 48), 0),
        ("C minor", (72, 67, 63, 48), 1),
        ("C minor", (72, 67, 64, 48), 1),
        ("G major", (72, 67, 64, 48), 0),
        ("C major", (72, 67, 64, REST), 0),
    ],
)
def test_the_final_chord_stands_in_the_key(key, pitches, expected):
    assert rate(chord(*pitches, key=key), "final_in_key") == (expected, 1)


def test_unwritten_voices_count_for_nothing():
    assert all(count == Count(0, 0) for count in style_counts(soprano([72, 66]), [0] * 4).values())


def test_rare_things_are_compared_as_ratios_with_an_interval_over_works():
    bach = [Count(2, 1000 + i) for i in range(20)]
    machine = [Count(6, 1000 + i) for i in range(20)]
    compared = compare(machine, bach, resamples=200)
    assert (compared.kind, compared.value) == ("ratio", pytest.approx(3.0))
    assert compared.low <= compared.value <= compared.high


def test_common_things_are_compared_in_points():
    compared = compare([Count(60, 100)] * 5, [Count(50, 100)] * 5, resamples=50)
    assert (compared.kind, compared.value) == ("difference", pytest.approx(10.0))


def test_few_cases_are_reported_and_not_compared():
    compared = compare([Count(MIN_CASES - 1, 1000)], [Count(MIN_CASES, 1000)])
    assert (compared.kind, compared.machine.count) == ("few", MIN_CASES - 1)


def test_the_interval_widens_with_the_difference_between_works():
    even = compare([Count(6, 100)] * 20, [Count(3, 100)] * 20, resamples=300)
    uneven = compare([Count(12, 100), Count(0, 100)] * 10, [Count(3, 100)] * 20, resamples=300)
    assert uneven.high - uneven.low > even.high - even.low


def test_the_same_seed_gives_the_same_interval():
    works = [Count(n, 100) for n in range(10, 19)]
    first, again = (compare(works, works[::-1], seed=4, resamples=50) for _ in range(2))
    assert first == again


def test_both_sides_must_have_the_same_works():
    with pytest.raises(ValueError, match="2 works against 1"):
        compare([Count()] * 2, [Count()])


def test_counts_of_works_are_summed():
    assert total([Count(1, 3), Count(0, 2)]) == Count(1, 5)
    assert total([]) == Count(0, 0)
