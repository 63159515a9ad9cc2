"""Chord events as tokens: what a token tells, and what it takes to have one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from generator.families.next_chord.vocabulary import (
    FIRST,
    LONGEST,
    START,
    UNKNOWN,
    ChordEvents,
    ChordVocabulary,
    chord_events,
    common_shift,
    moved,
)
from generator.music.grid.chorale import REST, Chorale
from tests.generator.families.material import a_chorale


def repeated_and_held() -> Chorale:
    """The soprano repeats its note under held lower voices; then the bass falls silent."""
    pitch = np.array([[72] * 6, [67] * 6, [64] * 6, [48, 48, 48, 48, REST, REST]])
    onset = np.zeros((4, 6), dtype=bool)
    onset[:, 0] = onset[0, 2] = True
    return Chorale(pitch, onset)


def chorale_of(events: ChordEvents, like: Chorale) -> Chorale:
    pitch = np.repeat(events.pitch.T, events.steps, axis=1)
    onset = np.zeros(pitch.shape, dtype=bool)
    onset[:, np.cumsum(events.steps) - events.steps] = events.begins.T
    return like.with_voices(pitch, onset)


def decoded(vocabulary: ChordVocabulary, tokens: np.ndarray, shift: int) -> Iterable[list]:
    for chord, duration in (tokens[:, 1:] - FIRST).T:
        yield [
            moved(vocabulary.chords[chord], -shift).tolist(),
            vocabulary.begins[duration].tolist(),
            int(vocabulary.steps[duration]),
        ]


def test_an_event_begins_with_every_note_and_every_rest():
    events = chord_events(repeated_and_held())
    assert events.steps.tolist() == [2, 2, 2]
    assert events.begins.tolist() == [[True] * 4, [True, False, False, False], [False] * 4]
    assert events.pitch[2].tolist() == [72, 67, 64, REST]


@pytest.mark.parametrize("seed", range(5))
def test_events_hold_all_notes_and_their_onsets(seed):
    chorale = a_chorale(seed=seed)
    assert chorale_of(chord_events(chorale), chorale) == chorale


def test_events_of_every_work_hold_all_notes_and_their_onsets(corpus):
    for work in list(corpus.works.values())[::10]:
        assert chorale_of(chord_events(work.chorale), work.chorale) == work.chorale


@pytest.mark.parametrize("key", ["E minor", "F# major", "C major"])
def test_tokens_of_known_events_say_all_of_them(key):
    chorale = a_chorale(key=key)
    vocabulary = ChordVocabulary.counted([chorale], least=1)
    events, shift = chord_events(chorale), common_shift(key)
    rows = zip(events.pitch.tolist(), events.begins.tolist(), map(int, events.steps), strict=True)
    tokens = vocabulary.encoded(chorale)
    assert tokens[:, 0].tolist() == [START, START]
    assert list(decoded(vocabulary, tokens, shift)) == [list(row) for row in rows]


def test_a_held_and_a_repeated_note_are_different_tokens():
    chorale = repeated_and_held()
    held = chorale.onset.copy()
    held[1, 2] = True
    vocabulary = ChordVocabulary.counted([chorale], least=1)
    other = vocabulary.encoded(chorale.with_voices(chorale.pitch, held))
    assert (other[0] == vocabulary.encoded(chorale)[0]).all()
    assert other[1, 2] == UNKNOWN != vocabulary.encoded(chorale)[1, 2]


def test_the_same_music_in_another_key_of_its_mode_has_the_same_tokens():
    chorale = a_chorale(key="G major")
    higher = a_chorale(key="A major").with_voices(moved(chorale.pitch, 2), chorale.onset)
    vocabulary = ChordVocabulary.counted([chorale], least=1)
    assert np.array_equal(vocabulary.encoded(chorale), vocabulary.encoded(higher))


def test_every_key_is_moved_by_at_most_half_an_octave():
    names = [f"{tonic}{sign} {mode}" for tonic in "CDEFGAB" for sign in ("", "#", "b")
             for mode in ("major", "minor")]  # fmt: skip
    assert {-6, 5} <= {common_shift(name) for name in names} <= set(range(-6, 6))
    assert common_shift("C major") == common_shift("A minor") == 0


def test_chords_that_are_too_rare_have_no_token_of_their_own():
    one, twice = a_chorale(seed=1), a_chorale(seed=2)
    vocabulary = ChordVocabulary.counted([one, twice, twice], least=2)
    tokens = vocabulary.encoded(one)[0, 1:]
    assert (tokens == UNKNOWN).mean() > 0.5
    assert (vocabulary.encoded(twice)[0, 1:] >= FIRST).all()
    assert vocabulary.unknown([twice]) == 0
    assert vocabulary.unknown([one]) == (tokens == UNKNOWN).mean()


def test_a_longer_note_than_any_token_is_the_longest():
    long = Chorale([[60] * 50] * 4, [[1] + [0] * 49] * 4)
    vocabulary = ChordVocabulary.counted([long], least=1)
    assert vocabulary.steps.tolist() == [LONGEST]
    assert vocabulary.encoded(long).tolist() == [[START, FIRST], [START, FIRST]]


CHORDS = np.array([[70, 60, 50, 40]], dtype=np.int16)
DURATIONS = np.array([[4, 15]], dtype=np.int16)


@pytest.mark.parametrize(
    ("chords", "durations", "words"),
    [(CHORDS[:0], DURATIONS, r"chords of shape \(0, 4\)"),
     (CHORDS, DURATIONS[:0], r"durations of shape \(0, 2\)"),
     (CHORDS + 60, DURATIONS, "chords hold 130; use values from -1 to 127"),
     (CHORDS, DURATIONS + 1, "durations hold 16; use values from 0 to 15"),
     (CHORDS, DURATIONS - 4, "durations hold 0; use values from 1 to 32"),
     (np.repeat(CHORDS, 2, axis=0), DURATIONS, "chords are not sorted, or one stands twice"),
     (np.full((1, 4), REST, np.int16), DURATIONS, "chords all have rests")],
)  # fmt: skip
def test_a_vocabulary_that_cannot_be_is_refused(chords, durations, words):
    with pytest.raises(ValueError, match=words):
        ChordVocabulary(chords, durations)
