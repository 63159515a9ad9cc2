"""The kinds of the MIDI cases in other guises: other programs, other languages, other places."""

from __future__ import annotations

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.melody import MelodyReading, melody_reading
from generator.music.grid.chorale import VOICES
from tests.generator.music.formats.played.foreign_midi import (
    key,
    line,
    metre,
    midi,
    name,
    notes,
    off,
    on,
    track,
)

HEAD = track([metre(4, 2), key(1)])
TRIPLETS = line(*[60] * 24, length=160)


def reading(tmp_path, *tracks: bytes, voice: str | None = None) -> MelodyReading:
    path = tmp_path / "tune.mid"
    path.write_bytes(midi(HEAD, *tracks))
    return melody_reading(path, voice)


def ends(found: MelodyReading, voice: str = "S") -> list[int]:
    return [note.end for note in found.parts[VOICES.index(voice)].notes]


@pytest.mark.parametrize("over", [-40, -25, -5, 8, 15, 30, 60, 100])
def test_a_line_whose_notes_end_equally_early_or_late_ends_on_its_bar_line(tmp_path, over):
    played = [(start, end + over, pitch) for start, end, pitch in line(67, 69, 71, 72, 74, 72)]
    played += [(2880, 3840 + over, 71), (3840, 5760 + over, 67)]
    assert ends(reading(tmp_path, track(notes(played)))) == [4, 8, 12, 16, 20, 24, 32, 48]


def test_a_note_that_ends_just_after_a_bar_line_ends_there(tmp_path):
    assert ends(reading(tmp_path, track([on(0, 67), off(4 * 480 + 15, 67)]))) == [16]


def test_a_note_that_is_never_let_go_fills_its_bar_where_its_track_has_no_more(tmp_path):
    begun = [on(start, pitch) for start, _, pitch in line(67, 69, 71)]
    assert ends(reading(tmp_path, track(begun, end=None))) == [4, 8, 16]


@pytest.mark.parametrize(
    "drums",
    ["Percussions", "Klick", "Claquette", "Tamburi", "Grancassa", "Caisse claire", "Vorzähler",
     "Count-in", "clickTrack"],
)  # fmt: skip
def test_drums_are_known_by_name_in_other_languages(tmp_path, drums):
    beats = notes([(beat * 480, beat * 480 + 60, 36) for beat in range(4)], 3)
    found = reading(tmp_path, track(notes(line(67, 69))), track([name(drums), *beats]))
    assert found.voices == {"S"}
    assert f"left out: {drums} (percussion)" in map(str, found.remarks)


@pytest.mark.parametrize("organ", ["Org.", "B. c.", "Truhenorgel", "Streicher", "Orchestre"])
def test_an_accompaniment_stays_out_and_may_have_triplets(tmp_path, organ):
    tracks = [
        track([name("sopranoVoice"), *notes(line(67, 69))]),
        track([name("altoVoice"), *notes(line(62, 64), 1)]),
        track([name(organ), *notes(TRIPLETS, 2)]),
    ]
    found = reading(tmp_path, *tracks)
    assert found.voices == {"S", "A"}
    assert f"left out: {organ} (accompaniment)" in map(str, found.remarks)
    with pytest.raises(FormatError, match="off the grid"):
        reading(tmp_path, track(notes(TRIPLETS)))


def test_a_part_off_the_grid_is_refused_where_it_is_a_voice(tmp_path):
    tracks = [
        track([name(each), *notes(line(67 - 5 * voice, 69), voice)])
        for voice, each in enumerate(("Soprano", "Alto", "Tenor"))
    ]
    tracks.append(track([name("Continuo"), *notes(TRIPLETS, 3)]))
    found = reading(tmp_path, *tracks, voice="SAT")
    assert "left out: Continuo (accompaniment)" in map(str, found.remarks)
    with pytest.raises(FormatError, match=r"Continuo: .* off the grid"):
        reading(tmp_path, *tracks, voice="SATB")


@pytest.mark.parametrize(
    ("names", "voices"),
    [
        (("Soprano (Strings)", "Alto", "Tenor", "Bass"), "SATB"),
        (("Melody (Strings)", "Flute"), "S"),
        (("Flute", "Oboe", "Strings 1", "Strings 2"), "SATB"),
    ],
)
def test_strings_are_voices_where_nobody_sings(tmp_path, names, voices):
    tracks = [
        track([name(each), *notes(line(67 - 5 * voice, 69 - 5 * voice), voice)])
        for voice, each in enumerate(names)
    ]
    found = reading(tmp_path, *tracks, voice=voices)
    assert found.voices == set(voices)
    assert found.chorale.pitch[0, 0] == 67


def test_what_is_left_out_beside_a_melody_is_not_called_an_accompaniment(tmp_path):
    tracks = [track([name(each), *notes(line(67, 69))]) for each in ("Melodie", "Oboe")]
    found = reading(tmp_path, *tracks)
    assert "left out: Oboe (not the melody)" in map(str, found.remarks)


@pytest.mark.parametrize(
    ("first", "change", "name", "pickup"),
    [(4, 480, "3/4", 4), (2, 480, "3/4", 4), (4, 960, "3/4", 8)],
)
def test_a_metre_that_changes_within_the_first_bar_ends_a_pickup(
    tmp_path, first, change, name, pickup
):
    path = tmp_path / "tune.mid"
    events = [metre(first, 2), metre(3, 2, change), *notes(line(62, 67, 69, 71, 67))]
    path.write_bytes(midi(track(events)))
    chorale = melody_reading(path).chorale
    assert (chorale.metre, chorale.anacrusis) == (((0, name),), pickup)


def test_a_melody_beside_named_voices_is_the_soprano(tmp_path):
    tracks = [
        track([name(each), *notes(line(pitch, pitch + 2))])
        for each, pitch in (("Vocals", 67), ("Piano", 60), ("Bass", 48))
    ]
    assert reading(tmp_path, *tracks).voices == {"S", "B"}
    assert reading(tmp_path, *tracks, voice="S").voices == {"S"}


def test_a_file_of_drums_alone_is_said_to_be_one(tmp_path):
    with pytest.raises(FormatError, match=r"no notes but what is left out: Melody \(percussion\)"):
        reading(tmp_path, track([name("Melody"), *notes(line(67, 69), 9)]))
