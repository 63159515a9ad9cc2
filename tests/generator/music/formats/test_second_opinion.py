"""pretty_midi, and only it, reads the MIDI files that we write: it finds what the grid holds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from generator.music.formats.midi import midi_bytes
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.empty_chorale import empty_chorale, with_close
from tests.generator.music.chorale_strategies import chorales
from tests.generator.music.formats.second_opinion import expected, understood

FRAME = empty_chorale("D minor", "3/4", 4, pickup=4)


def one_line(pitches: list[int], onset: list[int]) -> Chorale:
    rests = [[REST] * len(pitches)] * 3
    return Chorale([pitches, *rests], [onset, *np.zeros((3, len(pitches)))])


HANDMADE = {
    "an empty frame": FRAME,
    "a frame with its close": with_close(FRAME)[0],
    "3/2": empty_chorale("Eb major", "3/2", 2),
    "a key without a signature": replace(FRAME, key="D# major"),
    "one step": one_line([60], [1]),
    "repeated notes": one_line([60] * 8, [1, 0, 1, 1, 1, 0, 0, 1]),
    "notes that abut": one_line([60, 62, 62, 60, 61, 60], [1, 1, 0, 1, 1, 1]),
    "rests at both ends": one_line([REST, REST, 60, REST, 60, REST], [0, 0, 1, 0, 1, 0]),
    "the lowest and the highest pitch": one_line([0, 127, 127, 0], [1, 1, 1, 1]),
}


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_every_work_of_the_corpus_is_understood(corpus, each):
    assert len(corpus.works) > 300
    chorales = {bwv: work.chorale for bwv, work in list(corpus.works.items())[::each]}
    wrong = [b for b, c in chorales.items() if understood(midi_bytes(c)) != expected(c)]
    assert wrong == []


@pytest.mark.parametrize("name", HANDMADE)
def test_rests_repeated_and_abutting_notes_are_understood(name):
    assert understood(midi_bytes(HANDMADE[name])) == expected(HANDMADE[name])


@given(chorale=chorales())
@examples(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_grid_holds_is_understood(chorale):
    found, wanted = understood(midi_bytes(chorale)), expected(chorale)
    for name in ("voices", "tempi", "metres", "keys", "end"):
        assert found[name] == wanted[name]


def test_one_function_writes_every_midi_file():
    """Another writer needs a second opinion of its own."""
    code = [p for top in ("bachtest", "generator") for p in (settings.BASE_DIR / top).rglob("*.py")]
    writing = re.compile(r"MidiTrack\(|MidiFile\((?!file=)|PrettyMIDI\((?!BytesIO)")
    writers = [path.name for path in code if writing.search(path.read_text())]
    assert writers == ["midi.py"]
