"""Inputs unlike any chorale of Bach: every family writes a piece, or refuses in clear words."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.door import MAX_FILL_STEPS
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import STEPS, assert_kept, harmonised, melody

LONG = 2000


MELODIES = {
    "leaps beyond the voice": [30, 100] * 16,
    "the lowest and the highest pitch there are": [0, 127] * 16,
    "a held note of 30 bars": [67] * 480,
    "another note on every sixteenth": [60 + step % 19 for step in range(STEPS)],
    "a single note": [67] * 4 + [REST] * 28,
    "a single sixteenth amid silence": [REST] * 15 + [67] + [REST] * 16,
    "silence": [REST] * STEPS,
}


@pytest.mark.parametrize("name", MELODIES)
def test_a_strange_melody_is_harmonised(family, name):
    harmonised(family, melody(MELODIES[name]))


@pytest.mark.parametrize("condition", ["S", "AT", "SAT"])
def test_a_bass_below_all_voices_is_given_its_others(family, condition):
    chorale = melody([67] * STEPS)
    pitch = chorale.pitch.copy()
    pitch[3] = 5
    given_bass = chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))
    harmonised(family, given_bass, condition)


METRES = ["5/4", "7/8", "12/8", "3/16", "1/16", "2/1", "99/4"]
KEYS = ["F# major", "Cb major", "B# minor", "A# major"]


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("condition", ["ATB", "SATB"])
def test_an_unheard_of_metre_is_written_in(family, metre, condition):
    fermata = np.arange(STEPS) >= STEPS - 3
    tune = melody([60 + step // 3 for step in range(STEPS)], metre=((0, metre),), fermata=fermata)
    harmonised(family, tune, condition)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("condition", ["ATB", "SATB"])
def test_an_unheard_of_key_is_written_in(family, key, condition):
    harmonised(family, melody([66, 68, 70, 71] * 8, key=key), condition)


def test_a_metre_that_changes_at_every_step_is_written_in(family):
    metre = tuple((step, f"{step % 7 + 1}/16") for step in range(STEPS))
    harmonised(family, melody([67] * STEPS, metre=metre))


@pytest.mark.parametrize("fermatas", ["all", "every other"])
def test_fermatas_on_all_steps_are_no_trouble(family, fermatas):
    fermata = np.arange(STEPS) % 2 == 0 if fermatas == "every other" else np.ones(STEPS)
    harmonised(family, melody([67, 67, 69, 69] * 8, fermata=fermata))


@pytest.mark.slow
def test_two_thousand_steps_are_written(family):
    harmonised(family, melody([60 + step // 4 % 12 for step in range(LONG)]))


def test_what_is_longer_than_any_use_is_refused_in_clear_words(family):
    endless = melody([67] * (MAX_FILL_STEPS + 1))
    given = given_voices("ATB", endless.steps)
    message = f"a chorale of {MAX_FILL_STEPS + 1} steps; at most {MAX_FILL_STEPS} are filled"
    with pytest.raises(ValueError, match=message):
        family.fill(endless, given, seed=1)
    with pytest.raises(ValueError, match=message):
        family.fill_many([(endless, given)], [1])


def test_all_four_voices_given_come_back_untouched_whatever_they_are(family):
    for notes in MELODIES.values():
        chorale = melody(notes)
        assert family.fill(chorale, np.ones((4, chorale.steps), dtype=bool), seed=1) == chorale


@pytest.mark.parametrize("seed", range(8))
def test_any_cells_of_anything_can_be_written(family, seed):
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(1, 40))
    pitch = rng.integers(-1, 128, size=(4, steps))
    pitch[:, rng.random(steps) < 0.5] = REST
    onset = repaired_onsets(pitch, rng.random((4, steps)) < 0.3)
    chorale = Chorale(pitch=pitch, onset=onset, fermata=rng.random(steps) < 0.2, key="Eb minor")
    given = rng.random((4, steps)) < rng.random()
    assert_kept(family.fill(chorale, given, seed=seed), chorale, given)
