"""Inputs unlike any chorale of Bach: every family writes a piece, or refuses in clear words."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.base import MAX_FILL_STEPS
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.registry import FAMILIES, family_class

STEPS = 32
LONG = 2000


@pytest.fixture(params=sorted(FAMILIES))
def family(request):
    return family_class(request.param).debug()


def melody(notes, **frame) -> Chorale:
    """A soprano of one pitch a step, -1 for a rest; a pitch that stays is held."""
    pitch = np.full((4, len(notes)), REST)
    pitch[0] = notes
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)), **frame)


def harmonised(family, chorale: Chorale, condition: str = "ATB", seed: int = 1) -> Chorale:
    """The piece, whole and with what was given as it was."""
    given = given_voices(condition, chorale.steps)
    piece = family.fill(chorale, given, seed=seed)
    assert piece.steps == chorale.steps
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])
    assert (piece.metre, piece.key) == (chorale.metre, chorale.key)
    return piece


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
    piece = family.fill(chorale, given, seed=seed)
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])


class TestAtOnce:
    def test_several_are_written_each_by_its_own_seed(self, family):
        tasks = [
            (melody(notes), given_voices("ATB", len(notes)))
            for notes in ([67] * 16, [60, 62, 64, 65] * 8, [REST] * 7)
        ]
        pieces = family.fill_many(tasks, [1, 2, 3])
        assert [piece.steps for piece in pieces] == [16, 32, 7]
        for (chorale, given), piece in zip(tasks, pieces, strict=True):
            assert np.array_equal(piece.pitch[given], chorale.pitch[given])

    def test_the_same_seeds_give_the_same_pieces(self, family):
        tasks = [(melody([60, 62, 64, 65] * 8), given_voices("ATB", STEPS))] * 2
        first = family.fill_many(tasks, [1, 2])
        assert first == family.fill_many(tasks, [1, 2])
        assert first[0] != first[1]

    def test_a_seed_is_needed_for_each(self, family):
        with pytest.raises(ValueError, match="1 seeds for 2 chorales"):
            family.fill_many([(melody([67] * 8), given_voices("ATB", 8))] * 2, [1])

    def test_none_are_nothing(self, family):
        assert family.fill_many([], []) == []

    def test_one_that_is_given_whole_comes_back_as_it_was(self, family):
        whole = melody([67] * 8)
        tasks = [(whole, np.ones((4, 8), dtype=bool)), (whole, given_voices("ATB", 8))]
        assert family.fill_many(tasks, [1, 1])[0] == whole

    @pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_temperature_that_is_not_above_zero_and_finite_is_refused(self, family, temperature):
        with pytest.raises(ValueError, match="it must be above 0 and finite"):
            family.fill_many(
                [(melody([67] * 8), given_voices("ATB", 8))], [1], temperature=temperature
            )


class TestSettings:
    def test_one_that_does_not_exist_is_named_with_those_that_do(self, family):
        with pytest.raises(ValueError, match="unknown setting 'zeal'"):
            family.with_settings(zeal=1)

    def test_each_can_be_set_to_what_it_is(self, family):
        assert family.with_settings(**family.settings).settings == family.settings

    def test_each_is_read_from_text_too(self, family):
        text = {name: str(value) for name, value in family.settings.items()}
        assert family.with_settings(**text).settings == family.settings

    def test_each_refuses_a_value_of_another_kind(self, family):
        for name in family.settings:
            with pytest.raises(ValueError, match=name):
                family.with_settings(**{name: "nonsense"})


class TestMembers:
    def test_each_is_a_family_that_fills(self, family):
        for fold in range(family.members):
            harmonised(family.member(fold), melody([67] * 8))

    def test_a_member_is_one_of_its_own(self, family):
        assert family.member(0).members == 1

    def test_the_settings_are_kept(self, family):
        assert family.member(0).settings == family.settings
