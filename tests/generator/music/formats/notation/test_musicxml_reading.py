"""MusicXML as programs write it: keys, metres, rests, files; each a kind and not one file."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import score_of
from tests.generator.music.formats.notation.written_scores import (
    attributes,
    back,
    notes,
    packed,
    part,
    pitches,
    read,
    said,
    words,
    xml,
)

BAR = words("G4 A4 B4 C5")


def transposed(chromatic: int, diatonic: int | None, octave: int = 0) -> str:
    steps = "" if diatonic is None else f"<diatonic>{diatonic}</diatonic>"
    moved = f"{steps}<chromatic>{chromatic}</chromatic><octave-change>{octave}</octave-change>"
    return f"<transpose>{moved}</transpose>"


@pytest.mark.parametrize(
    ("fifths", "chromatic", "diatonic", "octave", "key", "first"),
    [
        (3, -9, -5, 0, "C major", 58),  # alto saxophone
        (3, 3, None, -1, "C major", 58),  # the same, without steps
        (-6, -2, -1, 0, "E major", 65),  # clarinet: F flat is E
        (1, -7, -4, 0, "C major", 60),  # horn in F
        (0, -2, -1, -1, "Bb major", 53),  # bass clarinet
        (-1, 0, 0, -1, "F major", 55),  # double bass
    ],
)
def test_the_key_of_a_transposing_part_sounds(fifths, chromatic, diatonic, octave, key, first):
    moved = transposed(chromatic, diatonic, octave)
    score = read(part(BAR, head=attributes(fifths, mode="major", more=moved)))
    assert (score.key, score.parts[0].notes[0].pitch) == (key, first)


def test_parts_that_write_no_signature_do_not_set_the_key():
    horn = part(BAR, head=attributes(0, mode="major", more=transposed(-7, -4)))
    choir = part(BAR, head=attributes(2, mode="major"))
    assert read(horn, choir, choir).key == "D major"


@pytest.mark.parametrize(
    ("fifths", "mode", "key", "words_said"),
    [
        (0, "dorian", "D minor", "the mode is dorian"),
        (-11, "major", "G major", "-11 fifths is read as one of 1"),
        (1, "none", "", ""),
    ],
)
def test_rare_keys_become_near_ones(fifths, mode, key, words_said):
    score = read(part(BAR, head=attributes(fifths, mode=mode)))
    assert score.key == key
    assert words_said in said(score)


@pytest.mark.parametrize(
    ("time", "metre"),
    [
        ("2/2", "2/2"),
        ("3+2/8", "5/8"),
        ("<beats>3</beats><beat-type>8</beat-type><beats>2</beats><beat-type>4</beat-type>", "7/8"),
        ("6/8", "6/8"),
    ],
)
def test_metres_are_added_up(time, metre):
    assert read(part(BAR, BAR, head=attributes(time=time))).metre[0] == (0, metre)


def test_a_score_without_metre_has_that_of_its_bars():
    three = words("G4 A4 B4")
    score = read(part(three, three, three, head=attributes(time="")))
    assert score.metre == ((0, "3/4"),)
    assert "no time signature: the metre is taken as 3/4" in said(score)


SENZA = "<senza-misura/>"


def test_free_music_is_barred_by_its_fermatas():
    line = words("G4 A4 B4+fermata C5 D5 E5 D5 C5+fermata")
    score = read(part(line, head=attributes(time=SENZA)))
    assert score.metre == ((0, "3/4"), (12, "5/4"))
    assert "senza misura" in said(score)


def test_free_music_is_barred_by_its_bars_and_refused_without():
    score = read(part(words("G4 A4"), words("B4:2 C5"), head=attributes(time=SENZA)))
    assert score.metre == ((0, "2/4"), (8, "3/8"))
    with pytest.raises(FormatError, match="senza misura"):
        read(part(words("G4 A4"), head=attributes(time=SENZA)))


@pytest.mark.parametrize("rest", ["R:16", "r:16+whole", "R:12"])
def test_a_rest_of_a_bar_is_as_long_as_the_bar(rest):
    soprano = part(words("D4"), words("G4 A4 B4 G4"), words("A4 G4 G4"), implicit=True)
    alto = part(words(rest), words(rest), words(rest), implicit=True)
    score = read(soprano, alto, names=["Soprano", "Alto"])
    assert (score.anacrusis, score.steps, score.metre) == (4, 32, ((0, "4/4"),))


def test_a_second_voice_goes_on_after_a_rest_of_the_bar():
    bars = [words("R:16", "2") + back(16) + words(line) for line in ("D4", "G4 A4 B4 G4")]
    score = read(part(*bars, implicit=True))
    assert (score.anacrusis, pitches(score.parts[0])) == (4, [62, 67, 69, 71, 67])


def test_bars_in_which_all_rest_are_full():
    score = read(part(words("R:16"), BAR, head=attributes(time="3/4")))
    assert score.parts[0].notes[0].start == 12


def test_what_is_not_sung_is_left_out_and_counted():
    line = words("A4+grace G4 C6:4+cue B4:4+slash D5:4+unpitched")
    score = read(part(line + f"<harmony/>{BAR}"))
    assert pitches(score.parts[0]) == [67, 67, 69, 71, 72]
    assert score.steps == 32
    for thing in ("1 grace note", "1 cue note", "1 slash notehead", "1 chord symbol"):
        assert thing in said(score)


CLEF = "<clef><sign>{}</sign></clef>"


def test_percussion_is_no_part():
    drums = part(BAR, head=attributes(more=CLEF.format("percussion")))
    score = read(part(BAR), drums, names=["Soprano", "Beat"])
    assert [each.name for each in score.parts] == ["Soprano"]
    assert "Beat is percussion" in said(score)
    channel = "<midi-instrument><midi-channel>10</midi-channel></midi-instrument>"
    with pytest.raises(FormatError, match="nothing but percussion"):
        read(part(BAR), lists=channel)


def test_a_score_by_measures_is_a_score_by_parts():
    bars = [(words("G4 A4 B4 C5"), words("E4:16")), (words("D5:16"), words("F#4:16"))]
    head = attributes()
    measures = "".join(
        f'<measure number="{n}">'
        + "".join(f'<part id="P{p}">{head if n == 1 else ""}{bar}</part>' for p, bar in pair)
        + "</measure>"
        for n, pair in enumerate([list(enumerate(bar, 1)) for bar in bars], 1)
    )
    score = score_of(f"<score-timewise>{measures}</score-timewise>".encode(), "x.xml")
    assert [pitches(each) for each in score.parts] == [[67, 69, 71, 72, 74], [64, 66]]


def test_names_of_elements_may_have_a_namespace():
    text = xml(part(BAR)).replace("<score-partwise>", '<score-partwise xmlns="http://m.org/x">')
    assert pitches(score_of(text.encode(), "x.xml").parts[0]) == [67, 69, 71, 72]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-8"?>'])
def test_the_encoding_is_what_it_is(encoding, declared):
    if encoding == "utf-16":
        declared = declared.replace("UTF-8", "UTF-16")
    text = declared + xml(part(BAR), names=["Sopran früh"])
    assert score_of(text.encode(encoding), "x.xml").parts[0].name == "Sopran früh"


def container(path: str, before: str = "") -> str:
    return f'<container><rootfiles>{before}<rootfile full-path="{path}"/></rootfiles></container>'


SCORE = xml(part(BAR))
PICTURE = '<rootfile full-path="a.pdf" media-type="application/pdf"/>'


@pytest.mark.parametrize(
    "entries",
    [
        {"META-INF/container.xml": container("SCORE.XML"), "a.xml": "<x/>", "SCORE.XML": SCORE},
        {"META-INF/container.xml": container("score"), "a.xml": "<x/>", "score": SCORE},
        {"META-INF/container.xml": container("./s/a.musicxml"), "s/a.musicxml": SCORE},
        {"META-INF/container.xml": container("s\\a.xml"), "s/a.xml": SCORE},
        {"META-INF/container.xml": container("Score.xml"), "score.XML": SCORE},
        {"META-INF/container.xml": container("a.xml", PICTURE), "a.pdf": "x", "a.xml": SCORE},
        {"meta-inf/Container.xml": container("b.xml"), "a.xml": "<x/>", "b.xml": SCORE},
        {"__MACOSX/._a.xml": "x", "a.MUSICXML": SCORE},
    ],
)
def test_the_container_says_which_entry_is_the_score(entries):
    assert pitches(score_of(packed(entries), "x.mxl").parts[0]) == [67, 69, 71, 72]


def test_notes_off_the_grid_by_rounding_are_on_it():
    line = words("G4:480 A4:481 B4:479 C5:480")
    score = read(part(line, line, head=attributes(divisions=480)))
    assert notes(score.parts[0])[1:4] == [(4, 8, 69), (8, 12, 71), (12, 16, 72)]


def test_a_beginning_off_the_grid_refuses_the_file_and_an_end_does_not():
    head = attributes(divisions=24)
    staccato = read(part(words("G4:16 r:8 A4:2 r:22 B4:48"), head=head))
    assert notes(staccato.parts[0]) == [(0, 3, 67), (4, 5, 69), (8, 16, 71)]
    assert "2 note ends are moved to a sixteenth by at most 2/3" in said(staccato)
    late = part(words("G4:25 A4:23 B4:48"), head=head)
    with pytest.raises(FormatError, match=r"Part, bar 1: A4 begins at beat 2.042, off the grid"):
        read(late)
    assert notes(read(late, quantise=True).parts[0]) == [(0, 4, 67), (4, 8, 69), (8, 16, 71)]


def test_of_notes_that_are_moved_to_one_sixteenth_the_longest_stays():
    trill = part(words("G4:3 A4:1 B4:4 G4:12 A4:12 D5:64"), head=attributes(divisions=24))
    score = read(trill, quantise=True)
    assert notes(score.parts[0])[:3] == [(0, 1, 67), (1, 3, 67), (3, 5, 69)]
    assert "2 notes on the sixteenth of another are left out" in said(score)
