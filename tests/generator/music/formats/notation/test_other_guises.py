"""The kinds of the cases of scores in other guises: other programs, other places, other packing."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.melody import melody_reading
from generator.music.formats.outside_files import score_of
from tests.generator.music.formats.notation.written_scores import (
    attributes,
    back,
    packed,
    part,
    pitches,
    read,
    said,
    words,
    xml,
)

SCORE = xml(part(words("G4 A4 B4 C5")), names=["Männer"])
SCALE = [67, 69, 71, 72]
DECLARED = '<?xml version="1.0" encoding="{}"?>'
BROKEN = "no XML"


def container(path: str) -> str:
    return f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'


@pytest.mark.parametrize(
    ("named", "there"),
    [
        (container("Ein%20Choral.xml"), "Ein Choral.xml"),
        (container("gone.xml"), "score.xml"),
        (container("dir\\\\score.xml"), "dir/score.xml"),
        ("<container/>", "score.xml"),
        (BROKEN, "score.xml"),
    ],
)
def test_the_score_of_a_container_is_found(named, there):
    data = packed({"META-INF/container.xml": named, there: SCORE})
    assert pitches(score_of(data, "x.mxl").parts[0]) == SCALE


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("UTF-8", "utf-16"), ("US-ASCII", "utf-8"), ("UTF-16", "utf-8"), ("UTF-8", "latin-1")],
)
def test_an_encoding_that_is_not_the_declared_one_is_read(declared, encoding):
    data = (DECLARED.format(declared) + SCORE).encode(encoding)
    assert score_of(data, "x.xml").parts[0].name == "Männer"


def test_blank_lines_before_the_declaration_are_passed_over():
    data = f"\n {DECLARED.format('UTF-8')}{SCORE}".encode()
    assert pitches(score_of(data, "x.xml").parts[0]) == SCALE


@pytest.mark.parametrize("length", [60, 200, 300])
def test_a_score_that_is_cut_off_is_refused_as_such(length):
    with pytest.raises(FormatError, match=r"it is cut off .* get a whole copy"):
        score_of(SCORE.encode()[:length], "x.xml")


@pytest.mark.parametrize("divisions", [1, 2, 4])
def test_a_voice_after_a_backup_one_division_too_short_begins_with_its_bar(divisions):
    length = f":{divisions} "
    upper, lower = (length.join([*names, ""]) for names in (("G4", "A4", "B4"), ("D4", "E4", "F4")))
    bar = words(upper) + back(3 * divisions - 1) + words(lower, "2")
    score = read(part(bar, head=attributes(1, "3/4", divisions=divisions)))
    assert [(note.start, note.end) for note in score.parts[0].notes[::2]] == [
        (0, 4),
        (4, 8),
        (8, 12),
    ]
    assert "1 voice after a short backup is moved to the beginning of its bar" in said(score)


def test_a_voice_that_enters_on_the_second_beat_stays_there():
    bar = words("G4:1 A4:1 B4:1") + back(2) + words("D4:1 E4:1 F4:1", "2")
    score = read(part(bar, head=attributes(1, "4/4", divisions=1)))
    starts = {(note.start, note.pitch) for part in score.parts for note in part.notes}
    assert {(4, 62), (8, 64), (12, 65)} <= starts
    assert "backup" not in said(score)


def test_a_tie_that_ends_and_never_begins_is_said():
    score = read(part(words("G4 A4 B4 C5"), words("C5+stop B4 A4 G4")))
    assert pitches(score.parts[0]) == [67, 69, 71, 72, 71, 69, 67]
    assert "1 unbegun tie is joined to the last note of the same pitch" in said(score)


def test_the_triplets_of_an_accompaniment_need_not_matter(tmp_path):
    triplets = part(words("G3:1 D4:1 G3:1 A3:9"), head=attributes(divisions=3))
    path = tmp_path / "x.xml"
    path.write_text(xml(part(words("G4 A4 B4 C5")), triplets, names=["Sopran", "Orgel"]))
    assert melody_reading(path).voices == {"S"}
    with pytest.raises(FormatError, match="off the grid"):
        read(triplets, names=["Orgel"])


def test_the_last_of_the_keys_before_the_first_note_counts():
    changed = attributes(None, "") + "<attributes><key><fifths>2</fifths></key></attributes>"
    assert read(part(changed + words("D4:16"), head=attributes(0))).sharps == 2
    tune = "X:1\nM:4/4\nL:1/4\nK:C\nK:Dmaj\nFFFF|"
    assert pitches(score_of(tune.encode(), "x.abc").parts[0]) == [66] * 4


def test_a_key_in_small_letters_is_read_and_one_that_is_none_is_said():
    tune = "X:1\nM:4/4\nL:1/4\nK:{}\nFFFF|"
    assert pitches(score_of(tune.format("dmaj").encode(), "x.abc").parts[0]) == [66] * 4
    assert "K:h-moll is no key" in said(score_of(tune.format("h-moll").encode(), "x.abc"))
    assert not said(score_of(tune.format("clef=treble").encode(), "x.abc"))
