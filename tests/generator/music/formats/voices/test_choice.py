"""Which part is which voice, and what is said of it."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.score import Note, Part, Remark, Score
from generator.music.formats.voices.choice import chosen_voices, four_voices


def line(name: str, *pitches: int, at: int = 0) -> Part:
    return Part(name, tuple(Note(at + 4 * i, at + 4 * i + 4, p) for i, p in enumerate(pitches)))


def chords(name: str, *lines: tuple[int, ...]) -> Part:
    notes = [note for pitches in lines for note in line(name, *pitches).notes]
    return Part(name, tuple(sorted(notes, key=lambda note: note.start)))


def score(*parts: Part) -> Score:
    return Score(parts, max(note.end for part in parts for note in part.notes))


def chosen(*parts: Part, voice=None, expected=None) -> tuple[dict[str, list[int]], list[Remark]]:
    said: list[Remark] = []
    voices = chosen_voices(score(*parts), voice, expected, "x.mid", said)
    return {"SATB"[v]: [n.pitch for n in part.notes] for v, part in voices.items()}, said


WOMEN = chords("Women", (67, 69), (62, 66))
MEN = chords("Men", (59, 60), (55, 50))
FOUR = {"S": [67, 69], "A": [62, 66], "T": [59, 60], "B": [55, 50]}


@pytest.mark.parametrize(
    "parts",
    [
        (WOMEN, MEN),
        (MEN, WOMEN),
        (chords("Organ RH", (67, 69), (62, 66)), chords("Organ LH", (59, 60), (55, 50))),
        (chords(":soprano", (67, 69), (62, 66)), chords(":tenor", (59, 60), (55, 50))),
        (chords("Hymn", *map(tuple, FOUR.values())),),
        (chords("RH", (67, 69), (62, 66), (59, 60)), line("LH", 55, 50)),
        (WOMEN, MEN, line("Drums", 36, 38)),
        (line("Sopran", 67, 69), line("Alt", 62, 66), MEN, chords("Orgel", (60,), (40,), (30,))),
    ],
)
def test_four_notes_at_once_are_the_four_voices(parts):
    assert chosen(*parts)[0] == FOUR
    voices = four_voices(score(*parts))
    assert {"SATB"[v]: [n.pitch for n in part.notes] for v, part in voices.items()} == FOUR
    for letters in ("S", "B", "T", "SB", "ATB"):
        assert chosen(*parts, voice=letters)[0] == {letter: FOUR[letter] for letter in letters}
        assert chosen(*parts, expected=letters)[0] == {letter: FOUR[letter] for letter in letters}


def test_what_was_told_apart_is_said():
    _, said = chosen(chords("Women", (67, 69, 71), (62, 66)), MEN)
    assert said == [
        (
            "voices",
            "Women has up to 2 notes at once: from the top, S and A; 1 note is sung by more than "
            "one of them (first in bar 1)",
        ),
        ("voices", "Men has up to 2 notes at once: from the top, T and B"),
    ]


def test_the_top_line_of_a_part_is_asked_for():
    piano = chords("Piano", (72, 74), (64, 65), (60, 62))
    assert chosen(piano, voice="S")[0] == {"S": [72, 74]}
    found, said = chosen(piano, voice="B")
    assert found == {"B": [60, 62]}
    assert said == [("voices", "Piano has 3 notes at once in bar 1: its lowest line is the bass")]
    assert chosen(WOMEN, voice="SA")[0] == {"S": [67, 69], "A": [62, 66]}


@pytest.mark.parametrize("asked", [{}, {"voice": "A"}, {"expected": "S"}])
def test_several_notes_at_once_are_refused_with_the_bar_and_the_way_out(asked):
    piano = chords("Piano", (72, 74, 72, 74, 72, 74), (64, 65, 64, 65, 64, 65))
    late = Part("Piano", (*line("", 71, 70, 71, 70).notes, *piano.notes[8:], Note(20, 24, 40)))
    with pytest.raises(
        FormatError,
        match=r"Piano is not a single voice: .* begins at beat 5 while .* still sounds "
        r"\(2 notes at once in bar 2\); --voice S takes the top line of it",
    ):
        chosen(late, **asked)


def test_the_refusal_of_four_voices_says_which_bar_has_how_many_notes():
    with pytest.raises(
        FormatError, match=r"1 with notes \(Hymn\); Hymn has 5 notes at once in bar 1: put each"
    ):
        four_voices(score(chords("Hymn", (72, 72), (67, 67), (64, 64), (55, 55), (48, 48))))


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([line("Orgel", 48, 50)], "Orgel (accompaniment)"),
        ([line("Piano RH", 80, 81), line("Piano LH", 40)], "Piano RH, Piano LH (accompaniment)"),
        ([line("Click", 76, 77)], "Click (percussion)"),
        ([line("Basso continuo", 40, 41)], "Basso continuo (accompaniment)"),
    ],
)
@pytest.mark.parametrize("name", ["Sopran", "Cantus", "Melodie", "Violin"])
def test_accompaniment_and_percussion_stay_out_and_that_is_said(name, others, left):
    for asked in ({}, {"voice": "S"}, {"expected": "S"}):
        found, said = chosen(line(name, 67, 69), *others, **asked)
        assert found == {"S": [67, 69]}
        assert said == [("left out", left)]


def test_two_named_voices_are_given_without_the_piano():
    parts = line("Sopran", 67, 69), line("Alt", 62, 64), line("Klavier", 48, 48)
    assert chosen(*parts)[0] == chosen(*parts, expected="SA")[0] == {"S": [67, 69], "A": [62, 64]}
    found, said = chosen(*parts, voice="S")
    assert found == {"S": [67, 69]}
    assert said == [
        ("left out", "Klavier (accompaniment)"),
        ("left out", "Alt (S is asked for)"),
    ]


def test_three_nameless_voices_are_named_by_the_user():
    parts = line("Choir 1", 67), line("Choir 2", 62), line("Choir 3", 59), line("Drum kit", 36)
    with pytest.raises(FormatError, match=r"3 parts with notes \(Choir 1, Choir 2, Choir 3\)"):
        chosen(*parts)
    assert chosen(*parts, voice="SAT")[0] == {"S": [67], "A": [62], "T": [59]}
    assert chosen(*parts, voice="S")[0] == {"S": [67]}
    with pytest.raises(FormatError, match="3 with notes"):
        four_voices(score(*parts))


def test_tracks_of_one_voice_that_take_turns_are_one():
    parts = line("Sopran 1", 67, 69), line("Sopran 2", 71, 72, at=8), line("Alt", 62)
    assert chosen(*parts)[0] == {"S": [67, 69, 71, 72], "A": [62]}
    together = line("Sopran 1", 67, 69), line("Sopran 2", 71, 72, at=4), line("Alt", 62)
    with pytest.raises(FormatError, match="unclear"):
        chosen(*together)


def test_the_name_of_a_voice_counts_before_that_of_an_instrument():
    parts = [line(name, 60 - i) for i, name in enumerate(("Alto sax", "Alto", "Soprano"))]
    assert chosen(*parts, voice="A")[0] == {"A": [59]}
