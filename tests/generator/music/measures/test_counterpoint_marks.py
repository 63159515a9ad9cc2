from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.chorale import REST
from generator.music.measures.counterpoint_marks import (
    CounterpointMark,
    compared_cells,
    counterpoint_marks,
)
from tests.builders import make_chorale
from tests.generator.music.measures.material import (
    ALL,
    ATB,
    bars,
    fermata,
    first_excerpts,
    quarters,
)

SOPRANO, ALTO, TENOR, BASS = range(4)
RESTING = [(REST, 8)]
DOMINANT = {"soprano": quarters(71, 67), "alto": quarters(67, 64), "bass": quarters(55, 48)}


def marks(**frame) -> list[CounterpointMark]:
    return counterpoint_marks(bars(**frame), ALL)


def sentences(**frame) -> list[str]:
    return [mark.sentence.removeprefix("Bar 1: ") for mark in marks(**frame)]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (
            {"soprano": quarters(74, 76), "tenor": quarters(67, 69)},
            "soprano and tenor move in parallel fifths, D over G up to E over A",
        ),
        (
            {"soprano": quarters(72, 74), "bass": quarters(48, 50)},
            "soprano and bass move in parallel octaves, C up to D",
        ),
        (
            {"alto": quarters(60, 62), "tenor": quarters(60, 62)},
            "alto and tenor move in parallel unisons, C up to D",
        ),
        (
            {"soprano": quarters(69, 70), "alto": quarters(62, 63)},
            "soprano and alto move in parallel fifths, A over D up to B flat over E flat",
        ),
        (
            {"soprano": [(67, 2), (72, 2), (69, 4)], "bass": quarters(48, 50)},
            "soprano and bass move in fifths from beat to beat, G over C up to A over D",
        ),
        (
            {"soprano": [(72, 2), (70, 2), (65, 4)]},
            "the soprano leaps away from a dissonance, B flat against C in the tenor",
        ),
        (
            {"soprano": quarters(79, 79), "alto": RESTING, "tenor": quarters(64, 68)},
            "G natural in the soprano against G sharp in the tenor",
        ),
        ({"tenor": quarters(65, 68)}, "the tenor moves by an augmented second, F up to G sharp"),
        ({"tenor": quarters(71, 65)}, "the tenor moves by an augmented fourth, B down to F"),
        ({"bass": quarters(48, 62)}, "the bass leaps by more than an octave, C up to D"),
        ({"bass": quarters(58, 48)}, "the bass leaps by a seventh, B flat down to C"),
        (
            {**DOMINANT, "tenor": quarters(59, 60)},
            "soprano and tenor double the leading tone, B",
        ),
        (
            {"bass": quarters(48, 52), "fermata": fermata(8, (4, 8))},
            "the phrase ends without a triad in root position",
        ),
    ],
)
def test_each_kind_is_marked_in_words(frame, sentence):
    assert sentence in sentences(**frame)


@pytest.mark.parametrize(
    "frame",
    [
        {"soprano": quarters(74, 76), "tenor": quarters(67, 65)},  # contrary motion
        {"soprano": quarters(72, 74), "bass": quarters(48, 47)},
        {"soprano": [(67, 2), (72, 2), (69, 4)], "bass": quarters(48, 53)},  # no fifth again
        {"soprano": [(72, 2), (70, 2), (69, 4)]},  # it passes on by step
        {"soprano": quarters(79, 79), "alto": RESTING, "tenor": quarters(64, 67)},
        {"tenor": quarters(65, 68), "alto": RESTING, "key": "F minor"},  # F to A flat
        {"tenor": quarters(70, 65)},
        {"bass": quarters(48, 60)},
        {"bass": quarters(57, 48)},
        {**DOMINANT, "tenor": quarters(62, 60)},
        {**DOMINANT, "tenor": quarters(59, 59), "bass": quarters(55, 57)},  # no tonic follows
        {"bass": quarters(52, 48), "fermata": fermata(8, (4, 8))},
    ],
)
def test_what_is_nearly_so_is_not(frame):
    assert sentences(**frame) == []


def test_a_mark_has_its_step_its_voices_and_its_bar():
    chorale = {"tenor": quarters(60, 60, 60, 60, 65, 71), "anacrusis": 4}
    assert marks(**chorale) == [
        CounterpointMark(
            20,
            "augmented fourth",
            (TENOR,),
            2,
            "Bar 2: the tenor moves by an augmented fourth, F up to B",
        )
    ]


def test_before_the_first_bar_line_is_the_upbeat():
    [mark] = marks(bass=quarters(48, 62, 62), anacrusis=8)
    assert (mark.bar, mark.sentence[:8]) == (0, "Upbeat: ")


def test_a_dissonance_is_marked_where_it_sounds_in_both_voices():
    [mark] = marks(soprano=[(72, 2), (70, 2), (65, 4)])
    assert (mark.step, mark.voices) == (2, (SOPRANO, TENOR))


def test_the_end_of_a_phrase_is_marked_where_its_chord_begins():
    [mark] = marks(bass=quarters(48, 52), fermata=fermata(8, (4, 8)), alto=RESTING)
    assert (mark.step, mark.voices) == (4, (SOPRANO, TENOR, BASS))


def test_only_what_was_written_is_marked():
    leaping = bars(soprano=quarters(81, 67), bass=quarters(48, 62))
    assert [mark.voices for mark in counterpoint_marks(leaping, ATB)] == [(BASS,)]


def test_what_is_said_already_of_a_bar_is_said_once():
    repeating = {"alto": RESTING, "tenor": quarters(68, 68)}
    assert len(marks(soprano=quarters(79, 79), **repeating)) == 1


def test_marks_come_in_the_order_of_time_and_stand_on_notes(corpus):
    for chorale in first_excerpts(corpus)[:60]:
        found = counterpoint_marks(chorale, ALL)
        assert [mark.step for mark in found] == sorted(mark.step for mark in found)
        for mark in found:
            assert (chorale.pitch[list(mark.voices), mark.step] != REST).all()


def test_bach_is_looked_at_in_the_cells_that_the_machine_wrote():
    bach, longer = make_chorale(64), make_chorale(68)
    assert compared_cells("T", bach, bach).any(axis=1).tolist() == [False, False, True, False]
    second_half = compared_cells("NEXT", bach, bach)
    assert np.flatnonzero(second_half.all(axis=0)).tolist() == list(range(32, 64))
    for condition, piece in (("", bach), ("T", longer)):
        assert compared_cells(condition, bach, piece).tolist() == ALL
