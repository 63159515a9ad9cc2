"""What a score says of phrase ends, wherever it says so."""

from __future__ import annotations

import pytest

from generator.music.formats.outside_files import score_of
from generator.music.formats.score import Score
from tests.generator.music.formats.notation.written_scores import said


def abc(body: str) -> Score:
    return score_of(f"X:1\nM:4/4\nL:1/4\nK:G\n{body}\n".encode(), "x.abc")


def fermatas(score: Score) -> list[int]:
    return [note.start for part in score.parts for note in part.notes if note.fermata]


def musicxml(measures: str) -> Score:
    attributes = "<attributes><divisions>1</divisions></attributes>"
    return score_of(
        "<score-partwise><part-list><score-part id='P'><part-name>S</part-name></score-part>"
        f"</part-list><part id='P'>{measures.replace('@', attributes)}</part>"
        "</score-partwise>".encode(),
        "x.musicxml",
    )


NOTE = (
    "<note><pitch><step>G</step><octave>4</octave></pitch><duration>3</duration>"
    "<voice>1</voice></note>"
)
REST = "<note><rest/><duration>1</duration><voice>1</voice>{}</note>"
FERMATA = "<notations><fermata/></notations>"
LINE = "<barline location='{}'><fermata/></barline>"


@pytest.mark.parametrize(
    ("measures", "marked"),
    [
        (f"<measure number='1'>@{NOTE}{REST.format(FERMATA)}</measure>", [0]),
        (f"<measure number='1'>@{NOTE}{REST.format('')}{LINE.format('right')}</measure>", [0]),
        (
            f"<measure number='1'>@{NOTE}{REST.format('')}</measure>"
            f"<measure number='2'>{LINE.format('left')}{NOTE}{REST.format('')}</measure>",
            [0],
        ),
        (f"<measure number='1'>@{REST.format(FERMATA)}{NOTE}</measure>", []),
    ],
)
def test_a_fermata_over_no_note_of_musicxml_is_that_of_the_note_before(measures, marked):
    score = musicxml(measures)
    assert fermatas(score) == marked
    assert ("read over the note before" if marked else "left out") in said(score)


def test_of_two_voices_the_note_that_ends_last_is_before_a_bar_line():
    back = "<backup><duration>{}</duration></backup>"
    lower = NOTE.replace("<voice>1", "<voice>2").replace(">3<", ">1<")
    bar = f"{NOTE}{REST.format('')}{back.format(4)}{lower}{LINE.format('right')}"
    score = musicxml(f"<measure number='1'>@{bar}</measure>")
    fermatas_at = {n.end for part in score.parts for n in part.notes if n.fermata}
    assert fermatas_at == {12}
    score = abc("G A B c & D2 z H|G4|]")
    assert set(fermatas(score)) == {12}


def test_a_fermata_over_a_rest_is_that_of_its_voice():
    back = "<backup><duration>4</duration></backup>"
    second = f"{NOTE}{REST.format(FERMATA)}".replace("<voice>1", "<voice>2").replace(
        "<step>G", "<step>D"
    )
    upper = NOTE.replace(">3<", ">4<")
    score = musicxml(f"<measure number='1'>@{second}{back}{upper}</measure>")
    marked = [n.pitch for part in score.parts for n in part.notes if n.fermata]
    assert marked == [62]
    score = musicxml(f"<measure number='1'>@{upper}{back}{second}</measure>")
    assert [n.pitch for part in score.parts for n in part.notes if n.fermata] == [62]


@pytest.mark.parametrize(
    ("body", "marked"),
    [
        ("G A B !fermata!z|G4|]", [8]),
        ("G A B c H|G4|]", [12]),
        ("G A B z|Hz4|G4|]", [8]),
        ("!fermata!z G A B|]", []),
    ],
)
def test_a_fermata_over_no_note_of_abc_is_that_of_the_note_before(body, marked):
    score = abc(body)
    assert fermatas(score) == marked
    assert ("read over the note before" if marked else "left out") in said(score)


@pytest.mark.parametrize(
    "body",
    [
        "G A B !breath!c|G4|]",
        "G A B !longphrase![Gc]|G4|]",
        'G A B !breath!"C"c|G4|]',
        "G A B !breath!(c/d/)|G4|]",
        "G A B c !breath!|G4|]",
        "G A B c !breath! |G4|]",
        "G A B c !breath! z4|G4|]",
        "G A B c|\n!breath!|G4|]",
    ],
)
def test_a_breath_mark_of_abc_belongs_to_the_note_after_it_or_else_before_it(body):
    assert abc(body).hints == ((12, "breath"),)


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        ("How I won-der what you are! Up", {(8, "word"), (24, "stop")}),
        ("* sleep,_ a~way. | Now__ go!",
         {(4, "word"), (8, "comma"), (12, "stop"), (16, "word"), (20, "word"), (28, "stop")}),
        ("Glo -- ri-a, then",
         {(0, "word"), (4, "word"), (8, "word"), (12, "word"), (16, "comma")}),
        ("Hush\\-a bye, | lamb.", {(4, "comma"), (16, "stop")}),
        ("A-men!________________", {*((step, "word") for step in range(0, 28, 4)), (28, "stop")}),
        ("la la la la la la la la la la la la.", set()),
    ],
)  # fmt: skip
def test_words_under_a_line_of_abc(words, hints):
    score = abc(f"G A B c|d e f g|\nw: {words}\nw: The, sec, ond, verse, does, not, count.\nG4|]")
    assert set(score.hints) == hints


def test_words_belong_to_their_voice_and_to_the_first_line_of_an_overlay():
    score = abc("V:1\nG2 A2 & E4|B4|\nw: one, two, three.\nV:2\nD4|D4|\nw: first, last")
    assert set(score.hints) == {(0, "comma"), (8, "comma"), (16, "stop")}
