"""Families that go on without end: what they owe, and what the door refuses."""

from __future__ import annotations

import gc
from itertools import islice

import numpy as np
import pytest

from generator.families.continues import (
    MAX_EVENT_STEPS,
    MAX_SILENCE,
    ChordEvent,
    Continues,
    continued,
)
from generator.families.door import FillRefused
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.empty_chorale import empty_chorale
from tests.generator.families.conftest import FAMILIES
from tests.generator.families.hostile import Harmless
from tests.generator.families.material import a_chorale

NOTHING = empty_chorale("G major", bars=1)


@pytest.fixture(params=[name for name, cls in FAMILIES.items() if hasattr(cls, "continue_from")])
def endless(request) -> Continues:
    return FAMILIES[request.param].debug()


def first(family, count=40, beginning=NOTHING, seed=1, **settings) -> list[ChordEvent]:
    return list(islice(continued(family, beginning, seed=seed, settings=settings), count))


def as_chorale(events: list[ChordEvent]) -> Chorale:
    """The events as a grid, which holds that onsets and pitches fit together."""
    steps = [event.steps for event in events]
    pitch = np.repeat(np.array([event.pitch for event in events]).T, steps, axis=1)
    onset = np.zeros(pitch.shape, dtype=bool)
    onset[:, [event.step for event in events]] = np.array([event.onset for event in events]).T
    return Chorale(pitch, onset, key=NOTHING.key)


class TestEveryFamilyThatCan:
    def test_events_make_a_piece(self, endless):
        piece = as_chorale(first(endless))
        assert (piece.pitch != REST).any(axis=1).all()

    def test_the_same_seed_goes_on_in_the_same_way(self, endless):
        assert first(endless) == first(endless) != first(endless, seed=2)

    def test_it_goes_on_from_what_has_sounded(self, endless):
        one, two = (as_chorale(first(endless, 12, seed=seed)) for seed in (3, 4))
        again = [[first(endless, 12, each, seed) for seed in range(8)] for each in (one, one, two)]
        assert again[0] == again[1] != again[2]
        for event in (events[0] for events in again[0]):
            voices = zip(one.pitch[:, -1].tolist(), event.pitch, event.onset, strict=True)
            assert all(sounds == pitch for sounds, pitch, begins in voices if not begins)

    def test_names_are_hidden(self, endless):
        named = a_chorale(bwv="BWV1", title="A title")
        assert first(endless, beginning=named) == first(endless, beginning=a_chorale())

    def test_a_setting_that_does_not_exist_is_refused_at_once(self, endless):
        with pytest.raises(ValueError, match="unknown setting 'colour'"):
            continued(endless, NOTHING, seed=1, settings={"colour": 1})

    @pytest.mark.slow
    def test_memory_does_not_grow_with_the_events(self, endless):
        """Objects are counted, so that a list of all events shows, however small they are."""
        events = continued(endless, NOTHING, seed=1)
        counts = []
        for _ in range(4):
            for _ in range(500):
                next(events)
            gc.collect()
            counts.append(len(gc.get_objects()))
        assert max(counts[1:]) <= counts[0] + 50


# What a family may give, and what is refused.

CHORD = (72, 67, 64, 48)
ALL, NONE = (True,) * 4, (False,) * 4
BEGINNING = ChordEvent(0, 4, CHORD, ALL)


class Script(Harmless):
    """Goes on with what it is told."""

    name = "script"

    def goes(self, *events):
        self.events = events
        return self

    def continue_from(self, beginning, *, seed, settings):
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event


REFUSED = {
    "no event": ({"step": 4}, "gave dict, not an event"),
    "a gap": (ChordEvent(6, 4, CHORD, ALL), "gave 4 steps from step 6; step 4 was next"),
    "a step twice": (ChordEvent(0, 4, CHORD, ALL), "step 4 was next"),
    "no steps": (ChordEvent(4, 0, CHORD, ALL), "gave 0 steps from step 4"),
    "too many steps": (ChordEvent(4, MAX_EVENT_STEPS + 1, CHORD, ALL), "gave 65 steps"),
    "three voices": (ChordEvent(4, 4, CHORD[:3], ALL), "not four pitches"),
    "three onsets": (ChordEvent(4, 4, CHORD, ALL[:3]), "not four truth values"),
    "a fraction": (ChordEvent(4, 4, (72.0, 67, 64, 48), ALL), "numbers that are not whole"),
    "NumPy's numbers": (ChordEvent(4, np.int64(4), CHORD, ALL), "numbers that are not whole"),
    "onsets as numbers": (ChordEvent(4, 4, CHORD, (1, 1, 1, 1)), "not four truth values"),
    "a voice too high": (ChordEvent(4, 4, (90, *CHORD[1:]), ALL), "voice S pitch 90 at step 4"),
    "a change without an onset": (
        ChordEvent(4, 4, (74, *CHORD[1:]), NONE),
        "no notes at step 4: voice S has no onset",
    ),
    "an onset in a rest": (ChordEvent(4, 4, (REST, *CHORD[1:]), ALL), "onset in the rest"),
    "a failure": (KeyError("chord"), r"failed \(KeyError: 'chord'\)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_event_is_refused_by_name(what):
    event, words = REFUSED[what]
    family = Script.debug().goes(BEGINNING, event)
    events = continued(family, NOTHING, seed=1)
    assert next(events) == BEGINNING
    with pytest.raises(FillRefused, match=f"'script' .*{words}"):
        next(events)


def test_one_that_stops_is_refused():
    with pytest.raises(FillRefused, match="'script' stopped after 4 steps"):
        first(Script.debug().goes(BEGINNING))


def test_silence_without_end_is_refused():
    rests = [ChordEvent(step, 16, (REST,) * 4, NONE) for step in range(0, MAX_SILENCE + 1, 16)]
    assert first(Script.debug().goes(*rests), count=len(rests) - 1) == rests[:-1]
    with pytest.raises(FillRefused, match="wrote nothing in 80 steps"):
        first(Script.debug().goes(*rests), count=len(rests))


def test_a_note_that_sounds_already_may_be_held_over():
    events = [BEGINNING, ChordEvent(4, 4, (74, *CHORD[1:]), (True, False, False, False))]
    assert first(Script.debug().goes(*events), count=2) == events


def test_the_first_event_may_hold_the_last_notes_of_the_beginning_and_no_others():
    sounding = Chorale(np.array([[pitch] * 4 for pitch in CHORD]), np.eye(4)[[0] * 4])
    held = ChordEvent(0, 4, CHORD, NONE)
    assert first(Script.debug().goes(held), count=1, beginning=sounding) == [held]
    with pytest.raises(FillRefused, match="voice S has no onset"):
        first(Script.debug().goes(held), count=1)


def test_a_family_that_cannot_go_on_is_refused_by_name():
    assert not isinstance(Harmless.debug(), Continues)
    with pytest.raises(FillRefused, match=f"'{Harmless.name}' cannot go on without end"):
        continued(Harmless.debug(), NOTHING, seed=1)
