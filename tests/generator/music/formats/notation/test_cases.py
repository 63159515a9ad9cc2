"""Files as people really make them, each after what was reported of some program."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.melody import read_melody
from generator.music.formats.outside_files import four_part_chorale
from generator.music.formats.score import Remark, notes_of
from generator.music.grid.chorale import REST, VOICES, Chorale
from generator.music.grid.spelling import note_name, signature

CASES = Path(__file__).parent.parent / "cases"
FOUR = "4/4"
SCALE = "G4 A4 B4 C5"
RISING = "G4 A4 B4 C5 B4 A4 G4:8"


def line(chorale: Chorale, voice: str) -> str:
    """Names with lengths in sixteenths, which are left out for quarters; r is a rest."""
    sharps = signature(chorale.key)
    words = []
    for note in notes_of(chorale, VOICES.index(voice)):
        name = "r" if note.pitch == REST else note_name(note.pitch, sharps)
        length = note.end - note.start
        words.append(name if length == 4 else f"{name}:{length}")
    return " ".join(words)


# File, voice, its line, key, pickup, and what must be said: kinds, or words of the sentence.
MELODIES = [
    ("x01_clarinet_key", "S", "C5 D5 E5 C5 F5 E5 D5 C5", "C major", 0, ""),
    ("x02_pickup_not_implicit", "S", "D4 G4 A4 B4 G4 A4 A4 G4", "G major", 4, ""),
    ("x03_pickup_rest_measure_yes", "S", "D4 G4 A4 B4 G4 A4 A4 G4", "G major", 4, ""),
    ("x03_pickup_rest_measure_yes", "A", "r D4 F#4 G4 D4 F#4 F#4 D4", "G major", 4, ""),
    ("x04_tied_over_bar", "S", "G4 A4 B4 C5:8 B4 A4 G4", "G major", 0, ""),
    ("x05_tie_start_without_stop", "S", "G4 A4 B4 C5:8 B4 A4 G4", "G major", 0, "unended tie"),
    ("x07_line_split_over_voices", "S", "G4 A4 B4 G4 A4 B4 C5 A4 B4 A4 G4 G4", "G major", 0,
     "voices 1 and 2 never sound together"),
    ("x12_tenor_octave_transpose", "T", "G3 A3 B3 C4", "G major", 0, ""),
    ("x13_tenor_clef_only", "T", "G3 A3 B3 C4", "G major", 0, ""),
    ("x14_grace_and_cue", "S", "G4 A4 B4 C5 r B4 A4 G4", "G major", 0, "1 cue note is left out"),
    ("x16_first_second_ending", "S", RISING, "G major", 0, "bar 2 left out"),
    ("x18_timewise", "S", SCALE, "C major", 0, ""),
    ("x19_plain.mxl", "S", SCALE, "G major", 0, ""),
    ("x20_upper_case_ending.mxl", "S", SCALE, "G major", 0, ""),
    ("x21_folder.mxl", "S", SCALE, "G major", 0, ""),
    ("x22_utf16", "S", SCALE, "G major", 0, ""),
    ("x23_latin1", "S", SCALE, "G major", 0, ""),
    ("x24_no_mode_minor", "S", "A4 B4 C5 D5 E5:8 D5 C5 B4 G#4 A4:8", "A minor", 0, "fit it better"),
    ("x25_fermata_on_rest_and_barline", "S", "G4 A4 B4 r B4 A4 G4:8", "G major", 0,
     "fermata over a rest"),
    ("x26_no_voice_duration_float", "S", "G4 G4 G4:8", "G major", 0, ""),
    ("x28_backup_short_by_one", "S", "G4 G4 A4 B4", "G major", 0, "rounded to a sixteenth"),
    ("x29_names_variants", "S", SCALE, "G major", 0, "accompaniment"),
    ("x30_cantus_firmus_sopran", "S", SCALE, "G major", 0, "accompaniment"),
    ("x31_key_change", "S", "G4 A4 B4 C5 A4 B4 C#5 D5 E5 C#5 A4:8", "G major", 0,
     "signature changes"),
    ("x32_three_ties", "S", "G4:32", "G major", 0, ""),
    ("x33_hidden_second_voice", "S", RISING, "G major", 0, ""),
    ("x34_chord_symbol_lead_sheet", "S", SCALE, "G major", 0, "chord symbol"),
    ("x35_slash_or_measure_repeat", "S", f"{SCALE} {RISING}", "G major", 0, "filled in"),
    ("x39_plain_xml_named.mxl", "S", SCALE, "G major", 0, ""),
    ("k02_tune.abc", "S", "G4 A4 B4 C5 D5 C5 B4 A4 G4:16", "G major", 0, ""),
]  # fmt: skip
HYMN = ("G4 G4 A4 B4", "D4 E4 F#4 G4", "B3 C4 C4 D4", "G3 E3 D3 B2")
HYMNS = {
    "x08_hymn_chords": HYMN,
    "x09_hymn_two_voices_a_staff": HYMN,
    "x10_piano_staves_four_voices": HYMN,
    "x11_unison_written_once": (HYMN[0], "D4 E4 A4 B4", *HYMN[2:]),
}
REFUSED = {
    "x15_triplet": "Soprano, bar 1: A4 begins at beat 1.333, off the grid of sixteenths",
    "x17_senza_misura": "no metre .senza misura.",
    "x27_missing_duration": "Soprano, bar 1: duration is ''",
}


def case(name: str) -> Path:
    return next(path for path in CASES.glob(f"*/{name}*"))


@pytest.mark.parametrize(("name", "voice", "expected", "key", "pickup", "said"), MELODIES)
def test_a_melody_has_its_right_value(name, voice, expected, key, pickup, said):
    remarks: list[Remark] = []
    chorale, voices = read_melody(case(name), voice, remarks=remarks)
    assert line(chorale, voice) == expected
    assert (voices, chorale.key, chorale.anacrusis) == ({voice}, key, pickup)
    assert chorale.metre == ((0, FOUR),)
    assert said in " ".join(remark.text for remark in remarks)


@pytest.mark.parametrize("name", HYMNS)
def test_four_voices_on_few_staves_are_told_apart(name):
    path = case(name)
    chorale = four_part_chorale(path.read_bytes(), path.name)
    assert tuple(line(chorale, voice) for voice in VOICES) == HYMNS[name]
    top, voices = read_melody(path, "S")
    assert (line(top, "S"), voices) == (HYMNS[name][0], {"S"})


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(name):
    with pytest.raises(FormatError, match=REFUSED[name]):
        read_melody(case(name), "S")


def test_every_file_is_held_to_a_value():
    held = {name.split(".")[0] for name, *_ in MELODIES} | {*HYMNS, *REFUSED, "k01_chorale"}
    assert {path.name.split(".")[0] for path in CASES.glob("*/[xk]*")} == held


REPEATS = [
    ("x16_first_second_ending", "play", f"{SCALE} B4 A4 G4 F#4 {RISING}"),
    ("x16_first_second_ending", "once", RISING),
    ("x35_slash_or_measure_repeat", "play", f"{SCALE} {RISING}"),
    ("x35_slash_or_measure_repeat", "once", f"{SCALE} r:16 B4 A4 G4:8"),
]


@pytest.mark.parametrize(("name", "repeats", "expected"), REPEATS)
def test_repeats_are_read_as_is_wished(name, repeats, expected):
    remarks: list[Remark] = []
    chorale, _ = read_melody(case(name), "S", repeats=repeats, remarks=remarks)
    assert line(chorale, "S") == expected
    assert any(remark.kind == "repeats" for remark in remarks)


def test_a_triplet_is_moved_where_that_is_wished():
    remarks: list[Remark] = []
    chorale, _ = read_melody(case("x15"), "S", quantise=True, remarks=remarks)
    assert line(chorale, "S") == "G4:1 A4:2 B4:1 C5 B4 G4"
    assert "2 beginnings are moved to a sixteenth by at most 1/3 of a sixteenth" in str(remarks)
