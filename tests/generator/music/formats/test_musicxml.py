"""MusicXML scores: what they look like to other readers, and what we make of foreign ones."""

from __future__ import annotations

import zipfile
from random import Random
from xml.etree import ElementTree as ET

import music21
import numpy as np
import pytest

from generator.music.formats.engraving import NOTE_VALUES, note_values
from generator.music.formats.format_errors import FormatError
from generator.music.formats.musicxml import read_musicxml, write_musicxml
from generator.music.formats.musicxml_writer import musicxml_bytes
from generator.music.grid.chorale import REST, Chorale

# Pickup and ordinary; 3/4; changes of metre; a work with instruments around it.
WORKS = ["BWV269", "BWV66.6", "BWV119.9", "BWV8.6"]


def one_part(*measures: str, head: str = "", attributes: str = "") -> str:
    first = (
        "<attributes><divisions>12</divisions><key><fifths>1</fifths></key>"
        f"<time><beats>3</beats><beat-type>4</beat-type></time>{attributes}</attributes>"
    )
    body = "".join(
        f'<measure number="{number}">{first if number == 1 else ""}{content}</measure>'
        for number, content in enumerate(measures, start=1)
    )
    return (
        f'{head}<score-partwise><part-list><score-part id="P1"><part-name>Choir</part-name>'
        f'</score-part></part-list><part id="P1">{body}</part></score-partwise>'
    )


def note(name: str, duration: int, voice: int = 1, extra: str = "") -> str:
    return (
        f"<note><pitch><step>{name[0]}</step><octave>{name[1]}</octave></pitch>"
        f"<duration>{duration}</duration><voice>{voice}</voice>{extra}</note>"
    )


def quartet(extra: str = "") -> str:
    back = "<backup><duration>36</duration></backup>"
    return back.join(
        note(name, 36, voice, extra) for voice, name in enumerate(["C3", "G4", "E5", "C5"])
    )


def read(tmp_path, text: str | bytes) -> Chorale:
    path = tmp_path / "x.musicxml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_musicxml(path)


def music21_grid(path, steps: int) -> tuple[np.ndarray, np.ndarray]:
    score = music21.converter.parse(path, forceSource=True).stripTies()
    pitch = np.full((4, steps), REST)
    onset = np.zeros((4, steps), dtype=bool)
    for voice, part in enumerate(score.parts):
        for sounding in part.flatten().notes:
            start, length = int(sounding.offset * 4), int(sounding.quarterLength * 4)
            pitch[voice, start : start + length] = sounding.pitch.midi
            onset[voice, start] = True
    return pitch, onset


@pytest.mark.parametrize("bwv", WORKS)
def test_music21_reads_the_same_notes(corpus, tmp_path, bwv):
    chorale = corpus.work(bwv).chorale
    write_musicxml(chorale, tmp_path / "x.musicxml")
    pitch, onset = music21_grid(tmp_path / "x.musicxml", chorale.steps)
    assert np.array_equal(pitch, chorale.pitch)
    assert np.array_equal(onset, chorale.onset)


def test_music21_reads_the_frame(corpus, tmp_path):
    chorale = corpus.work("BWV269").chorale
    write_musicxml(chorale, tmp_path / "x.musicxml")
    score = music21.converter.parse(tmp_path / "x.musicxml", forceSource=True)
    assert [part.partName for part in score.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    first = score.parts[0].getElementsByClass("Measure")[0]
    assert (first.number, first.duration.quarterLength) == (0, chorale.anacrusis / 4)
    key = first.getElementsByClass("Key")[0]
    assert f"{key.tonic.name} {key.mode}" == chorale.key
    assert first.timeSignature.ratioString == chorale.metre[0][1]
    fermatas = [n for n in score.parts[0].flatten().notes if n.expressions]
    assert sum(n.quarterLength * 4 for n in fermatas) == chorale.fermata.sum()
    clefs = [part.flatten().getElementsByClass("Clef")[0].name for part in score.parts]
    assert clefs == ["treble", "treble", "treble8vb", "bass"]


def test_every_bar_is_full_and_every_note_has_its_value(corpus):
    chorale = corpus.work("BWV269").chorale
    root = ET.fromstring(musicxml_bytes(chorale))
    assert len(root.findall("part")) == 4
    for part in root.iterfind("part"):
        measures = part.findall("measure")
        lengths = [sum(int(d.text) for d in m.iterfind("note/duration")) for m in measures]
        assert lengths[0] == chorale.anacrusis
        assert set(lengths[1:-1]) == {12}
        assert all(n.find("type") is not None for n in part.iter("note"))


def test_the_other_voices_carry_the_fermata_too(corpus):
    root = ET.fromstring(musicxml_bytes(corpus.work("BWV269").chorale))
    counts = [len(part.findall(".//fermata")) for part in root.iterfind("part")]
    assert counts[0] > 3
    assert counts == [counts[0]] * 4


def test_accidentals_follow_the_key_and_the_bar(tmp_path):
    # G sharp twice in a bar is signed once, G natural after it again; F sharp is no G flat.
    line = [68, 68, 67, 66] + [69] * 4
    pitch = np.repeat([line, [60] * 8, [57] * 8, [45] * 8], 4, axis=1)
    onset = np.zeros_like(pitch, dtype=bool)
    onset[:, ::4] = True
    root = ET.fromstring(musicxml_bytes(Chorale(pitch, onset, key="A minor")))
    notes = root.findall("part")[0].findall("measure/note")
    assert [n.findtext("pitch/step") for n in notes[:4]] == ["G", "G", "G", "F"]
    assert [n.findtext("accidental") for n in notes[:5]] == [
        "sharp",
        None,
        "natural",
        "sharp",
        None,
    ]


@pytest.mark.parametrize("beat", [4, 6])
def test_note_values_fill_any_length_from_anywhere(beat):
    for phase in range(24):
        for length in range(1, 60):
            values = note_values(phase, length, beat)
            assert sum(values) == length
            assert set(values) <= set(NOTE_VALUES)


def test_four_voices_of_one_staff_are_read(tmp_path):
    text = one_part(quartet(), quartet("<tie type='stop'/>"), head="<!DOCTYPE score-partwise>")
    back = read(tmp_path, text)
    assert back.pitch[:, 0].tolist() == [76, 72, 67, 48]
    assert (back.metre, back.anacrusis, back.key) == (((0, "3/4"),), 0, "G major") or (
        back.key == "E minor"
    )
    assert back.onset.sum() == 4


def test_a_transposing_part_sounds(tmp_path):
    moved = "<transpose><chromatic>-2</chromatic><octave-change>1</octave-change></transpose>"
    assert read(tmp_path, one_part(quartet(), attributes=moved)).pitch[0, 0] == 76 + 10


def test_a_short_first_bar_is_a_pickup_and_a_split_bar_is_one(tmp_path):
    def bar(length: int) -> str:
        back = f"<backup><duration>{length}</duration></backup>"
        return back.join(note(n, length, v) for v, n in enumerate(["C3", "G4", "E5", "C5"]))

    back = read(tmp_path, one_part(bar(12), bar(36), bar(24), bar(12), bar(36)))
    assert (back.anacrusis, back.metre, back.steps) == (4, ((0, "3/4"),), 40)


def test_a_bar_that_does_not_fill_up_still_ends_in_a_bar_line(tmp_path):
    def bar(length: int) -> str:
        back = f"<backup><duration>{length}</duration></backup>"
        return back.join(note(n, length, v) for v, n in enumerate(["C3", "G4", "E5", "C5"]))

    back = read(tmp_path, one_part(bar(36), bar(24), bar(36)))
    assert back.bar_phase()[[0, 12, 20]].tolist() == [0, 0, 0]


def test_an_alto_fermata_counts_where_the_soprano_has_none(tmp_path):
    mark = "<notations><fermata/></notations>"
    plain = quartet()
    alto = plain.replace(note("C5", 36, 3), note("C5", 36, 3, mark))
    assert read(tmp_path, one_part(plain, alto)).fermata.tolist() == [False] * 12 + [True] * 12


def test_compressed_scores_are_read(corpus, tmp_path):
    chorale = corpus.work("BWV66.6").chorale
    with zipfile.ZipFile(tmp_path / "x.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="s.xml"/></rootfiles></container>',
        )
        archive.writestr("s.xml", musicxml_bytes(chorale))
    assert read_musicxml(tmp_path / "x.mxl") == chorale


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused(tmp_path, packed):
    path = tmp_path / "x.mxl"
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("s.xml", b"<score-partwise/>" * 500)
    data = bytearray(path.read_bytes())
    for at in range(40, 60):
        data[at] ^= 0x5A
    path.write_bytes(data)
    with pytest.raises(FormatError, match="not compressed MusicXML that can be read"):
        read_musicxml(path)


def test_a_container_that_names_what_is_not_there_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="gone.xml"/></c>')
    with pytest.raises(FormatError, match=r"gone\.xml"):
        read_musicxml(tmp_path / "x.mxl")


def test_a_zip_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.xml", b" " * 9_000_000)
    with pytest.raises(FormatError, match="unpacks to more than 8 MB"):
        read_musicxml(tmp_path / "x.mxl")


ENTITIES = '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html/>", "begins with <html>"),
        ("hello", "not MusicXML that can be read"),
        ("PK but no zip", "not compressed MusicXML"),
        (one_part(quartet(), head=ENTITIES), "not MusicXML that can be read"),
        (one_part(quartet().replace(">36<", ">10<"), quartet()), "bar 1 ends at beat 1.833, off"),
        (one_part(quartet().replace(">36<", ">1e9999<")), "bar 1: duration is '1e9999'"),
        (one_part(quartet().replace("<step>C", "<step>H")), "bar 1: step is 'H'"),
        (one_part(note("C5", 12) + note("E5", 12, 1, "").replace("<note>", "<note><chord/>")),
         "this file has 1 with notes"),
        ("<score-partwise/>", "no measures"),
        (one_part(quartet()).replace("<beat-type>4", "<beat-type>7"), "metre '3/7'"),
        (one_part(quartet()).replace("<divisions>12", "<divisions>0"), "divisions is '0'"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_refused_with_the_value(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


def test_five_notes_at_once_are_refused(tmp_path):
    chord = note("C5", 36, 3) + note("A5", 36, 3).replace("<note>", "<note><chord/>")
    with pytest.raises(FormatError, match="Choir has 5 notes at once in bar 1"):
        read(tmp_path, one_part(quartet().replace(note("C5", 36, 3), chord)))


def test_damaged_files_never_raise_anything_else(corpus, tmp_path):
    chorale, random = corpus.work("BWV66.6").chorale.slice(0, 32), Random(1)
    sound = musicxml_bytes(chorale)
    refused = 0
    for _ in range(80):
        data = bytearray(sound)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(data))
            data[at : at + random.randint(1, 3)] = bytes([random.choice(b"0179-ACx<>&/ ")])
        try:
            read(tmp_path, bytes(data))
        except FormatError:
            refused += 1
    assert refused > 30
