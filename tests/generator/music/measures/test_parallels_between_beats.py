from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST
from generator.music.measures.counts import Count, total
from generator.music.measures.parallels_between_beats import (
    ornamented_fifths_at,
    ornamented_octaves_at,
    parallels_between_beats,
    parallels_between_beats_at,
)
from generator.music.measures.voice_leading import parallels, parallels_at
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

SB = 2  # of the pairs
BASS = quarters(48, 50)


def fifths(**frame):
    """G and A over C and D; the E in between hides the fifth from step to step."""
    lines = {"soprano": [*eighths(79, 76), (81, 4)], "alto": [(65, 8)], "tenor": [(60, 8)]}
    return bars(**{**lines, "bass": BASS, **frame})


def octaves(**frame):
    lines = {"soprano": [*eighths(72, 76), (74, 4)], "alto": [(65, 8)], "tenor": [(59, 8)]}
    return bars(**{**lines, "bass": BASS, **frame})


def test_an_ornament_hides_a_fifth_from_step_to_step_but_not_between_beats():
    assert not parallels_at(fifths(), ALL).any()
    assert places(parallels_between_beats_at(fifths(), ALL)) == [[SB, 4]]
    assert places(ornamented_fifths_at(fifths(), ALL)) == [[SB, 4]]
    assert not ornamented_octaves_at(fifths(), ALL).any()


def test_octaves_are_told_from_fifths():
    assert places(ornamented_octaves_at(octaves(), ALL)) == [[SB, 4]]
    assert not ornamented_fifths_at(octaves(), ALL).any()


def test_plain_parallels_are_between_beats_too_but_not_ornamented():
    plain = fifths(soprano=quarters(79, 81))
    assert parallels(plain, ALL) == parallels_between_beats(plain, ALL) == Count(1, 1)
    assert not ornamented_fifths_at(plain, ALL).any()


def test_a_repeated_note_is_no_ornament():
    repeated = fifths(soprano=[*eighths(79, 79), (81, 4)])
    assert parallels_between_beats(repeated, ALL).count == 1
    assert not ornamented_fifths_at(repeated, ALL).any()


def test_an_ornament_in_a_third_voice_is_none_of_the_two():
    other = fifths(soprano=quarters(79, 81), alto=[*eighths(65, 67), (65, 4)])
    assert not ornamented_fifths_at(other, ALL).any()


@pytest.mark.parametrize(
    "soprano",
    [(79, 76, 79), (79, 76, 80), (79, 76, 69)],
    ids=["a note that comes back", "another interval", "contrary motion"],
)
def test_what_is_no_parallel(soprano):
    first, between, second = soprano
    chorale = fifths(soprano=[*eighths(first, between), (second, 4)])
    assert not parallels_between_beats_at(chorale, ALL).any()


def test_beats_on_either_side_of_the_end_of_a_phrase_are_excepted():
    ended = fifths(fermata=fermata(8, (2, 4)))
    assert not parallels_between_beats_at(ended, ALL).any()
    assert parallels_between_beats_at(fifths(fermata=fermata(8, (4, 8))), ALL).any()


def test_both_voices_sound_at_both_beats():
    assert not parallels_between_beats_at(fifths(bass=quarters(REST, 50)), ALL).any()


def test_only_successive_beats_are_compared():
    later = bars(soprano=quarters(79, 76, 81), tenor=[(60, 12)], bass=quarters(48, 53, 50))
    assert not parallels_between_beats_at(later, ALL).any()


def test_beats_are_those_of_the_metre():
    halves = {"soprano": quarters(79, 76, 81, 81), "bass": [(48, 8), (50, 8)]}
    chorale = bars(**halves, alto=[(65, 16)], metre=((0, "2/2"),))
    assert places(parallels_between_beats_at(chorale, ALL)) == [[SB, 8]]
    assert not parallels_between_beats_at(bars(**halves, alto=[(65, 16)]), ALL).any()


def test_a_pair_counts_where_one_of_its_cells_at_the_beats_is_written():
    assert parallels_between_beats(fifths(), [0, 1, 1, 0]) == Count(0, 2)
    assert parallels_between_beats(fifths(), [1, 0, 0, 0]) == Count(1, 2)
    written = np.zeros((4, 8), dtype=bool)
    written[3, 0] = True
    assert parallels_between_beats(fifths(), written).count == 1
    with pytest.raises(ValueError, match=r"written has shape \(3,\)"):
        parallels_between_beats(fifths(), [True] * 3)


def test_bach_writes_ten_in_a_thousand_changes_nearly_all_of_them_ornamented(corpus):
    excerpts = first_excerpts(corpus)
    assert total([parallels_between_beats(each, ATB) for each in excerpts]) == Count(104, 9942)
    ornamented = [ornamented_fifths_at(c, ATB) | ornamented_octaves_at(c, ATB) for c in excerpts]
    assert sum(int(found.sum()) for found in ornamented) == 99
