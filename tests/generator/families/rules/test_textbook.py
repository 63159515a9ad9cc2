"""What the textbook allows and forbids."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.rules.beats import beats_of
from generator.families.rules.passing import add_passing_notes, scale_of
from generator.families.rules.textbook import (
    CADENCES,
    MAJOR,
    MIDDLE,
    MINOR,
    MOST,
    book_of,
    moves,
    tendencies,
    together,
)
from generator.music.grid.chorale import VOICE_RANGES, Chorale, repaired_onsets
from tests.generator.families.material import a_chorale

C, D, G = (72, 67, 64, 48), (74, 69, 65, 50), (71, 67, 62, 55)


def array(*chords) -> np.ndarray:
    return np.array(chords, dtype=np.int64)


@pytest.mark.parametrize("mode", ["major", "minor"])
class TestVoicings:
    def test_all_are_complete_close_uncrossed_and_in_range(self, mode):
        book, chords = book_of(2, mode), MAJOR if mode == "major" else MINOR
        assert (book.pitch >= [low for low, _ in VOICE_RANGES]).all()
        assert (book.pitch <= [high for _, high in VOICE_RANGES]).all()
        apart = -np.diff(book.pitch, axis=1)
        assert (apart >= 0).all()
        assert (apart[:, :2] <= 12).all()
        for index, (notes, _) in enumerate(chords.values()):
            classes = {(note + 2) % 12 for note in notes}
            fifth = (notes[2] + 2) % 12
            for row in book.pitch[book.chord == index][::50].tolist():
                sung = {pitch % 12 for pitch in row}
                assert classes - {fifth} <= sung <= classes

    def test_a_leading_tone_is_never_doubled_for_less_than_what_is_forbidden(self, mode):
        book = book_of(0, mode)
        doubled = book.leading.sum(axis=1) > 1
        assert doubled.any()
        assert book.cost[doubled].min() >= MOST

    def test_every_chord_has_cheap_voicings(self, mode):
        book = book_of(5, mode)
        for index, name in enumerate(book.names):
            assert book.cost[book.chord == index].min() < 9.5, name

    def test_cadences_are_of_chords_that_there_are(self, mode):
        known = MAJOR.keys() | MINOR.keys()
        assert {name for names in CADENCES for name in names} <= known
        book = book_of(0, mode)
        assert (book.closes < MOST).any(axis=0).sum() >= 3


def test_the_dominant_of_minor_has_the_raised_leading_tone():
    book = book_of(9, "minor")  # A minor
    dominant = book.chord == book.names.index("V")
    assert set((book.pitch[dominant] % 12).ravel().tolist()) == {4, 8, 11}


def test_a_dominant_goes_to_its_chord():
    book = book_of(0, "major")
    cost = {(one, two): book.follows[i, j] for i, one in enumerate(book.names)
            for j, two in enumerate(book.names)}  # fmt: skip
    assert cost["V", "I"] == cost["V/vi", "vi"] == cost["V7/V", "V"] == 0
    assert cost["V/vi", "IV"] == cost["V", "IV"] == MIDDLE


class TestVoicesTogether:
    def test_parallel_fifths_and_octaves_are_forbidden(self):
        assert together(array(C), array(D))[0, 0] > 2 * MOST
        assert together(array(C), array(G))[0, 0] < MIDDLE

    def test_hidden_octaves_between_outer_voices_are_advised_against(self):
        hidden = (79, 67, 64, 52), (81, 67, 62, 57)
        open_ = (79, 67, 64, 52), (77, 67, 62, 57)
        assert together(array(hidden[0]), array((84, 67, 62, 60))) > together(
            array(open_[0]), array(open_[1])
        )

    def test_leaps_cost_more_than_steps_and_tritones_more_than_fourths(self):
        step, fourth, tritone = moves(
            array(C), array((74, 67, 64, 48), (77, 67, 64, 48), (78, 67, 64, 48))
        )[0]
        assert step < fourth < tritone

    def test_a_bass_leaps_more_freely(self):
        soprano, bass = moves(array(C), array((79, 67, 64, 48), (72, 67, 64, 55)))[0]
        assert bass < soprano

    def test_leading_tones_rise_and_sevenths_fall(self):
        seventh_chord = array((71, 67, 65, 55))
        leading = np.array([[True, False, False, False]])
        seventh = np.array([[False, False, True, False]])
        after = array((72, 67, 64, 48), (67, 67, 64, 48), (72, 67, 67, 48), (67, 67, 67, 48))
        cost = tendencies(seventh_chord, after, leading, seventh)
        assert cost.tolist() == [[0, MIDDLE, MIDDLE, 2 * MIDDLE]]


class TestBeats:
    def test_a_fermata_is_one_beat_and_ends_a_phrase(self):
        chorale = a_chorale(anacrusis=0)
        beats = beats_of(chorale, np.zeros((4, 32), dtype=bool))
        assert [beat.start for beat in beats] == [*range(0, 32, 4)]
        fermata = np.arange(32) >= 24
        longer = Chorale(chorale.pitch, chorale.onset, fermata)
        beats = beats_of(longer.with_voices(np.full((4, 32), -1), np.zeros((4, 32))),
                         np.zeros((4, 32), dtype=bool))  # fmt: skip
        assert beats[-1][:2] == (24, 32)
        assert [beat.closes for beat in beats] == [False] * 6 + [True]
        assert [beat.opens for beat in beats] == [True] + [False] * 6

    def test_given_notes_under_a_fermata_have_chords_of_their_own(self):
        fermata = np.arange(32) >= 24
        pitch = np.full((4, 32), -1)
        pitch[0] = np.repeat([72, 74, 76, 77, 76, 74, 72, 71], 4)
        chorale = Chorale(pitch, repaired_onsets(pitch, pitch < -1), fermata)
        given = np.zeros((4, 32), dtype=bool)
        given[0] = True
        assert len(beats_of(chorale, given)) == 8

    def test_a_dotted_quarter_is_the_beat_of_six_eight(self):
        chorale = a_chorale(metre=((0, "6/8"),), anacrusis=0)
        beats = beats_of(chorale, np.zeros((4, 32), dtype=bool))
        assert [beat.start for beat in beats][:4] == [0, 6, 12, 18]


def passed(soprano, alto=(60, 60)) -> list[list[int]]:
    """Two quarters: the soprano and the alto after passing notes were written."""
    pitch = np.repeat(np.array([soprano, alto, (52, 52), (40, 40)]), 4, axis=1)
    chorale = Chorale(pitch, repaired_onsets(pitch, pitch < 0))
    nothing = np.zeros((4, 8), dtype=bool)
    add_passing_notes(pitch, nothing, beats_of(chorale, nothing), scale_of(0, "major"))
    return pitch[:2].tolist()


class TestPassingNotes:
    def test_a_third_is_filled_by_the_note_of_the_scale(self):
        assert passed((72, 76))[0] == [72, 72, 74, 74, 76, 76, 76, 76]
        assert passed((77, 74))[0] == [77, 77, 76, 76, 74, 74, 74, 74]

    @pytest.mark.parametrize("soprano", [(72, 74), (72, 77), (72, 72)])
    def test_nothing_else_is(self, soprano):
        assert passed(soprano)[0] == [soprano[0]] * 4 + [soprano[1]] * 4

    def test_none_clashes_with_another_voice(self):
        assert passed((72, 76), alto=(73, 73))[0][2] == 72

    def test_none_makes_parallels(self):
        """The passing D would go on to E while the alto goes from G to A."""
        assert passed((72, 76), alto=(67, 69))[0][2] == 72

    def test_given_cells_are_never_changed(self):
        pitch = np.repeat(np.array([(72, 76), (60, 60), (52, 52), (40, 40)]), 4, axis=1)
        chorale = Chorale(pitch, repaired_onsets(pitch, pitch < 0))
        given = np.ones((4, 8), dtype=bool)
        add_passing_notes(pitch, given, beats_of(chorale, given), scale_of(0, "major"))
        assert (pitch == chorale.pitch).all()
