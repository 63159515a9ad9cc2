"""What every family owes at the door, held by all families of the registry."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.fill_run import FillClock
from generator.music.grid.chorale import REST, VOICE_RANGES
from generator.music.grid.conditions import CONDITIONS, given_for, given_voices
from tests.generator.families.material import (
    STEPS,
    a_chorale,
    assert_kept,
    held_note,
    masks,
    melody,
)


@pytest.mark.parametrize("name", masks())
def test_given_cells_come_back_untouched_and_written_ones_keep_to_their_range(family, name):
    chorale, given = a_chorale(), masks()[name]
    piece = family.fill(chorale, given, seed=1)
    assert_kept(piece, chorale, given)
    for voice, (low, high) in enumerate(VOICE_RANGES):
        written = piece.pitch[voice][~given[voice]]
        sounding = written[written != REST]
        assert ((low <= sounding) & (sounding <= high)).all()


def test_the_note_that_a_given_cell_holds_over_is_written_before_it(family):
    chorale = a_chorale()
    voice, step = held_note(chorale)
    given = masks()["a cell before a given note that is held over"]
    piece = family.fill(chorale, given, seed=1)
    assert piece.pitch[voice, step - 1] == chorale.pitch[voice, step]


@pytest.mark.parametrize("condition", ["S", "ATB", "SATB", "NEXT", "GAP"])
def test_the_same_seed_gives_the_same_piece(family, condition):
    chorale = a_chorale()
    given = given_for(condition, chorale)
    assert family.fill(chorale, given, seed=3) == family.fill(chorale, given, seed=3)


@pytest.mark.parametrize("condition", ["ATB", "SATB", "NEXT"])
def test_another_seed_gives_another_piece(family, condition):
    chorale = a_chorale()
    given = given_for(condition, chorale)
    assert family.fill(chorale, given, seed=3) != family.fill(chorale, given, seed=4)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_stood_in_the_written_cells_is_never_read(family, condition):
    chorale, other = a_chorale(seed=1), a_chorale(seed=2)
    given = given_for(condition, chorale)
    mixed = chorale.with_voices(
        np.where(given, chorale.pitch, other.pitch), np.where(given, chorale.onset, other.onset)
    )
    assert family.fill(chorale, given, seed=1) == family.fill(mixed, given, seed=1)


@pytest.mark.parametrize("condition", ["S", "ATB", "NEXT"])
def test_the_family_itself_minds_neither_open_cells_nor_names(family, condition):
    """The door hides them, and no family leans on that: it may be called without the door."""
    chorale, other = a_chorale(bwv="BWV1", title="A title"), a_chorale(seed=2)
    given = given_for(condition, chorale)
    mixed = other.with_voices(
        np.where(given, chorale.pitch, other.pitch), np.where(given, chorale.onset, other.onset)
    )
    settings = {name: setting.default for name, setting in family.settings.items()}
    one, two = (
        family._fill(each, given, seed=1, settings=settings, run=FillClock(family.name).run)
        for each in (chorale, mixed)
    )
    assert one == two


def test_where_all_is_given_the_chorale_comes_back(family):
    chorale = a_chorale()
    assert family.fill(chorale, np.ones((4, STEPS), dtype=bool), seed=1) == chorale


def test_where_nothing_is_given_all_is_written(family):
    piece = family.fill(a_chorale(), np.zeros((4, STEPS), dtype=bool), seed=1)
    assert (piece.pitch != REST).any(axis=1).all()


def test_names_stay_with_the_piece(family):
    chorale = a_chorale(bwv="BWV1", title="A title")
    piece = family.fill(chorale, given_voices("ATB", STEPS), seed=1)
    assert (piece.bwv, piece.title) == ("BWV1", "A title")


@pytest.mark.parametrize("shape", [(4, STEPS - 1), (3, STEPS), (STEPS,)])
def test_a_mask_of_another_shape_is_refused(family, shape):
    with pytest.raises(ValueError, match="given has shape"):
        family.fill(a_chorale(), np.zeros(shape, dtype=bool), seed=1)


@pytest.mark.parametrize("condition", ["S", "ATB", "SATB"])
def test_a_single_step_can_be_filled(family, condition):
    piece = family.fill(a_chorale(1), given_voices(condition, 1), seed=1)
    assert piece.steps == 1


def test_three_four_time_with_a_pickup_can_be_filled(family):
    chorale = a_chorale(STEPS, metre=((0, "3/4"), (16, "4/4")))
    piece = family.fill(chorale, given_voices("ATB", STEPS), seed=1)
    assert piece.metre == chorale.metre


def test_a_given_voice_of_rests_can_be_harmonised(family):
    chorale = a_chorale()
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    pitch[0], onset[0] = REST, False
    silent = chorale.with_voices(pitch, onset)
    piece = family.fill(silent, given_voices("ATB", STEPS), seed=1)
    assert (piece.pitch[0] == REST).all()


class TestAtOnce:
    def test_several_are_written_each_by_its_own_seed(self, family):
        tasks = [
            (melody(notes), given_voices("ATB", len(notes)))
            for notes in ([67] * 16, [60, 62, 64, 65] * 8, [REST] * 7)
        ]
        for piece, task in zip(family.fill_many(tasks, [1, 2, 3]), tasks, strict=True):
            assert_kept(piece, *task)

    def test_the_same_seeds_give_the_same_pieces(self, family):
        tasks = [(melody([60, 62, 64, 65] * 8), given_voices("ATB", STEPS))] * 2
        first = family.fill_many(tasks, [1, 2])
        assert first == family.fill_many(tasks, [1, 2])
        assert first[0] != first[1]

    def test_none_reads_what_is_given_to_another(self, family):
        open_voices = a_chorale(), given_voices("ATB", STEPS)
        open_soprano = a_chorale(), given_voices("S", STEPS)
        together = family.fill_many([open_voices, open_soprano], [1, 2])
        assert together[0] == family.fill(*open_voices, seed=1)

    def test_a_seed_is_needed_for_each(self, family):
        with pytest.raises(ValueError, match="1 seeds for 2 chorales"):
            family.fill_many([(melody([67] * 8), given_voices("ATB", 8))] * 2, [1])

    def test_none_are_nothing(self, family):
        assert family.fill_many([], []) == []

    def test_one_that_is_given_whole_comes_back_as_it_was(self, family):
        whole = melody([67] * 8)
        tasks = [(whole, np.ones((4, 8), dtype=bool)), (whole, given_voices("ATB", 8))]
        assert family.fill_many(tasks, [1, 1])[0] == whole
