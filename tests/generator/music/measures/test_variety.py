from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST
from generator.music.measures.counts import Count, total
from generator.music.measures.variety import variety_counts
from tests.generator.music.measures.material import (
    ALL,
    ATB,
    bars,
    fermata,
    first_excerpts,
    quarters,
)

SOPRANO = [True, False, False, False]


def soprano(*pitches: int, **frame) -> dict[str, Count]:
    return variety_counts(bars(soprano=quarters(*pitches), **frame), SOPRANO)


def test_a_voice_ranges_from_its_lowest_to_its_highest_written_note():
    assert soprano(72, 76, 67, 72)["range"] == Count(9, 1)
    later = np.zeros((4, 16), dtype=bool)
    later[0, 8:] = True
    line = bars(soprano=quarters(48, 76, 67, 72))
    assert variety_counts(line, later)["range"] == Count(5, 1)


def test_pitches_are_counted_once_however_often_they_sound():
    assert soprano(72, 74, 72, 74)["distinct_pitches"] == Count(2, 1)
    assert variety_counts(bars(soprano=quarters(72, 74)), ALL)["distinct_pitches"] == Count(5, 4)


def test_a_voice_without_notes_is_no_voice():
    silent = bars(soprano=quarters(72, 74), bass=[(REST, 8)])
    assert variety_counts(silent, [False, False, False, True])["range"] == Count(0, 0)


def test_notes_outside_the_scale_are_chromatic():
    assert soprano(72, 73, 74, 78)["chromatic_notes"] == Count(2, 4)
    assert soprano(72, 73, 74, 78, key="D major")["chromatic_notes"] == Count(1, 4)  # the C


def test_minor_has_either_sixth_and_seventh():
    sixths_and_sevenths = (77, 78, 79, 80)  # of A minor: F, F sharp, G, G sharp
    assert soprano(*sixths_and_sevenths, key="A minor")["chromatic_notes"] == Count(0, 4)
    assert soprano(73, 75, key="A minor")["chromatic_notes"] == Count(2, 2)


def test_an_octave_leap_is_one_of_twelve_semitones():
    assert soprano(60, 72, 61, 74)["octave_leaps"] == Count(1, 3)


def test_no_leap_is_made_over_a_rest_or_a_fermata():
    assert soprano(60, REST, 72)["octave_leaps"] == Count(0, 0)
    ended = soprano(60, 72, fermata=fermata(8, (0, 4)))
    assert ended["octave_leaps"] == Count(0, 0)


def test_written_must_have_a_known_shape():
    with pytest.raises(ValueError, match="written"):
        variety_counts(bars(soprano=quarters(72)), [True] * 3)


def test_bachs_own_variety(corpus):
    counts = [variety_counts(excerpt, ATB) for excerpt in first_excerpts(corpus)]
    found = {name: total([each[name] for each in counts]) for name in counts[0]}
    assert found["range"].rate == pytest.approx(10.95, abs=0.01)
    assert found["distinct_pitches"].rate == pytest.approx(7.62, abs=0.01)
    assert found["chromatic_notes"] == Count(853, 23_145)
    assert found["octave_leaps"] == Count(263, 20_713)
