"""ABC tunes: one voice and several, and what scholars and folk musicians write in them."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import four_part_chorale, score_of
from generator.music.formats.score import Score
from generator.music.formats.voices.choice import four_voices
from tests.generator.music.formats.notation.written_scores import notes, pitches, said


def abc(body: str, key: str = "G", metre: str = "4/4", unit: str = "1/4", **wishes) -> Score:
    fields = [f"M:{metre}" if metre else "", f"L:{unit}" if unit else "", f"K:{key}"]
    head = "\n".join(("X:1", "T:Tune", *filter(None, fields)))
    return score_of(f"{head}\n{body}\n".encode(), "x.abc", **wishes)


SCALE = [67, 69, 71, 72]
FOUR = """%abc-2.1
X:1
M:3/4
L:1/4
%%score (S A) (T B)
V:S clef=treble name="Soprano"
V:A clef=treble name="Alto"
V:T clef=bass name="Tenor"
V:B clef=bass name="Bass"
K:Am
{}"""
LINES = {"S": "A | c B A | !fermata!e3 |]", "A": "E | A ^G E | ^G3 |]"}
LINES |= {"T": "C | E E C | B,3 |]", "B": "A, | A,, E, A, | E,3 |]"}
QUARTET = [[69, 72, 71, 69, 76], [64, 69, 68, 64, 68], [60, 64, 64, 60, 59], [57, 45, 52, 57, 52]]


@pytest.mark.parametrize(
    "body",
    [
        "\n".join(f"[V:{voice}] {line}" for voice, line in LINES.items()),
        "\n".join(f"V:{voice}\n{line}" for voice, line in LINES.items()),
        " ".join(f"[V:{voice}] {line}" for voice, line in LINES.items()),
    ],
)
def test_several_voices_stand_one_under_the_other(body):
    score = score_of(FOUR.format(body).encode(), "x.abc")
    voices = four_voices(score)
    assert [pitches(voices[index]) for index in range(4)] == QUARTET
    assert (score.key, score.metre, score.anacrusis) == ("A minor", ((0, "3/4"),), 4)
    assert [note.fermata for note in voices[0].notes] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("key", "named", "first"),
    [
        ("G", "G major", [65 + 1, 72]),
        ("Gm", "G minor", [65, 72]),
        ("A dor", "A minor", [66, 72]),
        ("gmix", "G major", [65, 72]),
        ("Dmix clef=treble-8", "D major", [66 - 12, 60]),
        ("Bb", "Bb major", [65, 72]),
        ("F#m", "F# minor", [66, 73]),
        ("C treble", "C major", [65, 72]),
        ("HP", "D major", [66, 73]),
        ("D exp ^c", "", [65, 73]),
        ("none", "", [65, 72]),
        ("G ^c", "G major", [66, 73]),
    ],
)
def test_keys(key, named, first):
    score = abc("F c2 F|", key)
    assert (score.key, pitches(score.parts[0])[:2]) == (named, first)


@pytest.mark.parametrize("clef", ["soprano", "bass3", "alto1", "treble+8", "+8", "clef=bass", ""])
def test_a_clef_is_no_key_and_no_mistake(clef):
    score = abc(f"G A B c|[K:{clef}]d4|]")
    assert score.key == "G major"
    assert "no key" not in said(score)


@pytest.mark.parametrize(
    ("metre", "unit", "lengths", "name"),
    [
        ("C", "1/4", [4, 8], "4/4"),
        ("C|", "1/2", [8, 16], "2/2"),
        ("6/8", "1/8", [2, 4], "6/8"),
        ("2/4", "", [1, 2], "2/4"),  # below 3/4 a note is a sixteenth
        ("3/4", "", [2, 4], "3/4"),
        ("(2+3)/8", "1/8", [2, 4], "5/8"),
    ],
)
def test_metres_and_units(metre, unit, lengths, name):
    score = abc("G A2|", metre=metre, unit=unit)
    assert [note.end - note.start for note in score.parts[0].notes] == lengths
    assert score.metre[0] == (0, name)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("G A B c|", [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 16, 72)]),
        ("G/2A/B//c3/4", [(0, 2, 67), (2, 4, 69), (4, 5, 71), (5, 8, 72)]),
        ("G>A B<c|", [(0, 6, 67), (6, 8, 69), (8, 10, 71), (10, 16, 72)]),
        ("G3-|G|", [(0, 16, 67)]),
        ("^F2-|F F|", [(0, 12, 66), (12, 16, 65)]),  # the tie keeps the sign, the bar line ends it
        ("[GB]2 [Ac]-[Ac]|", [(0, 8, 67), (0, 8, 71), (8, 16, 69), (8, 16, 72)]),
        ("z G x A|", [(4, 8, 67), (12, 16, 69)]),
        ("{g}G !trill!~A .B uc|", [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 16, 72)]),
        ('"Am"G "^slow"A (B c)|', [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 16, 72)]),
        ("G A % c d\nB c|", [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 16, 72)]),
        ("G, A,, b' c''|", [(0, 4, 55), (4, 8, 45), (8, 12, 95), (12, 16, 96)]),
        ("^F =F _B F|", [(0, 4, 66), (4, 8, 65), (8, 12, 70), (12, 16, 65)]),
        ("^F4|F4|", [(0, 16, 66), (16, 32, 65)]),
        ("Z2|G4|", [(32, 48, 67)]),
        ("[L:1/8]G2A2B2c2|", [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 16, 72)]),
    ],
)
def test_music(body, expected):
    score = abc(body, "C")
    assert sorted(notes(score.parts[0])) == sorted(expected)


def test_key_and_metre_may_change():
    score = abc("GABc|[K:D][M:3/4]fed|\nK:G\nM:2/4\nGc|")
    assert score.metre == ((0, "4/4"), (16, "3/4"), (28, "2/4"))
    assert pitches(score.parts[0]) == [*SCALE, 78, 76, 74, 67, 72]
    assert "signature changes" in said(score)


@pytest.mark.parametrize(
    ("body", "played", "once"),
    [
        ("G4|A4:|B4|]", [67, 69, 67, 69, 71], [67, 69, 71]),
        ("G4|1 A4:|2 B4||c4|]", [67, 69, 67, 71, 72], [67, 71, 72]),
        ("|:G4|[1 A4:|[2 B4|]", [67, 69, 67, 71], [67, 71]),
        ("|:G4::A4:|", [67, 67, 69, 69], [67, 69]),
        ("G4|!fine!A4|B4!D.C.!|]", [67, 69, 71, 67, 69], [67, 69, 71]),
    ],
)
def test_repeats(body, played, once):
    assert pitches(abc(body, repeats="play").parts[0]) == played
    assert pitches(abc(body).parts[0]) == once
    assert "read once" in said(abc(body))


def test_fermatas_are_signs_or_letters():
    for body in ("G A !fermata!B c|", "G A HB c|", "G A +fermata+B c|"):
        assert [note.fermata for note in abc(body).parts[0].notes] == [False, False, True, False]


def test_of_a_book_the_first_tune_is_read():
    book = "X:1\nT:First\nM:4/4\nL:1/4\nK:C\nGABc|\n\nX:2\nT:Second\nK:C\ncBAG|\n"
    score = score_of(book.encode(), "x.abc")
    assert (score.title, pitches(score.parts[0])) == ("First", SCALE)
    assert "of 2 tunes the first is read (First)" in said(score)


def test_words_after_the_tune_are_no_music():
    score = abc("GABc|\nw:do re mi fa\n\nA bad face\nmade a cabbage")
    assert pitches(score.parts[0]) == SCALE


def test_a_free_tune_is_barred_by_its_lines():
    score = abc("GAB\nc2", metre="none")
    assert score.metre == ((0, "3/4"), (12, "2/4"))


def test_an_overlay_is_a_second_line():
    (staff,) = abc("GABc & E2F2|").parts
    assert [note.line for note in staff.notes] == [1, 2, 1, 1, 2, 1]


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_ends_of_lines_and_encodings(ends, encoding):
    text = f"X:1{ends}T:Früh{ends}M:4/4{ends}L:1/4{ends}K:G{ends}GABc|{ends}"
    score = score_of(text.encode(encoding), "x.txt")
    assert (score.title, pitches(score.parts[0])) == ("Früh", SCALE)


def test_tuplets_are_refused_with_their_place_or_moved():
    with pytest.raises(FormatError, match=r"tune, bar 2: A4 begins at beat 1.333, off the grid"):
        abc("GABc|(3G/A/B/ c3|")
    moved = abc("(3G/A/B/ c3|", quantise=True)
    assert notes(moved.parts[0]) == [(0, 1, 67), (1, 3, 69), (3, 4, 71), (4, 16, 72)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X:1\nK:C\n", "no measures"),
        ("X:1\nM:a/4\nK:C\nCDEF|", "M:a/4 is no metre"),
        ("X:1\nL:1/0\nK:C\nCDEF|", "L:1/0 is no length"),
        ("X:1\nK:C\n" + "V:1 a\n" * 2 + "C,,,,,,4|", "too high or too low"),
        ("K:C\n" + "C" * 300_001, "300,0.. characters"),
    ],
)
def test_what_is_no_tune_is_refused_in_words(text, message):
    with pytest.raises(FormatError, match=message):
        score_of(text.encode(), "x.abc")


def test_collections_do_not_read_texts():
    with pytest.raises(FormatError, match=r"neither a MIDI nor a MusicXML file$"):
        four_part_chorale(FOUR.encode(), "x.mid")
