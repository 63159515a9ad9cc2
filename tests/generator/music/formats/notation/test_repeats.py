"""Repeats, endings, D.C. and D.S., and measure repeats: read once, or as they are played."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.play_order import once, played
from generator.music.formats.notation.written import RepeatMarks
from tests.generator.music.formats.notation.written_scores import (
    attributes,
    part,
    pitches,
    read,
    said,
    words,
)


def marks(text: str) -> list[RepeatMarks]:
    """A word for each measure: [ ] are repeat signs, 1: an ending, S segno, O coda, o to coda,
    F fine, C da capo, D dal segno, and - nothing."""
    found = []
    for word in text.split():
        ending, colon, rest = word.partition(":")
        rest = rest if colon else word
        found.append(
            RepeatMarks(
                forward="[" in rest,
                backward=2 + rest.count("x") if "]" in rest else 0,
                ending=tuple(int(figure) for figure in ending) if colon else (),
                ending_stops="|" in rest,
                segno="S" in rest,
                coda="O" in rest,
                to_coda="o" in rest,
                fine="F" in rest,
                da_capo="C" in rest,
                dal_segno="D" in rest,
            )
        )
    return found


@pytest.mark.parametrize(
    ("text", "as_played", "as_once"),
    [
        ("- ] -", "01012", "012"),
        ("- [ ] -", "012123", "0123"),
        ("]xx -", "00001", "01"),
        ("- 1:] 2:| -", "01023", "023"),
        ("- 12:] 3:| -", "0101023", "023"),
        ("- 1:- ] 2:-", "01203", "03"),  # the first ending has two bars
        ("- 1:] -", "0102", "02"),  # the second time without it
        ("- 1:] 2:] -", "01023", "023"),
        ("] [ ]", "001212", "012"),
        ("- ] - ]", "01012323", "0123"),
        ("- 1:| 2:|", "012", "012"),  # endings without a repeat
        ("- -F - C", "012301", "0123"),
        ("- S -F D", "012312", "0123"),
        ("- -o C O", "012013", "0123"),
        ("- S -o D O -", "01231245", "012345"),
        ("- O C O", "012013", "0123"),  # the sign alone stands at both places
        ("] -F C", "001201", "012"),  # no repeats after D.C.
        ("- 1:] 2:|F C", "0102302", "023"),
        ("[ 1:] 2:| [ 1:] 2:|", "01023435", "0235"),
    ],
)
def test_measures_are_read_in_their_order(text, as_played, as_once):
    assert "".join(map(str, played(marks(text)))) == as_played
    assert "".join(map(str, once(marks(text)))) == as_once


def test_what_is_repeated_is_not_endless():
    with pytest.raises(FormatError, match="more than 10000 bars; read it with --repeats once"):
        played([RepeatMarks(backward=10)] * 1001)


REPEAT = '<barline location="right"><repeat direction="backward"/></barline>'
BARS = [words(f"{name}:16") for name in ("G4", "A4", "B4", "C5")]


def directed(words_text: str, sound: str = "") -> str:
    kind = f"<direction-type><words>{words_text}</words></direction-type>"
    return f"<direction>{kind}{f'<sound {sound}/>' if sound else ''}</direction>"


@pytest.mark.parametrize(
    ("fine", "back"),
    [
        (directed("Fine"), directed("D.C. al Fine")),
        (directed("FINE"), directed("Da  capo al fine")),
        ('<sound fine="yes"/>', '<direction><sound dacapo="yes"/></direction>'),
    ],
)
def test_da_capo_is_found_as_words_and_as_sound(fine, back):
    bars = [BARS[0], BARS[1] + fine, BARS[2] + back]
    score = read(part(*bars), repeats="play")
    assert pitches(score.parts[0]) == [67, 69, 71, 67, 69]
    assert "repeats are played: bars 1-3 1-2" in said(score)
    assert "read once; --repeats play plays them" in said(read(part(*bars)))


def test_dal_segno_al_coda_is_found_as_signs():
    sign = "<direction><direction-type><{}/></direction-type></direction>"
    to_coda = "<direction><direction-type><words>To Coda</words></direction-type>"
    to_coda += "<direction-type><coda/></direction-type></direction>"
    bars = [
        BARS[0],
        sign.format("segno") + BARS[1] + to_coda,
        BARS[2] + directed("D.S. al Coda"),
        sign.format("coda") + BARS[3],
    ]
    score = read(part(*bars), repeats="play")
    assert pitches(score.parts[0]) == [67, 69, 71, 69, 72]


def test_a_repeat_from_a_pickup_keeps_the_bar_lines():
    bars = [words("D4"), words("G4:16"), words("A4:12") + REPEAT]
    score = read(part(*bars), repeats="play")
    assert (score.anacrusis, score.metre, score.steps) == (4, ((0, "4/4"),), 2 * 32)


def test_a_passage_that_returns_has_its_own_metre():
    three = attributes(time="3/4")
    bars = [BARS[0], three + words("A4:12") + REPEAT, words("B4:12")]
    score = read(part(*bars), repeats="play")
    assert score.metre == ((0, "4/4"), (16, "3/4"), (28, "4/4"), (44, "3/4"))


def repeat_of(bars: int, kind: str = "start") -> str:
    style = f'<measure-repeat type="{kind}">{bars if kind == "start" else ""}</measure-repeat>'
    return f"<attributes><measure-style>{style}</measure-style></attributes>"


REST = words("R:16")


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ([BARS[0], repeat_of(1) + REST, REST, BARS[1]], [67, 67, 67, 69]),
        ([*BARS[:2], repeat_of(2) + REST, REST, repeat_of(2, "stop") + REST], [67, 69, 67, 69]),
        ([BARS[0], repeat_of(1), repeat_of(1, "stop") + BARS[1]], [67, 67, 69]),
        ([repeat_of(1) + REST, BARS[0]], [67]),  # nothing stands before it
    ],
)
def test_a_measure_repeat_stands_for_the_bars_before_it(bars, expected):
    for repeats in (None, "play"):
        assert pitches(read(part(*bars), repeats=repeats).parts[0]) == expected
    literal = read(part(*bars), repeats="once")
    assert len(literal.parts[0].notes) < len(expected) or expected == [67]
    assert literal.steps == 16 * len(bars)
