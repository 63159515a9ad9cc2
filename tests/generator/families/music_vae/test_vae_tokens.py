"""What MusicVAE reads and writes."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.music_vae.tokens import (
    EVENTS,
    FIRST_BEGUN,
    FIRST_EVENT,
    FIRST_HELD,
    HEARD,
    HOLD_EVENT,
    LOW,
    NO_EVENT,
    NOTHING,
    REST_EVENT,
    REST_HEARD,
    SEGMENT,
    alone,
    events_of,
    heard_tokens,
    next_heard,
    notes_of,
    phases,
    segment,
    segments,
    shifts_of,
    transposed,
    writable,
)
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from tests.generator.families.material import a_chorale

WORKS = ["BWV269", "BWV278", "BWV66.6", "BWV227.1"]


def held_and_repeated() -> Chorale:
    """A held note, a repeated one, a rest and another note, in each voice."""
    pitch = [[60, 60, 60, REST, REST, 62]] * 4
    return Chorale(pitch=pitch, onset=[[1, 0, 1, 0, 0, 1]] * 4)


def test_held_and_repeated_notes_and_rests_are_different_events():
    events = events_of(heard_tokens(held_and_repeated()))[0]
    c, d = FIRST_EVENT + 60 - LOW, FIRST_EVENT + 62 - LOW
    assert events.tolist() == [c, HOLD_EVENT, c, REST_EVENT, REST_EVENT, d]


@pytest.mark.parametrize("name", ["by hand", "of all lengths", *WORKS])
def test_tokens_hold_every_note_and_onset(name):
    by_name = {"by hand": held_and_repeated(), "of all lengths": a_chorale(95)}
    chorale = by_name.get(name) or load_corpus().works[name].chorale
    pitch, onset = notes_of(heard_tokens(chorale))
    assert np.array_equal(pitch, chorale.pitch)
    assert np.array_equal(onset, chorale.onset)


@pytest.mark.parametrize("name", WORKS)
def test_events_alone_lead_back_to_what_is_heard(name):
    chorale = load_corpus().works[name].chorale
    heard, table = heard_tokens(chorale), next_heard()
    events = events_of(heard)
    tokens = np.full(4, NOTHING)
    for step in range(chorale.steps):
        tokens = table[tokens, events[:, step]]
        assert np.array_equal(tokens, heard[:, step])


def test_nothing_is_no_event():
    assert events_of(np.array([NOTHING, REST_HEARD])).tolist() == [NO_EVENT, REST_EVENT]


def test_pitches_outside_the_vocabulary_are_read_in_a_nearer_octave():
    chorale = Chorale(pitch=[[100], [67], [60], [20]], onset=[[1]] * 4)
    pitch, _ = notes_of(heard_tokens(chorale))
    assert pitch[:, 0].tolist() == [76, 67, 60, 44]


def test_a_voice_may_write_its_range_and_go_on_from_it_and_never_rests():
    may = writable()
    assert not may[:, :, REST_EVENT].any()
    for voice, (low, high) in enumerate(VOICE_RANGES):
        pitches = np.flatnonzero(may[voice, NOTHING, FIRST_EVENT:]) + LOW
        assert pitches.tolist() == list(range(low, high + 1))
        heard = np.flatnonzero(may[voice, :, HOLD_EVENT])
        both = {
            first + p - LOW for first in (FIRST_HELD, FIRST_BEGUN) for p in range(low, high + 1)
        }
        assert set(heard.tolist()) == both
    assert may.shape == (4, HEARD, EVENTS)
    assert may.any(-1).all()


def test_segments_follow_each_other_and_the_last_is_filled_up():
    chorale = a_chorale(70)
    found = segments(chorale)
    heard = heard_tokens(chorale)
    assert [each.heard.shape for each in found] == [(4, SEGMENT + 1)] * 3
    assert (found[0].heard[:, 0] == NOTHING).all()
    assert np.array_equal(found[1].heard[:, 0], heard[:, SEGMENT - 1])
    assert np.array_equal(found[2].heard[:, 1:7], heard[:, 64:])
    assert (found[2].heard[:, 7:] == NOTHING).all()
    assert np.array_equal(np.concatenate([each.phase for each in found])[:70], phases(chorale))


def test_a_segment_alone_begins_with_the_notes_that_were_held_over():
    chorale = Chorale(pitch=[[60] * 40, [60] * 40, [60] * 40, [REST] * 40],
                      onset=[[1] + [0] * 39, [1] * 40, [1] + [0] * 39, [0] * 40])  # fmt: skip
    own = alone(segment(heard_tokens(chorale), phases(chorale), 8))
    assert (own.heard[:, 0] == NOTHING).all()
    assert (own.heard[:3, 1] == FIRST_BEGUN + 60 - LOW).all()
    assert own.heard[3, 1] == REST_HEARD


@pytest.mark.parametrize("name", WORKS)
def test_transposing_moves_every_note_and_leaves_no_range(name):
    chorale = load_corpus().works[name].chorale
    heard = heard_tokens(chorale)
    shifts = shifts_of(heard)
    assert 0 in shifts
    assert len(shifts) > 1
    for shift in shifts:
        pitch, onset = notes_of(transposed(heard, shift))
        assert np.array_equal(pitch, np.where(chorale.pitch == REST, REST, chorale.pitch + shift))
        assert np.array_equal(onset, chorale.onset)
        for voice, (low, high) in enumerate(VOICE_RANGES):
            sung = pitch[voice][pitch[voice] != REST]
            assert sung.min() >= low
            assert sung.max() <= high
