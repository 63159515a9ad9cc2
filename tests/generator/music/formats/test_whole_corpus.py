"""Works of the corpus come back from every format as they went in: all of them in test-long."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings

from generator.music.formats.gridjson import from_json, to_json
from generator.music.formats.midi import midi_bytes
from generator.music.formats.midi_reader import midi_score
from generator.music.formats.musicxml_reader.score_reader import musicxml_score
from generator.music.formats.musicxml_writer import musicxml_bytes
from generator.music.formats.prettymidi import from_pretty_midi, to_pretty_midi
from generator.music.formats.score import chorale_of
from generator.music.formats.voices.choice import four_voices
from generator.music.grid.chorale import Chorale
from tests.generator.music.chorale_strategies import chorales


def through_midi(chorale: Chorale) -> Chorale:
    score = midi_score(midi_bytes(chorale), "x.mid")
    return chorale_of(score, four_voices(score))


def through_musicxml(chorale: Chorale) -> Chorale:
    score = musicxml_score(musicxml_bytes(chorale), "x.musicxml")
    return chorale_of(score, four_voices(score))


def through_json(chorale: Chorale) -> Chorale:
    return from_json(json.loads(json.dumps(to_json(chorale))))


def through_pretty_midi(chorale: Chorale) -> Chorale:
    return from_pretty_midi(to_pretty_midi(chorale))


FORMATS = pytest.mark.parametrize(
    "through", [through_midi, through_musicxml, through_json, through_pretty_midi]
)


@FORMATS
@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_every_work_of_the_corpus_is_unchanged(corpus, through, each):
    assert len(corpus.works) > 300
    changed = []
    for bwv, work in list(corpus.works.items())[::each]:
        back = through(work.chorale)
        names = (back.bwv, back.title) == (work.chorale.bwv, work.chorale.title)
        if back != work.chorale or not names:
            changed.append(bwv)
    assert changed == []


@FORMATS
@given(chorale=chorales())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_grid_holds_is_unchanged(through, chorale):
    back = through(chorale)
    assert back == chorale
    assert (back.bwv, back.title) == (chorale.bwv, chorale.title)


@pytest.mark.parametrize("write", [midi_bytes, musicxml_bytes])
def test_the_same_chorale_gives_the_same_bytes(corpus, write):
    chorale = corpus.work("BWV269").chorale
    assert write(chorale) == write(chorale.slice(0, chorale.steps))


def test_every_excerpt_cut_in_the_middle_of_a_bar_is_unchanged(corpus):
    chorale = corpus.work("BWV66.6").chorale
    for start in range(24):
        cut = chorale.slice(start, start + 41)
        assert through_midi(cut) == cut
        assert through_musicxml(cut) == cut
        assert through_pretty_midi(cut) == cut
