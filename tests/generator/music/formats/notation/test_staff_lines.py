"""Ties, and what of a staff is one line, or several."""

from __future__ import annotations

import pytest

from generator.music.formats.score import Part
from generator.music.formats.voices.choice import four_voices
from generator.music.formats.voices.lines import split_lines
from tests.generator.music.formats.notation.written_scores import (
    attributes,
    back,
    notes,
    part,
    pitches,
    read,
    said,
    words,
)

BAR = words("G4 A4 B4 C5")


def lines_of(part: Part) -> list[list[int]]:
    return [
        [note.pitch for note in part.notes if note.line == number]
        for number in sorted({note.line for note in part.notes})
    ]


@pytest.mark.parametrize(
    "bars",
    [
        (words("G4:12 C5+start"), words("C5:8+stop B4:8")),
        (words("G4:12 C5+tied"), words("C5:8 B4:8")),  # begun in print alone
        (words("G4:12 C5+start"), words("C5:8 B4:8")),  # never ended
        (words("G4:12 C5"), words("C5:8+stop B4:8")),  # never begun
        (words("G4:12 C5+start"), words("C5:8+stop B4:8", voice="2")),  # the voice changes
        (words("G4:12 C5+start"), words("R:16") + back(16) + words("C5:8+stop B4:8", "5", "2")),
    ],
)
def test_a_tie_follows_pitch_and_time(bars):
    score = read(part(*bars))
    assert sorted(note for each in score.parts for note in notes(each)) == [
        (0, 12, 67), (12, 24, 72), (24, 32, 71)
    ]  # fmt: skip


def test_a_tie_to_another_pitch_or_after_a_rest_is_none():
    score = read(part(words("G4+start A4 B4+start r"), words("B4:16+stop")))
    assert notes(score.parts[0]) == [(0, 4, 67), (4, 8, 69), (8, 12, 71), (16, 32, 71)]
    assert "2 ties without a second note" in said(score)


def test_of_two_notes_of_a_pitch_the_tie_goes_on_with_that_which_ends_it():
    bars = words("G4:16+start"), words("G4:16", "1") + back(16) + words("G4:8+stop E4:8", "2")
    score = read(part(*bars))
    assert (0, 24, 67) in notes(score.parts[0])
    assert (16, 32, 67) in notes(score.parts[0])


@pytest.mark.parametrize("second", ["2", "3", "12"])
def test_a_line_may_change_the_number_of_its_voice(second):
    score = read(part(BAR, words("R:16+hidden") + back(16) + words("D5:16", second), BAR))
    assert pitches(score.parts[0]) == [67, 69, 71, 72, 74, 67, 69, 71, 72]
    assert {note.line for note in score.parts[0].notes} == {0}


def test_the_lower_line_may_change_its_number_too():
    first = BAR + back(16) + words("E4 F#4 G4 A4", "2")
    second = words("D5:16") + back(16) + words("B4:16", "3")
    upper, lower = lines_of(read(part(first, second)).parts[0])
    assert (upper, lower) == ([67, 69, 71, 72, 74], [64, 66, 67, 69, 71])


def test_lines_that_cross_keep_their_notes():
    crossing = words("G4 A4 F4 G4") + back(16) + words("E4 F4 A4 E4", "2")
    staff = read(part(crossing)).parts[0]
    upper, lower = split_lines(staff, 2)[0]
    assert (pitches(upper), pitches(lower)) == ([67, 69, 65, 67], [64, 65, 69, 64])


@pytest.mark.parametrize(
    ("second", "lower"),
    [
        ("E4 F4", [64, 65, 71, 72]),  # nothing is written: a unison
        ("E4 F4 r:8+hidden", [64, 65, 71, 72]),
        ("E4 F4 r:8", [64, 65]),  # a rest is
        ("E4 F4 B4:8", [64, 65, 71]),
    ],
)
def test_a_note_that_stands_alone_is_of_both_lines_unless_one_rests(second, lower):
    staff = read(part(BAR + back(16) + words(second, "2"))).parts[0]
    assert lines_of(staff) == [[67, 69, 71, 72], lower]


def test_two_staves_of_two_lines_are_four_voices():
    staves = "<staves>2</staves>"
    bar = (
        words("G4 A4 B4 C5", "1", "1") + back(16) + words("E4:16", "2", "1") + back(16)
        + words("C4:16", "5", "2") + back(16) + words("C3:8 G3:8", "6", "2")
    )  # fmt: skip
    score = read(part(bar, head=attributes(more=staves)), names=["Hymn"])
    assert [each.name for each in score.parts] == ["Hymn, staff 1", "Hymn, staff 2"]
    voices = four_voices(score)
    assert [pitches(voices[index]) for index in range(4)] == [
        [67, 69, 71, 72], [64], [60], [48, 55]
    ]  # fmt: skip


def test_a_voice_that_crosses_staves_is_one_line():
    bar = words("G4 A4", "1", "1") + words("E3 D3", "1", "2") + back(16)
    score = read(part(bar + words("C3:16", "2", "2")))
    assert [pitches(each) for each in score.parts] == [[67, 69, 52, 50], [48]]


def test_staves_may_number_their_voices_alike():
    bar = words("G4 A4 B4 C5", "1", "1") + back(16) + words("E3:8 D3:8", "1", "2")
    score = read(part(bar))
    assert [pitches(each) for each in score.parts] == [[67, 69, 71, 72], [52, 50]]


def test_bars_without_numbers_of_voices_go_back_to_a_second_one():
    bar = words("G4 A4 B4 C5", "") + back(16) + words("E4 F4 G4 A4", "")
    assert lines_of(read(part(bar)).parts[0]) == [[67, 69, 71, 72], [64, 65, 67, 69]]


def test_chords_in_a_voice_leave_the_lines_untold():
    staff = read(part(words("G4 E4:4+chord A4 F4:4+chord B4:8"))).parts[0]
    assert {note.line for note in staff.notes} == {0}
    upper, lower = split_lines(staff, 2)[0]
    assert (pitches(upper), pitches(lower)) == ([67, 69, 71], [64, 65, 71])


def test_a_voice_of_which_nothing_is_printed_is_left_out_beside_others():
    hidden = words("E4:16+hidden", "2")
    score = read(part(BAR + back(16) + hidden))
    assert pitches(score.parts[0]) == [67, 69, 71, 72]
    assert "voice 2 is not printed" in said(score)
    assert pitches(read(part(hidden)).parts[0]) == [64]


def test_tablature_beside_a_staff_is_left_out():
    clefs = '<clef number="1"><sign>G</sign></clef><clef number="2"><sign>TAB</sign></clef>'
    bar = words("G4 A4 B4 C5", "1", "1") + back(16) + words("G4 A4 B4 C5", "5", "2")
    score = read(part(bar, head=attributes(more=clefs)))
    assert [pitches(each) for each in score.parts] == [[67, 69, 71, 72]]
    assert "tablature" in said(score)
