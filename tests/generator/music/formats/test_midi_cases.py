"""MIDI files as people and programs make them: each gives what a musician would hear."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.melody import read_melody
from generator.music.formats.midi import read_midi
from generator.music.formats.score import Remark, notes_of
from generator.music.grid.chorale import REST, VOICES, Chorale

FOLDER = Path(__file__).parent / "cases" / "midi"

TUNE = "67:4 67:4 69:4 71:4 72:8 71:8 69:4 71:4 69:4 66:4 67:16"
MINOR = "69:4 71:4 72:4 74:4 76:8 74:4 72:4 71:4 72:4 68:4 71:4 69:16"
HYMN = "67:4 67:4 69:4 71:4 67:16"
ALTO = "62:4 64:4 66:4 67:4 62:16"
TENOR = "59:4 60:4 60:4 62:4 59:16"
BASS = "55:4 52:4 50:4 47:4 43:16"
OFF_THE_GRID = r"{} begins at beat {}, off the grid .* or read it with --quantise"
NO_KEY = "G major: estimated from the notes, since the file has no key signature"


def line(chorale: Chorale, voice: int) -> str:
    """Pitches and lengths; a rest is "-"."""
    return " ".join(
        f"{'-' if note.pitch == REST else note.pitch}:{note.end - note.start}"
        for note in notes_of(chorale, voice)
    )


def read(name: str, **asked) -> tuple[Chorale, dict[str, str], dict[str, list[str]]]:
    said: list[Remark] = []
    chorale, given = read_melody(FOLDER / f"{name}.mid", **asked, remarks=said)
    kinds = {kind for kind, _ in said}
    remarks = {kind: [text for each, text in said if each == kind] for kind in kinds}
    return chorale, {v: line(chorale, VOICES.index(v)) for v in sorted(given)}, remarks


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("m01_gate95", TUNE),
        ("m02_staccato_half", "67:2 -:2 67:2 -:2 69:2 -:2 71:2 -:2 72:4 -:4 71:4 -:4 69:2 -:2 "
         "71:2 -:2 69:2 -:2 66:2 -:2 67:8"),
        ("m03_legato_overlap", "67:4 69:4 71:4 72:4 74:8 72:8 71:4 69:4 67:8"),
        ("m04_same_pitch_overlap_step", "67:4 67:8 69:4"),
        ("m05_on_before_off", "67:4 67:4 69:8"),
        ("m06_running_status", TUNE),
        ("m07_running_status_after_meta", "67:4 69:4 67:8"),
        ("m12_melody_and_click", TUNE),
        ("m16_two_key_signatures_at_zero", TUNE),
        ("m19_two_ticks_off", TUNE),
        ("m20_pickup_short_metre", f"62:4 {TUNE}"),
        ("m21_pickup_leading_rest", f"62:4 {TUNE}"),
        ("m22_leadin_one_sixteenth", TUNE),
        ("m26_rmid", TUNE),
        ("m27_no_note_off_at_end", TUNE),
        ("m29_empty_tracks_and_lyrics", TUNE),
        ("m31_bar1_two_four_then_four", f"62:4 64:4 {TUNE}"),
        ("m33_latin1_name", TUNE),
        ("m37_lone_rest_bars", "67:16 -:32 67:4 69:4 67:8"),
        ("m38_one_note", "67:4"),
        ("m39_odd_length", "67:4 69:4 71:4 67:1"),
        ("m40_repeated_notes", "67:4 " * 8 + "67:16"),
    ],
)  # fmt: skip
def test_a_melody_is_read_as_it_sounds(name, notes):
    chorale, given, _ = read(name)
    assert given == {"S": notes}
    assert chorale.key == "G major"


@pytest.mark.parametrize(
    ("name", "key", "why"),
    [
        ("m14_minor_tune_key_says_major", "A minor", "the notes fit it better than C major, which"),
        ("m15_no_key_signature", "A minor", "estimated from the notes, since the file has no"),
    ],
)
def test_the_notes_say_whether_a_key_is_minor(name, key, why):
    chorale, given, said = read(name)
    assert (chorale.key, given) == (key, {"S": MINOR})
    assert said["key"][0].startswith(f"{key}: {why}")


def test_a_key_that_is_asked_for_counts():
    chorale, _, said = read("m14_minor_tune_key_says_major", key="E minor")
    assert (chorale.key, said["key"]) == ("E minor", ["E minor, as asked for"])
    with pytest.raises(FormatError, match="key 'H minor'; use a form such as 'G major'"):
        read("m14_minor_tune_key_says_major", key="H minor")


@pytest.mark.parametrize(
    ("name", "metre", "anacrusis"),
    [
        ("m20_pickup_short_metre", "4/4", 4),
        ("m21_pickup_leading_rest", "4/4", 4),
        ("m22_leadin_one_sixteenth", "4/4", 15),
        ("m31_bar1_two_four_then_four", "4/4", 8),
        ("amazing", "3/4", 4),
    ],
)
def test_pickups_are_found(name, metre, anacrusis):
    chorale, _, said = read(name)
    assert (chorale.metre, chorale.anacrusis) == (((0, metre),), anacrusis)
    assert len(said["metre"]) == 1


@pytest.mark.parametrize(
    ("name", "asked", "kind", "text"),
    [
        ("m01_gate95", {}, "bent", r"^11 notes are let go a little early .*G4 in bar 1 of Soprano"),
        ("m03_legato_overlap", {}, "bent", r"^8 notes are held into the next"),
        ("m04_same_pitch_overlap_step", {}, "bent", "^1 note is held into the next"),
        ("m27_no_note_off_at_end", {}, "bent", r"^1 note is never let go .*G4 in bar 4"),
        ("m12_melody_and_click", {}, "left out", r"^Click \(percussion\)$"),
        ("m18_three_ticks_off", {"quantise": True}, "bent",
         r"^10 notes that begin off the grid are moved .* up to 0\.025 of one \(first: G4 in bar"),
        ("m17_swing", {"quantise": True}, "bent", r"^8 notes .* by up to 0\.333 of one"),
        ("m19_two_ticks_off", {}, "key", NO_KEY),
        ("m21_pickup_leading_rest", {}, "metre",
         "^silence of 12/16 before the first note is cut off; it begins with a pickup of 4/16"),
        ("m20_pickup_short_metre", {}, "metre", "^the first bar, in 1/4, is a pickup to 4/4"),
    ],
)  # fmt: skip
def test_what_was_bent_and_decided_is_said(name, asked, kind, text):
    assert re.search(text, read(name, **asked)[2][kind][0])


def test_beginnings_off_the_grid_are_moved_where_that_is_asked_for():
    assert read("m18_three_ticks_off", quantise=True)[1] == {"S": TUNE}
    assert read("m17_swing", quantise=True)[1] == {"S": " ".join(["67:3 69:1"] * 8)}


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("m10_smpte", {}, "has no beats .SMPTE"),
        ("m11_negative_division", {}, "has no beats .SMPTE"),
        ("m13_three_voices_and_drums", {}, r"3 parts with notes \(Choir 1, Choir 2, Choir 3\); .*"
         "--voice"),
        ("m17_swing", {}, OFF_THE_GRID.format("Soprano: A4", r"1\.667")),
        ("m18_three_ticks_off", {}, OFF_THE_GRID.format("Soprano: G4", r"2\.006")),
        ("m28_truncated", {}, r"m28_truncated\.mid .* is cut off at byte 126 \(40 bytes of "),
        ("m30_metre_n32", {}, "metre '12/32'; use a form such as '4/4'"),
        ("m34_octave_low_melody", {}, "transpose the melody up by 12 semitones"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_way_out(name, asked, message):
    with pytest.raises(FormatError, match=message):
        read(name, **asked)


@pytest.mark.parametrize(
    "name",
    ["m08_format0_four_channels", "m23_lilypond_hymn_two_staves", "m24_lilypond_four_named"],
)
def test_four_voices_are_found_however_they_are_split(name):
    hymn = {"S": HYMN, "A": ALTO, "T": TENOR, "B": BASS}
    chorale, given, _ = read(name)
    assert (given, chorale.key) == (hymn, "G major")
    assert read_midi(FOLDER / f"{name}.mid").pitch.tolist() == chorale.pitch.tolist()
    for letters in ("S", "B", "SB"):
        assert read(name, voice=letters)[1] == {letter: hymn[letter] for letter in letters}


def test_chords_on_two_tracks_are_four_voices():
    hymn = {
        "S": "67:4 69:4 71:4 72:4",
        "A": "62:4 66:4 67:4 64:4",
        "T": "59:4 60:4 62:4 60:4",
        "B": "55:4 50:4 43:4 48:4",
    }
    assert read("m42_hymn_sa_track_chords")[1] == hymn
    assert read("m42_hymn_sa_track_chords", voice="S")[1] == {"S": hymn["S"]}
    assert read("m42_hymn_sa_track_chords", expected="SAT")[1].keys() == {"S", "A", "T"}


def test_voices_that_cross_are_told_by_their_mean_pitch():
    _, given, said = read("m32_crossing_four_unnamed")
    assert given["S"] == "67:4 72:4 71:4 69:4 67:16"
    assert given["A"] == "64:16 65:16"
    assert said["voices"] == [
        "from high to low mean pitch: Staff 1 is S, Staff 0 is A, Staff 2 is T, Staff 3 is B"
    ]


def test_drums_are_never_a_bass():
    asked = read("m13_three_voices_and_drums", voice="SAT")
    assert asked[1] == {"S": HYMN, "A": ALTO, "T": TENOR}
    assert asked[2]["left out"] == ["Drum kit (percussion)"]
    with pytest.raises(FormatError, match="3 with notes"):
        read_midi(FOLDER / "m13_three_voices_and_drums.mid")


@pytest.mark.parametrize(
    ("asked", "letters"),
    [({}, "SA"), ({"expected": "SA"}, "SA"), ({"voice": "S"}, "S"), ({"expected": "S"}, "S")],
)
def test_a_piano_stays_out_where_voices_are_named(asked, letters):
    _, given, said = read("m25b_sopran_alt_only", **asked)
    assert given == {letter: {"S": HYMN, "A": ALTO}[letter] for letter in letters}
    assert said["left out"][0] == "Klavier (accompaniment)"


def test_the_first_word_of_a_name_may_be_a_voice():
    assert read("m35_alto_sax")[1] == {"A": TUNE}
    assert read("m35_alto_sax", voice="S")[1] == {"S": TUNE}
    assert read("m34_octave_low_melody", voice="T")[1].keys() == {"T"}


@pytest.mark.parametrize(
    ("name", "key", "steps"),
    [
        ("twinkle", "F major", 192),
        ("chromatic", "C major", 64),
        ("fsharp_minor", "F# minor", 128),
        ("pentatonic", "D major", 128),
        ("happy", "G major", 100),
        ("amazing", "G major", 184),
    ],
)
def test_tunes_keep_their_keys_and_nothing_is_bent(name, key, steps):
    chorale, given, said = read(name)
    assert (chorale.key, chorale.steps, given.keys()) == (key, steps, {"S"})
    assert "bent" not in said
