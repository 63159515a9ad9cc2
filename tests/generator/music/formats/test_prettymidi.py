"""PrettyMIDI objects: through pretty_midi's own files, changed by a person, made by others."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import mido
import numpy as np
import pretty_midi
import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi import midi_bytes, read_midi, write_midi
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.prettymidi import from_pretty_midi, to_pretty_midi
from generator.music.formats.score import chorale_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.empty_chorale import empty_chorale
from tests.generator.music.chorale_strategies import chorales

SNIPPET = re.compile(r"^## pretty_midi$.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def chorale() -> Chorale:
    pitch = np.repeat([[72, 74], [67, 69], [64, 66], [48, 50]], 8, axis=1)
    onset = np.zeros_like(pitch, dtype=bool)
    onset[:, [0, 4, 8]] = True
    fermata = np.arange(16) >= 8
    return Chorale(pitch, onset, fermata, ((0, "3/4"), (4, "4/4")), "D major", 4, "BWV1", "Grüß’")


def loaded(chorale: Chorale) -> pretty_midi.PrettyMIDI:
    """As a notebook loads our file, without this module."""
    return pretty_midi.PrettyMIDI(BytesIO(midi_bytes(chorale)))


def saved(midi: pretty_midi.PrettyMIDI) -> Chorale:
    """As our reader reads the file that pretty_midi writes."""
    file = BytesIO()
    midi.write(file)
    score = midi_score(file.getvalue(), "x.mid")
    return chorale_of(score, four_voices(score))


def foreign(*lines: list[float], tempo: float = 120, name: str = "", **options):
    """Instruments of quarters from high to low; each line is given as starts in quarters."""
    midi = pretty_midi.PrettyMIDI(initial_tempo=tempo, **options)
    quarter = 60 / tempo
    for index, line in enumerate(lines or [[0, 1, 2, 3]] * 4):
        instrument = pretty_midi.Instrument(0, name=name)
        for start in line:
            span = (start * quarter, (start + 1) * quarter)
            instrument.notes.append(pretty_midi.Note(100, 72 - 7 * index, *span))
        midi.instruments.append(instrument)
    return midi


def names_too(back: Chorale, chorale: Chorale) -> bool:
    return back == chorale and (back.bwv, back.title) == (chorale.bwv, chorale.title)


@pytest.mark.parametrize("count", [30, pytest.param(None, marks=pytest.mark.slow)])
def test_works_are_unchanged_by_the_files_of_pretty_midi(corpus, count):
    works = [work.chorale for work in corpus.works.values()]
    works = Random(16).sample(works, count) if count else works
    for chorale in works:
        assert names_too(from_pretty_midi(loaded(chorale)), chorale)
        assert names_too(saved(to_pretty_midi(chorale)), chorale)


@given(chorale=chorales())
@examples(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_grid_holds_is_unchanged_by_the_files_of_pretty_midi(chorale):
    assert names_too(from_pretty_midi(loaded(chorale)), chorale)
    assert names_too(saved(to_pretty_midi(chorale)), chorale)
    assert names_too(saved(loaded(chorale)), chorale)


def test_the_object_has_four_named_instruments_and_readable_texts(chorale):
    silent = chorale.with_voices(
        np.where([[0], [1], [0], [0]], REST, chorale.pitch),
        np.where([[0], [1], [0], [0]], False, chorale.onset),
    )
    midi = to_pretty_midi(silent)
    assert [i.name for i in midi.instruments] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert [len(i.notes) for i in midi.instruments] == [3, 0, 3, 3]
    assert "title Grüß’" in [text.text for text in midi.text_events]
    assert from_pretty_midi(midi) == silent


@pytest.mark.parametrize("title", ["Grüß’", "GrÃ¼ÃŸ", "Ã¼", "end", "key X", "fermata"])
def test_any_title_comes_back(chorale, title):
    named = replace(chorale, title=title)
    assert names_too(from_pretty_midi(to_pretty_midi(named)), named)
    assert names_too(from_pretty_midi(loaded(named)), named)


def test_rests_alone_come_back():
    frame = empty_chorale("D minor", "3/4", 4, pickup=4)
    assert from_pretty_midi(to_pretty_midi(frame)) == from_pretty_midi(loaded(frame)) == frame


def test_transposed_notes_are_transposed_in_the_chorale(corpus):
    bach = corpus.work("BWV269").chorale
    midi = to_pretty_midi(bach)
    for instrument in midi.instruments:
        for note in instrument.notes:
            note.pitch += 3
    lifted = bach.with_voices(np.where(bach.pitch == REST, REST, bach.pitch + 3), bach.onset)
    assert from_pretty_midi(midi) == saved(midi) == lifted


def test_one_note_that_changes_changes_alone(chorale):
    midi = to_pretty_midi(chorale)
    midi.instruments[1].notes[1].pitch = np.int64(65)
    pitch = chorale.pitch.copy()
    pitch[1, 4:8] = 65
    assert from_pretty_midi(midi) == chorale.with_voices(pitch, chorale.onset)


def test_an_added_note_may_lie_behind_the_end(chorale):
    midi = to_pretty_midi(chorale)
    end, step = midi.get_end_time(), midi.tick_to_time(120)
    midi.instruments[0].notes.insert(0, pretty_midi.Note(80, 76, end, end + 4 * step))
    back = from_pretty_midi(midi)
    assert (back.steps, back.pitch[:, -1].tolist()) == (20, [76, REST, REST, REST])


def test_a_voice_whose_instrument_is_removed_rests(chorale):
    midi = to_pretty_midi(chorale)
    del midi.instruments[2]
    back = from_pretty_midi(midi)
    assert (back.pitch == REST).all(axis=1).tolist() == [False, False, True, False]
    assert saved(midi) == back


@pytest.mark.parametrize(
    ("key", "number", "expected"),
    [
        ("D major", 5, "F major"),
        ("D major", 14, "D minor"),
        ("F# major", 6, "F# major"),
        ("Gb major", 6, "Gb major"),
        ("Ab minor", 20, "Ab minor"),
    ],
)
def test_a_changed_key_signature_counts_and_the_same_one_keeps_its_spelling(
    chorale, key, number, expected
):
    midi = to_pretty_midi(replace(chorale, key=key))
    midi.key_signature_changes = [pretty_midi.KeySignature(number, 0.0)]
    assert from_pretty_midi(midi).key == saved(midi).key == expected


def test_markers_count_over_the_texts_that_repeat_them(chorale, tmp_path):
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    marker = next(m for m in file.tracks[0] if m.type == "marker" and m.text == "fermata")
    place = file.tracks[0].index(marker)
    marker.time -= 480
    file.tracks[0][place + 1].time += 480
    file.save(tmp_path / "x.mid")
    assert np.flatnonzero(read_midi(tmp_path / "x.mid").fermata).tolist() == list(range(4, 16))


def test_changes_of_tempo_change_no_step(chorale, tmp_path):
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    now = 0
    for message in file.tracks[0]:
        now += message.time
    slower = [mido.MetaMessage("set_tempo", tempo=600_001 + 1000 * n, time=110) for n in range(9)]
    file.tracks[0] = mido.merge_tracks([file.tracks[0], mido.MidiTrack(slower)])
    file.save(tmp_path / "x.mid")
    midi = pretty_midi.PrettyMIDI(str(tmp_path / "x.mid"))
    assert len(midi.get_tempo_changes()[0]) == 10
    assert from_pretty_midi(midi) == read_midi(tmp_path / "x.mid") == chorale


def test_a_foreign_object_is_read_as_its_file_is(tmp_path):
    midi = foreign(tempo=97.3)
    midi.instruments.reverse()
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(1, 4, 0.0),
        pretty_midi.TimeSignature(3, 4, 60 / 97.3),
    ]
    midi.key_signature_changes = [pretty_midi.KeySignature(21, 0.0)]
    midi.write(str(tmp_path / "x.mid"))
    back = from_pretty_midi(midi)
    assert back == read_midi(tmp_path / "x.mid")
    assert back.pitch[:, 0].tolist() == [72, 65, 58, 51]
    assert (back.key, back.metre, back.anacrusis) == ("A minor", ((0, "3/4"),), 4)
    assert (back.steps, back.fermata.any(), back.title) == (16, False, "")


def test_a_cropped_object_is_a_foreign_one(corpus):
    bach = corpus.work("BWV269").chorale
    # pretty_midi drops notes that sound across the end.
    end = next(step for step in range(40, bach.steps) if bach.onset[:, step].all())
    midi = to_pretty_midi(bach)
    midi.crop(0, end * midi.tick_to_time(120))
    back, cut = from_pretty_midi(midi), bach.slice(0, end)
    assert (back.bwv, back.fermata.any()) == ("", False)
    assert back == replace(cut, fermata=back.fermata)


def test_our_texts_mean_nothing_in_a_foreign_object():
    midi = foreign()
    texts = ["fermata", "pickup 4 of 4/4", "title X", "key D major", "end"]
    midi.text_events = [pretty_midi.Text(text, 0.0) for text in texts]
    assert names_too(from_pretty_midi(midi), from_pretty_midi(foreign()))


def test_milliseconds_are_exact_enough_and_more_is_refused():
    midi = foreign(tempo=76)
    for note in midi.instruments[0].notes:
        note.start, note.end = round(note.start, 3), round(note.end, 3)
    assert from_pretty_midi(midi) == from_pretty_midi(foreign(tempo=76))
    midi.instruments[0].notes[2].start += 0.01
    with pytest.raises(FormatError, match=r"instruments\[0\]: C5 begins at beat 3.01., off the"):
        from_pretty_midi(midi)


def test_what_pretty_midi_would_round_to_its_ticks_is_refused():
    midi = foreign([0, 1, 2.3], [0], [0], [0], name="Choir", resolution=4)
    with pytest.raises(FormatError, match=r"Choir: C5 begins at beat 3\.3, off the grid"):
        from_pretty_midi(midi)


def set_note(index=1, **values):
    def change(midi):
        vars(midi.instruments[0].notes[index]).update(values)

    return change


def double(midi):
    midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.5, 1.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_note(start=-0.5), r"instruments\[0\]: a note begins at -0.5 seconds; the piece"),
        (set_note(end=float("nan")), r"instruments\[0\]: a note ends at nan seconds"),
        (set_note(end=float("inf")), r"instruments\[0\]: a note ends at inf seconds"),
        (set_note(3, end=1e9), "more than 10000; give a single chorale"),
        (set_note(end=0.5), "C5 at 0.50 seconds has no length"),
        (set_note(pitch=128), r"a note at 0.50 seconds has pitch 128; pitches are whole numbers"),
        (set_note(pitch=-1), "has pitch -1"),
        (set_note(pitch=60.5), "has pitch 60.5"),
        (double, r"instruments\[0\] is not a single voice"),
        (lambda midi: midi.instruments.pop(), "a chorale has four voices; this file has 3"),
        (lambda midi: midi.instruments.clear(), "the file has no notes|four voices"),
    ],
)
def test_what_the_grid_cannot_hold_is_refused_with_its_place(change, message):
    midi = foreign()
    change(midi)
    with pytest.raises(FormatError, match=message):
        from_pretty_midi(midi)


def test_a_key_number_out_of_range_is_refused(chorale):
    midi = to_pretty_midi(chorale)
    midi.key_signature_changes[0].key_number += 24
    with pytest.raises(FormatError, match="key_number 26; it is 0 to 11"):
        from_pretty_midi(midi)


def test_the_notebook_of_the_page_runs(corpus, tmp_path, monkeypatch):
    page = (Path(settings.BASE_DIR) / "docs/formats.md").read_text()
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(SNIPPET.search(page)[1], names)
    bach, lower = corpus.work("BWV269").chorale, names["lower"]
    assert np.array_equal(lower.pitch, np.where(bach.pitch == REST, REST, bach.pitch - 2))
    assert (lower.key, lower.anacrusis) == ("F major", 4)
    assert np.array_equal(lower.fermata, bach.fermata)
    write_midi(lower, tmp_path / "again.mid")
    assert (tmp_path / "again.mid").read_bytes() == (tmp_path / "ours.mid").read_bytes()
