from __future__ import annotations

import pytest

from generator.music.grid.chorale import Chorale
from generator.music.measures.cadences import (
    authentic_ends,
    authentic_ends_at,
    is_authentic,
    moving_ends,
    open_ends_at,
    phrase_ends_at,
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

VOICES = ("soprano", "alto", "tenor", "bass")
DOMINANT, TONIC = (71, 67, 62, 55), (72, 67, 64, 48)


def ended(penult, last, **frame):
    """Two chords, the second under a fermata."""
    lines = {name: quarters(*pair) for name, *pair in zip(VOICES, penult, last, strict=True)}
    return bars(**{**lines, "fermata": fermata(8, (4, 8)), **frame})


def test_the_dominant_leads_to_its_tonic():
    cadence = ended(DOMINANT, TONIC)
    assert places(authentic_ends_at(cadence, ALL)) == [7]
    assert authentic_ends(cadence, ALL) == Count(1, 1)


@pytest.mark.parametrize(
    ("penult", "last"),
    [
        ((69, 65, 60, 53), TONIC),
        (TONIC, DOMINANT),
        (DOMINANT, (72, 64, 60, 57)),
        ((71, 68, 64, 52), (72, 69, 65, 53)),
        ((71, 67, 64, 52), (72, 69, 65, 53)),
    ],
    ids=["plagal", "half", "deceptive", "deceptive in minor", "mediant"],
)
def test_other_cadences_are_not_authentic(penult, last):
    cadence = ended(penult, last)
    assert not authentic_ends_at(cadence, ALL).any()
    assert not open_ends_at(cadence, ALL).any()


@pytest.mark.parametrize("bass", [59, 50])
def test_the_bass_may_come_from_the_leading_tone_or_the_second_degree(bass):
    assert is_authentic(ended((74, 71, 65, bass), TONIC), 7)


def test_the_bass_may_leap_an_octave_in_its_root():
    assert is_authentic(ended(DOMINANT, TONIC, bass=[(55, 4), (60, 2), (48, 2)]), 7)


def test_without_the_leading_tone_a_fifth_down_is_not_enough():
    assert not is_authentic(ended((70, 67, 62, 55), TONIC), 7)


def test_the_leading_tone_may_come_late_in_the_beat_before():
    suspended = ended(DOMINANT, TONIC, soprano=[*eighths(72, 71), (72, 4)])
    assert is_authentic(suspended, 7)


def test_any_key_has_cadences():
    assert is_authentic(ended(DOMINANT, TONIC, key="A minor"), 7)


def test_a_bass_that_stood_since_the_phrase_before_has_come_from_nowhere():
    lines = {
        name: quarters(*three) for name, *three in zip(VOICES, DOMINANT, TONIC, TONIC, strict=True)
    }
    chorale = bars(**{**lines, "bass": [(55, 4), (48, 8)]}, fermata=fermata(12, (0, 4), (8, 12)))
    assert places(phrase_ends_at(chorale, ALL)) == [3, 11]
    assert not authentic_ends_at(chorale, ALL).any()


def test_an_end_is_open_unless_a_triad_stands_over_its_root():
    assert places(open_ends_at(ended(DOMINANT, (72, 67, 64, 52)), ALL)) == [7]
    assert places(open_ends_at(ended(DOMINANT, (70, 67, 64, 48)), ALL)) == [7]
    assert places(open_ends_at(ended(DOMINANT, TONIC), ALL)) == []


def test_only_ends_with_a_written_cell_count():
    cadence = ended(DOMINANT, TONIC)
    assert authentic_ends(cadence, [0, 0, 0, 1]).of == 1
    assert authentic_ends(cadence, [0] * 4) == Count(0, 0)
    assert not phrase_ends_at(cadence.slice(0, 4), ALL).any()


def test_three_of_four_phrases_of_bach_end_with_an_authentic_cadence(corpus):
    found = total([authentic_ends(excerpt, ATB) for excerpt in first_excerpts(corpus)])
    assert found == Count(606, 810)


def moved(voice: int, step: int, soprano_moves: bool = False) -> Chorale:
    """A cadence whose last chord of four steps has one more note in a voice."""
    cadence = ended(DOMINANT, TONIC)
    onset = cadence.onset.copy()
    onset[voice, 4 + step] = True
    onset[0, 6] |= soprano_moves
    return cadence.with_voices(cadence.pitch, onset)


def test_an_end_moves_if_a_lower_voice_begins_another_note_under_the_fermata():
    assert moving_ends(ended(DOMINANT, TONIC), ALL) == Count(0, 1)
    assert moving_ends(moved(1, 2), ALL) == Count(1, 1)
    assert moving_ends(moved(1, 2), [1, 0, 1, 1]) == Count(0, 1)  # the alto is given
    assert moving_ends(moved(3, 0), ALL) == Count(0, 1)
    assert moving_ends(moved(0, 2), ALL) == Count(0, 2)  # the soprano's next


def test_what_begins_with_a_note_of_the_soprano_does_not_move():
    assert moving_ends(moved(2, 2, soprano_moves=True), ALL) == Count(0, 2)
    assert moving_ends(moved(2, 3, soprano_moves=True), ALL) == Count(1, 2)


def test_voices_move_under_few_of_bachs_fermatas(corpus):
    found = total([moving_ends(excerpt, ATB) for excerpt in first_excerpts(corpus)])
    assert found == Count(34, 810)
