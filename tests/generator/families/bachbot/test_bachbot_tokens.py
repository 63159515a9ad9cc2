"""BachBot's text: every chorale of four voices has one, and comes back from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.families.bachbot.search import written_notes
from generator.families.bachbot.tokens import (
    DELIMITER,
    END,
    FERMATA,
    SHIFTS,
    SILENT,
    START,
    BachbotVocabulary,
    common_shift,
)
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from tests.generator.families.material import a_chorale

VOCABULARY = BachbotVocabulary()
KEYS = [f"{tonic} {mode}" for tonic in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb",
        "B") for mode in ("major", "minor")]  # fmt: skip


@pytest.fixture(scope="module")
def works() -> list[Chorale]:
    corpus = load_corpus()
    return [corpus.works[name].chorale for name in sorted(corpus.works)[::7]]


def test_a_text_is_frames_of_four_voices_with_fermatas_and_delimiters():
    chorale = a_chorale(key="C major")
    text = VOCABULARY.text(chorale)
    assert (text[0], text[-1]) == (START, END)
    frames = np.split(text[1:-1], np.flatnonzero(text[1:-1] == DELIMITER)[:-1] + 1)
    assert [len(frame) for frame in frames] == [6 if held else 5 for held in chorale.fermata]
    for frame, fermata in zip(frames, chorale.fermata, strict=True):
        assert (frame[0] == FERMATA) == fermata
        assert frame[-1] == DELIMITER


def test_voices_come_from_the_soprano_to_the_bass():
    chorale = Chorale([[72], [67], [64], [48]], [[1]] * 4)
    assert VOCABULARY.pitches(VOCABULARY.frames(chorale)).tolist() == [[72, 67, 64, 48]]


def test_two_voices_on_one_key_are_two_symbols():
    unison = Chorale([[60], [60], [48], [48]], [[1]] * 4)
    first = VOCABULARY.frames(unison)[0]
    assert first[0] == first[1]
    assert first[2] == first[3]


def test_a_held_note_and_a_repeated_one_differ():
    held = Chorale([[60, 60]] * 4, [[1, 0]] * 4)
    repeated = Chorale([[60, 60]] * 4, [[1, 1]] * 4)
    assert (VOCABULARY.frames(held)[1] == VOCABULARY.frames(held)[0] + 1).all()
    assert (VOCABULARY.frames(repeated)[1] == VOCABULARY.frames(repeated)[0]).all()


def test_a_voice_that_rests_keeps_its_place():
    chorale = Chorale([[72], [REST], [64], [48]], [[1], [0], [1], [1]])
    assert VOCABULARY.frames(chorale)[0].tolist().index(SILENT) == 1


def test_made_chorales_come_back_from_their_frames():
    for seed in range(5):
        chorale = a_chorale(64, seed=seed, key=KEYS[seed])
        pitch, onset = written_notes(VOCABULARY.frames(chorale), chorale, VOCABULARY)
        assert np.array_equal(pitch, chorale.pitch)
        assert np.array_equal(onset, chorale.onset)


def test_bach_comes_back_from_his_frames(works):
    for chorale in works:
        pitch, onset = written_notes(VOCABULARY.frames(chorale), chorale, VOCABULARY)
        assert np.array_equal(pitch, chorale.pitch)
        assert np.array_equal(onset, chorale.onset)


def test_a_chorale_in_another_key_has_the_same_text():
    chorale = a_chorale(key="C major")
    for semitones, key in ((-3, "A major"), (2, "D major"), (4, "E major")):
        there = np.where(chorale.pitch == REST, REST, chorale.pitch + semitones)
        moved = replace(chorale, pitch=there, key=key)
        assert np.array_equal(VOCABULARY.text(moved), VOCABULARY.text(chorale))


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_all_its_voices_in_the_vocabulary(key):
    shift = common_shift(key)
    assert SHIFTS[0] <= shift <= SHIFTS[1]
    for bounds in VOICE_RANGES:
        for pitch in bounds:
            symbol = VOCABULARY.notes(pitch + shift, False)
            assert VOCABULARY.pitches(symbol) == pitch + shift
            assert symbol < VOCABULARY.size - 1


@pytest.mark.parametrize("pitch", [0, 5, 127, 100])
def test_a_pitch_beyond_the_vocabulary_is_taken_by_octaves_into_it(pitch):
    inside = int(VOCABULARY.pitches(VOCABULARY.notes(pitch, True)))
    assert (inside - pitch) % 12 == 0
    assert VOCABULARY.lowest <= inside <= VOCABULARY.highest
    assert abs(inside - pitch) < 12 + max(VOCABULARY.lowest - pitch, pitch - VOCABULARY.highest)
