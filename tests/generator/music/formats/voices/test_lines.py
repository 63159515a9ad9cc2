"""Several notes at once in one part, told apart into lines."""

from __future__ import annotations

import numpy as np
import pytest

from generator.music.formats.score import Note, Part, notes_of
from generator.music.formats.voices.lines import most_at_once, outer_line, split_lines
from generator.music.grid.chorale import REST


def part(*notes: tuple[int, int, int]) -> Part:
    return Part("staff", tuple(Note(*note) for note in sorted(notes)))


def lines(staff: Part, count: int) -> list[list[tuple[int, int, int]]]:
    return [
        [(note.start, note.end, note.pitch) for note in line.notes]
        for line in split_lines(staff, count)[0]
    ]


def test_two_notes_at_once_are_two_lines():
    staff = part((0, 4, 67), (0, 4, 62), (4, 8, 69), (4, 8, 66))
    assert lines(staff, 2) == [[(0, 4, 67), (4, 8, 69)], [(0, 4, 62), (4, 8, 66)]]


def test_lines_move_on_their_own():
    staff = part((0, 8, 72), (0, 4, 64), (4, 6, 65), (6, 8, 64))
    assert lines(staff, 2) == [[(0, 8, 72)], [(0, 4, 64), (4, 6, 65), (6, 8, 64)]]


def test_a_note_alone_is_a_unison_until_another_begins():
    staff = part((0, 4, 67), (4, 12, 67), (8, 12, 64), (12, 16, 65))
    upper, lower = lines(staff, 2)
    assert upper == [(0, 4, 67), (4, 12, 67), (12, 16, 65)]
    assert lower == [(0, 4, 67), (4, 8, 67), (8, 12, 64), (12, 16, 65)]
    assert split_lines(staff, 2)[1] == [0, 4, 12]


def test_a_unison_that_is_written_twice_is_not_one_note_alone():
    staff = part((0, 4, 67), (0, 8, 67), (4, 8, 64))
    assert lines(staff, 2) == [[(0, 8, 67)], [(0, 4, 67), (4, 8, 64)]]
    assert split_lines(staff, 2)[1] == []


def test_a_voice_that_is_held_crosses_and_does_not_break():
    staff = part((0, 8, 65), (0, 4, 69), (4, 8, 64))
    assert lines(staff, 2) == [[(0, 4, 69), (4, 8, 64)], [(0, 8, 65)]]


def test_three_notes_of_four_voices_are_shared_by_those_that_move_least():
    staff = part(*((0, 4, p) for p in (72, 67, 64, 48)), *((4, 8, p) for p in (71, 67, 43)))
    assert [line[1] for line in lines(staff, 4)] == [(4, 8, 71), (4, 8, 67), (4, 8, 67), (4, 8, 43)]


@pytest.mark.parametrize(("lowest", "pitches"), [(False, [64, 65, 62]), (True, [60, 57, 62])])
def test_the_outer_lines_of_any_number_of_notes(lowest, pitches):
    staff = part((0, 4, 60), (0, 4, 62), (0, 4, 64), (4, 8, 57), (4, 6, 65), (8, 10, 62))
    assert [note.pitch for note in outer_line(staff, lowest=lowest).notes] == pitches


def test_an_outer_line_is_single():
    staff = part((0, 12, 60), (0, 8, 64), (2, 4, 62), (4, 8, 66), (6, 12, 66))
    line = outer_line(staff)
    assert most_at_once(line) == (1, 0)
    assert [(note.start, note.end, note.pitch) for note in line.notes] == [
        (0, 4, 64),
        (4, 6, 66),
        (6, 12, 66),
    ]


def test_pairs_of_voices_of_the_corpus_are_told_apart(corpus):
    wrong = cells = 0
    for bwv in ("BWV66.6", "BWV269", "BWV253", "BWV255", "BWV256"):
        chorale = corpus.work(bwv).chorale
        for pair in ((0, 1), (2, 3)):
            notes = {note for v in pair for note in notes_of(chorale, v) if note.pitch != REST}
            found = split_lines(part(*((n.start, n.end, n.pitch) for n in notes)), 2)[0]
            for voice, line in zip(pair, found, strict=True):
                pitch = np.full(chorale.steps, REST)
                for note in line.notes:
                    pitch[note.start : note.end] = note.pitch
                wrong += int((pitch != chorale.pitch[voice]).sum())
                cells += chorale.steps
    # Voices that cross cannot be told.
    assert wrong / cells < 0.02
