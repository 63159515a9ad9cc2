"""Whatever a family does, the piece is its own writing around the given cells, or there is none."""

from __future__ import annotations

import re

import numpy as np
import pytest

from generator.families.base import DOOR, Family
from generator.families.door import FillRefused, as_given, blanked
from generator.families.trial import try_out
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_for, given_voices
from tests.generator.families.forgers import FORGED
from tests.generator.families.hostile import (
    CAUGHT,
    Clockwork,
    Fickle,
    Harmless,
    Peeker,
    SameForAll,
)
from tests.generator.families.material import STEPS, a_chorale, all_but, assert_kept, masks

REFUSED = CAUGHT | FORGED
GIVEN = given_voices("ATB", STEPS)


def refusal(family: Family) -> str:
    return re.escape(f"family '{family.name}' {REFUSED[type(family)]}")


@pytest.mark.parametrize("hostile", REFUSED)
def test_each_is_refused_by_name(hostile):
    family, chorale = hostile.debug(), a_chorale()
    notes = chorale.pitch.copy(), chorale.onset.copy(), GIVEN.copy()
    with pytest.raises(FillRefused, match=refusal(family)) as raised:
        family.fill(chorale, GIVEN, seed=1)
    assert str(raised.value).endswith("; its piece is refused")
    assert raised.value.permanent
    for before, after in zip(notes, (chorale.pitch, chorale.onset, GIVEN), strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("hostile", REFUSED)
def test_one_among_several_is_refused_too(hostile):
    whole = np.ones((4, STEPS), dtype=bool)
    with pytest.raises(FillRefused, match=f"family '{hostile.name}' "):
        hostile.debug().fill_many([(a_chorale(), whole), (a_chorale(), GIVEN)] * 2, range(4))


def test_a_family_without_tricks_passes():
    family, chorale = Harmless.debug(), a_chorale()
    assert_kept(family.fill(chorale, GIVEN, seed=1), chorale, GIVEN)
    try_out(family)


def test_a_member_is_watched_as_its_composer_is():
    composer = Peeker.cross_fitted([Peeker.debug(), Peeker.debug()])
    for family in (composer, composer.member(1)):
        with pytest.raises(FillRefused, match="family 'peeker' wrote nothing"):
            family.fill(a_chorale(), GIVEN, seed=1)


def test_a_few_cells_may_well_be_rests():
    """A voice may pause for less than a bar; nobody could tell that from a family that peeks."""
    chorale = a_chorale()
    piece = Peeker.debug().fill(chorale, all_but(3, 30), seed=1)
    assert piece.pitch[3, 30] in (REST, chorale.pitch[3, 31])


def test_a_note_that_a_given_cell_demands_is_no_writing_of_the_familys():
    chorale = Chorale([[72] * 32, [67] * 32, [64] * 32, [48] * 32], [[1] + [0] * 31] * 4)
    given = np.ones((4, 32), dtype=bool)
    given[1:, 8:31] = False
    # Each of the three notes is held over from its last beat, which the family did not write.
    with pytest.raises(FillRefused, match="family 'peeker' wrote nothing in 60 cells"):
        Peeker.debug().fill(chorale, given, seed=1)


class TestWhatAFamilySees:
    """Bach's notes cannot be reached from what it is handed."""

    @pytest.fixture(params=masks())
    def task(self, request):
        work = a_chorale(64, bwv="BWV1", title="A title")
        excerpt = work.slice(8, 8 + STEPS)
        return excerpt, masks()[request.param]

    def test_open_cells_are_rests_but_for_notes_held_over(self, task):
        chorale, given = task
        seen, mask = as_given(chorale, given)
        demanded = mask & ~given
        assert (seen.pitch[~mask] == REST).all()
        assert not seen.onset[~mask].any()
        assert np.array_equal(seen.pitch[given], chorale.pitch[given])
        for voice, step in np.argwhere(demanded).tolist():
            after = step + int(np.argmax(given[voice, step:]))
            assert seen.pitch[voice, step] == chorale.pitch[voice, after]

    def test_the_work_has_no_name(self, task):
        for seen in (as_given(*task)[0], blanked(*task)):
            assert (seen.bwv, seen.title) == ("", "")

    def test_no_array_leads_to_another(self, task):
        chorale, given = task
        seen, mask = as_given(chorale, given)
        for array in (seen.pitch, seen.onset, seen.fermata, mask):
            assert array.base is None
            for other in (chorale.pitch, chorale.onset, chorale.fermata, given):
                assert not np.shares_memory(array, other)
        assert set(vars(seen)) == set(vars(chorale))
        assert seen.metre == chorale.metre

    def test_a_family_is_handed_nothing_else(self, task):
        handed = []

        class Looker(Harmless):
            name = "looker"

            def _fill(self, chorale, given, *, seed, settings, run):
                handed.append((chorale, given))
                return super()._fill(chorale, given, seed=seed, settings=settings, run=run)

        Looker.debug().fill(*task, seed=1)
        [(seen, mask)] = handed
        expected, expected_mask = as_given(*task)
        assert seen == expected
        assert np.array_equal(mask, expected_mask)
        assert (seen.bwv, seen.title, seen.fermata.base, mask.base) == ("", "", None, None)


class TestTheDoorItself:
    @pytest.mark.parametrize("name", DOOR)
    def test_no_family_replaces_it(self, name):
        words = f"Cheat replaces {name}, which hides and checks notes for all families"
        with pytest.raises(TypeError, match=words):
            type("Cheat", (Harmless,), {name: lambda *_: None})

    @pytest.mark.parametrize("name", DOOR)
    def test_no_other_class_brings_its_own(self, name):
        mixin = type("Mixin", (), {name: lambda *_: None})
        with pytest.raises(TypeError, match=f"Cheat replaces {name}, "):
            type("Cheat", (mixin, Harmless), {})

    def test_one_that_was_put_there_later_is_walked_around(self):
        """Whoever asks for a fill asks for the base's own."""

        class Late(Peeker):
            def __init_subclass__(cls, **kwargs):
                pass

        class Later(Late):
            def fill(self, chorale, given, **more):
                return chorale

        Later.fill_many = lambda self, tasks, seeds, **more: [chorale for chorale, _ in tasks]
        with pytest.raises(FillRefused, match="'peeker' wrote nothing"):
            Family.fill(Later.debug(), a_chorale(), masks()["ATB"], seed=1)

    @pytest.mark.parametrize("name", DOOR)
    def test_an_instance_replaces_it_no_more_than_its_class(self, name):
        with pytest.raises(TypeError, match=f"Harmless replaces {name}; write _fill instead"):
            setattr(Harmless.debug(), name, lambda *_: None)

    def test_what_is_no_family_writes_nothing(self):
        class Duck:
            settings = {}

            def fill(self, chorale, given, **more):
                return chorale

        with pytest.raises(FillRefused, match="family 'Duck' is not a Family"):
            Family.fill_many(Duck(), [(a_chorale(), masks()["ATB"])], [1])

    def test_a_door_behind_the_familys_is_no_trouble(self):
        mixin = type("Mixin", (), {"fill": lambda *_: None})
        assert type("Honest", (Harmless, mixin), {}).fill is Family.fill


class TestTrial:
    """What a single piece does not show."""

    def test_every_family_passes(self, family):
        try_out(family)

    def test_the_same_piece_for_two_seeds_is_refused(self):
        words = "family 'same-for-all' wrote the same piece for seeds 1 and 2"
        with pytest.raises(FillRefused, match=words):
            try_out(SameForAll.debug())

    @pytest.mark.parametrize("hostile", [Fickle, Clockwork])
    def test_other_pieces_for_one_seed_are_refused(self, hostile):
        with pytest.raises(FillRefused, match=f"'{hostile.name}' wrote two pieces for seed 1"):
            try_out(hostile.debug())

    def test_a_peeker_has_nothing_to_show(self):
        with pytest.raises(FillRefused, match="family 'peeker' wrote nothing in 128 cells"):
            try_out(Peeker.debug())


@pytest.mark.parametrize("condition", ["NEXT", "GAP", "SATB", "B"])
def test_a_peeker_is_refused_whatever_it_is_given(condition):
    chorale = a_chorale()
    with pytest.raises(FillRefused, match="family 'peeker' wrote nothing"):
        Peeker.debug().fill(chorale, given_for(condition, chorale), seed=1)
