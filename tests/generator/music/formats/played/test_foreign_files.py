"""MIDI files of keyboards and programs, each with a peculiarity of its own."""

from __future__ import annotations

from itertools import product

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.played.midi_tracks import looks_like_midi
from generator.music.formats.score import Score, chorale_of
from generator.music.formats.voices.choice import chosen_voices
from tests.generator.music.formats.played.foreign_midi import (
    Played,
    key,
    line,
    meta,
    metre,
    midi,
    name,
    notes,
    off,
    on,
    program,
    track,
)

TUNE = line(67, 69, 71, 72, 71, 69, 67)
ON_GRID = [(4 * i, 4 * i + 4, p) for i, (_, _, p) in enumerate(TUNE)]


def only_line(data: bytes, **asked) -> list[tuple[int, int, int]]:
    return line_of(midi_score(data, "x.mid", **asked))


def line_of(score: Score) -> list[tuple[int, int, int]]:
    (part,) = [part for part in score.parts if part.notes]
    return [(note.start, note.end, note.pitch) for note in part.notes]


def said(score: Score, kind: str) -> list[str]:
    return [text for each, text in score.remarks if each == kind]


def gated(played: list[Played], share: float) -> list[Played]:
    return [(start, start + round((end - start) * share), p) for start, end, p in played]


@pytest.mark.parametrize(
    ("ticks", "share"),
    [(4, 1), (24, 1), (24, 0.98), (96, 0.9), *product((120, 384, 960, 1024), (0.9, 0.95, 0.98, 1))],
)
def test_any_resolution_and_any_gate(ticks, share):
    whole = [
        *line(67, 69, 71, length=ticks),
        (3 * ticks, 7 * ticks, 72),
        (8 * ticks, 12 * ticks, 67),
    ]
    steps = [(0, 4, 67), (4, 8, 69), (8, 12, 71), (12, 28, 72), (32, 48, 67)]
    assert only_line(midi(track(notes(gated(whole, share))), ticks=ticks)) == steps


def test_notes_before_rests_and_at_the_end_share_the_gate_of_the_others():
    whole = [*line(67, 69, 71, 72), (1920, 3840, 71), (5760, 7680, 72), (7680, 10080, 67)]
    expected = [*ON_GRID[:4], (16, 32, 71), (48, 64, 72), (64, 84, 67)]
    for share in (0.95, 0.9375, 0.9):
        assert only_line(midi(track(notes(gated(whole, share))))) == expected


def test_a_long_note_alone_that_is_let_go_early_ends_on_the_bar_line():
    assert only_line(midi(track(notes([(0, 1790, 67)])))) == [(0, 16, 67)]
    waltz = midi(track([metre(3, 2), *notes([(0, 1310, 67)])]))
    assert only_line(waltz) == [(0, 12, 67)]


def test_notes_that_end_a_few_ticks_early_or_late_keep_their_rests():
    played = [(0, 955, 67), (1440, 1915, 69), (1920, 2404, 71), (2880, 3590, 72)]
    assert only_line(midi(track(notes(played)))) == [(0, 8, 67), (12, 16, 69), (16, 20, 71),
                                                     (24, 30, 72)]  # fmt: skip


@pytest.mark.parametrize("over", [1, 12, 40, 60, 90, 119, 120])
def test_legato_is_one_line(over):
    held = [(start, end + over, pitch) for start, end, pitch in TUNE[:-1]]
    score = midi_score(midi(track(notes([*held, TUNE[-1]]))), "x.mid")
    assert line_of(score) == ON_GRID
    assert len(said(score, "bent")) == (over > 2)


def test_real_chords_are_no_legato():
    score = midi_score(midi(track(notes([*TUNE, (0, 1920, 60), (1920, 3360, 59)]))), "x.mid")
    assert {(0, 16, 60), (16, 28, 59)} < set(line_of(score))


def test_ends_of_other_lengths_go_to_the_nearest_sixteenth_and_at_least_one_on():
    played = [(0, 170, 67), (480, 490, 69), (960, 960, 71), (1440, 1830, 72)]
    score = midi_score(midi(track(notes(played)[::-1])), "x.mid")
    assert line_of(score) == [(0, 1, 67), (4, 5, 69), (8, 9, 71), (12, 15, 72)]
    assert said(score, "bent")[0].startswith("4 notes that end off the grid end on the nearest")


@pytest.mark.parametrize("first", ["on", "off"])
def test_repeated_notes_abut_whatever_comes_first_in_a_tick(first):
    events = []
    for start, end, _ in line(67, 67, 67):
        events += [on(start, 67), off(end, 67)]
    events.sort(key=lambda event: (event[0], (event[1][0] < 0x90) == (first == "on")))
    assert only_line(midi(track(events))) == [(0, 4, 67), (4, 8, 67), (8, 12, 67)]


def test_a_key_struck_again_without_an_end_between_begins_a_new_note():
    events = [on(0, 67), on(480, 67), off(960, 67), on(1440, 67), off(1920, 67)]
    assert only_line(midi(track(events))) == [(0, 4, 67), (4, 8, 67), (12, 16, 67)]


def test_ends_that_belong_to_nothing_are_ignored():
    events = [off(0, 67), on(0, 67), off(480, 67), off(480, 69), on(480, 69), off(960, 69)]
    assert only_line(midi(track(events))) == [(0, 4, 67), (4, 8, 69)]


def test_a_key_struck_twice_at_once_is_one_note():
    events = [on(0, 67), on(0, 67), off(480, 67), off(480, 67), on(480, 69), off(960, 69)]
    score = midi_score(midi(track(events)), "x.mid")
    assert line_of(score) == [(0, 4, 67), (4, 8, 69)]
    assert "struck twice" in said(score, "bent")[0]


@pytest.mark.parametrize("control", [120, 123])
def test_all_notes_off_ends_what_sounds(control):
    events = [on(0, 67), (480, bytes([0xB0, control, 0])), on(480, 69), off(960, 69)]
    assert only_line(midi(track(events))) == [(0, 4, 67), (4, 8, 69)]


def test_a_note_that_is_never_let_go_lasts_to_the_next():
    events = [on(0, 67), on(480, 69), off(960, 69), on(960, 71)]
    assert only_line(midi(track(events, end=1920))) == [(0, 4, 67), (4, 8, 69), (8, 16, 71)]


@pytest.mark.parametrize(
    "change",
    [
        lambda events: [(tick, e[:2] + b"\0") if e[0] == 0x80 else (tick, e) for tick, e in events],
        lambda events: [(0, b"\xf0\x03\x7e\x7f\xf7"), *events, (600, b"\xf7\x01\x00")],
        lambda events: [(0, b"\xb0\x40\x7f"), *events, (960, b"\xb0\x40\x00")],
        lambda events: [(0, b"\xe0\x00\x40"), *events, meta(0x51, b"\x07\xa1\x20", 700)],
        lambda events: [*events, meta(5, b"La", 0), meta(0x60, b"odd", 480), meta(0x7F, b"\0\0A")],
        lambda events: [key(0, 2), *events],
        lambda events: [key(11), *events],
        lambda events: [meta(0x20, b"\0"), meta(0x54, b"\0\0\0\0\0"), meta(0x58, b"\4\2"), *events],
    ],
)
@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("end", [None, 5000])
def test_other_events_change_nothing(change, running, end):
    data = midi(track(change(notes(TUNE)), end, running=running))
    assert only_line(data) == ON_GRID


def test_texts_are_utf_8_or_latin_1():
    for text in ("Ténor".encode(), "Ténor".encode("latin-1")):
        score = midi_score(midi(track([name(text), *notes(TUNE)])), "x.mid")
        assert score.parts[0].name == "Ténor"


def test_an_instrument_names_a_track_that_has_no_name():
    score = midi_score(midi(track([name(""), meta(4, b"Basso"), *notes(TUNE)])), "x.mid")
    assert score.parts[0].name == "Basso"


@pytest.mark.parametrize(
    "drums",
    [
        track(notes(line(36, 38), channel=9)),
        track([name("Schlagzeug"), *notes(line(36, 38))]),
        track([program(115), *notes(line(76, 77))]),
        track([meta(4, b"Metronome"), *notes(line(76, 77), channel=3)]),
    ],
)
def test_percussion_is_left_out_and_does_not_lengthen_the_piece(drums):
    long = track([*notes(line(36, 38, length=9600), channel=9)])
    score = midi_score(midi(track([name("Cantus"), *notes(TUNE)]), drums, long), "x.mid")
    assert line_of(score) == ON_GRID
    assert (score.steps, len(said(score, "left out"))) == (28, 1)


def test_drums_on_the_track_of_the_melody_are_left_out():
    data = midi(track([*notes(TUNE), *notes(line(36, 38), channel=9)]), kind=0)
    assert only_line(data) == ON_GRID


def test_a_keyboard_that_gives_each_note_a_channel_plays_one_line():
    events = [event for i, note in enumerate(TUNE) for event in notes([note], channel=i % 6)]
    assert only_line(midi(track(events), kind=0)) == ON_GRID


@pytest.mark.parametrize(
    ("header", "own", "expected"),
    [
        ([key(0)], [key(1)], "G major"),
        ([key(0), key(1)], [], "G major"),
        ([key(-1), key(1, 1)], [], "E minor"),
        ([key(-3)], [key(2), key(1)], "G major"),
        ([key(0), key(1, tick=960)], [], "G major"),
        ([key(1)], [key(2, tick=1920)], "G major"),
        ([key(0)], [], "G major"),
        ([key(-3)], [], "G major"),
        ([key(6)], [], "G major"),
    ],
)
def test_the_key_is_that_of_the_melody_and_of_the_notes(header, own, expected):
    tune = line(67, 71, 74, 72, 71, 69, 66, 67, 69, 71, 72, 74, 67, 66, 67, at=960)
    if expected == "E minor":
        tune = line(64, 66, 67, 71, 69, 67, 66, 63, 64, 71, 72, 71, 69, 67, 66, 64, at=960)
    score = midi_score(midi(track(header), track([*own, *notes(tune)])), "x.mid")
    assert chorale_of(score, chosen_voices(score, None, None, "x", [])).key == expected


@pytest.mark.parametrize("sharps", range(-7, 8))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_signature_of_the_right_tune_stays(sharps, mode):
    degrees = (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 5, 2, 0)
    minor = (0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 5, 2, 0)
    tonic = 60 + (7 * sharps + (9 if mode == "minor" else 0)) % 12
    tune = line(*(tonic + d for d in (minor if mode == "minor" else degrees)))
    data = midi(track([key(sharps, int(mode == "minor")), *notes(tune)]))
    score = midi_score(data, "x.mid")
    chorale = chorale_of(score, chosen_voices(score, "S", None, "x", []))
    assert chorale.key == score.key
    assert chorale.key.endswith(mode)


@pytest.mark.parametrize(
    ("late", "moved"), [(2, 0), (-2, 0), (3, 1), (-3, 1), (50, 1), (-59, 1), (60, 1)]
)
def test_beginnings_within_a_sixtieth_of_a_sixteenth_are_on_the_grid(late, moved):
    tune = [TUNE[0], (480 + late, 960, 69), *TUNE[2:]]
    data = midi(track(notes(tune)))
    if moved:
        with pytest.raises(FormatError, match=r"track 1: A4 begins at beat .*--quantise"):
            midi_score(data, "x.mid")
    else:
        assert only_line(data) == ON_GRID
    score = midi_score(data, "x.mid", quantise=True)
    assert len([text for text in said(score, "bent") if "begins off" in text]) == moved
    if late < 60:
        assert line_of(score) == ON_GRID


def test_notes_that_fall_on_one_sixteenth_are_not_made_a_chord():
    grace = [(0, 480, 67), (480, 500, 72), (500, 960, 71)]
    score = midi_score(midi(track(notes(grace))), "x.mid", quantise=True)
    assert line_of(score) == [(0, 4, 67), (4, 8, 71)]
    assert said(score, "left out") == [
        "1 note that falls on the sixteenth of another (first: C5 in bar 1 of track 1)"
    ]
    chord = midi(track(notes([(0, 480, 60), (7, 480, 64), (480, 960, 60)])))
    assert only_line(chord, quantise=True) == [(0, 4, 60), (0, 4, 64), (4, 8, 60)]


@pytest.mark.parametrize("kind", [b"RMID", b"RMID-odd"])
def test_a_riff_wrapper_is_opened(kind):
    inner = midi(track(notes(TUNE)))
    extra = b"DISP" + (3).to_bytes(4, "little") + b"abc\0" if kind != b"RMID" else b""
    body = b"RMID" + extra + b"data" + len(inner).to_bytes(4, "little") + inner
    data = b"RIFF" + len(body).to_bytes(4, "little") + body
    assert looks_like_midi(data)
    assert only_line(data) == ON_GRID


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_a_file_that_is_cut_off_says_where(cut):
    data = midi(track([name("Soprano")]), track(notes(TUNE)))[:-cut]
    with pytest.raises(FormatError, match=rf"x\.mid .* is cut off at byte {len(data)} "):
        midi_score(data, "x.mid")


def test_chunks_of_programs_are_skipped():
    data = midi(track([name("Soprano")]), track(notes(TUNE)))
    chunk = b"XFIH" + (4).to_bytes(4, "big") + b"abcd"
    place = data.index(b"MTrk")
    assert only_line(data[:place] + chunk + data[place:]) == ON_GRID


def test_a_metre_that_is_written_again_changes_nothing():
    frame = [metre(3, 2), metre(3, 2, 1440), metre(3, 2, 2880), metre(4, 2, 4320)]
    score = midi_score(midi(track(frame), track(notes(line(*range(60, 72))))), "x.mid")
    assert score.metre == ((0, "3/4"), (36, "4/4"))
