"""Chorales as integer notes, and back."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.note_tokens.note_family import few_notes
from generator.families.note_tokens.notes import (
    FIRST,
    SHIFTS,
    NoteTable,
    NoteToken,
    common_key_shift,
    counted_notes,
    in_common_key,
    notes_of,
    voices_of,
)
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from tests.generator.families.material import a_chorale

HELD_AND_REPEATED = Chorale(
    pitch=[[72, 72, 72], [67, 67, 67], [64, 65, REST], [48, 48, 47]],
    onset=[[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1]],
)


def same_voices(chorale: Chorale) -> bool:
    pitch, onset = voices_of(notes_of(chorale), chorale.steps)
    return np.array_equal(pitch, chorale.pitch) and np.array_equal(onset, chorale.onset)


def test_each_note_that_begins_is_one_and_a_held_note_is_none():
    assert notes_of(HELD_AND_REPEATED) == [
        (3, 48, 0), (0, 72, 0), (1, 67, 0), (2, 64, 0),
        (0, 72, 1), (2, 65, 0),
        (3, 47, 1), (2, REST, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_voices_come_back_as_they_were(seed):
    assert same_voices(a_chorale(seed=seed))


def test_every_work_of_the_corpus_comes_back_as_it_was(corpus):
    assert [name for name, work in corpus.works.items() if not same_voices(work.chorale)] == []


@pytest.mark.parametrize("key", ["C major", "A minor"])
def test_the_common_keys_stay_where_they_are(key):
    assert common_key_shift(key) == 0


@pytest.mark.parametrize("tonic", ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_key_moves_by_six_semitones_at_most(tonic, mode):
    assert common_key_shift(f"{tonic} {mode}") in SHIFTS


def test_a_work_and_its_transposition_have_the_same_symbols():
    first = a_chorale(key="C minor")
    pitch = np.where(first.pitch == REST, REST, first.pitch + 2)
    moved = Chorale(pitch=pitch, onset=first.onset, key="D minor")
    assert in_common_key(first) == in_common_key(moved)


class TestTable:
    def test_every_counted_note_has_a_number_of_its_own(self):
        works = [a_chorale(200, seed=seed, key="C major") for seed in range(3)]
        table = NoteTable(counted_notes(works))
        notes = [note for work in works for note in in_common_key(work)]
        assert table.known(notes).all()
        numbers = table.numbers(notes)
        assert {min(numbers), max(numbers)} == {FIRST, FIRST + len(table) - 1}
        assert [NoteToken(*table.rows[number - FIRST].tolist()) for number in numbers] == notes

    def test_an_unknown_note_has_the_number_of_the_nearest_of_its_voice(self):
        table = NoteTable(few_notes(waits=(0, 4)))
        for note, nearest in (
            (NoteToken(0, 58, 4), (0, 57, 4)),
            (NoteToken(3, 65, 40), (3, 63, 4)),
            (NoteToken(2, 30, 1), (2, 45, 0)),
            (NoteToken(1, REST, 3), (1, REST, 4)),
        ):
            assert not table.known([note])[0]
            assert tuple(table.rows[table.nearest(note)].tolist()) == nearest

    @pytest.mark.parametrize("shift", SHIFTS)
    def test_what_a_voice_may_sing_lies_in_its_range_in_every_key(self, shift):
        table = NoteTable(few_notes())
        for voice, (low, high) in enumerate(VOICE_RANGES):
            own = table.pitch[table.singable[shift] & (table.voice == voice)] - shift
            assert low <= own.min() and own.max() <= high

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ((4, 60, 0), "a note of voice 4; use 0 to 3"),
            ((0, -2, 0), "a note of pitch -2; use -1 to 132"),
            ((0, 60, -1), "a note of wait -1"),
        ],
    )
    def test_a_row_that_is_no_note_is_refused(self, row, words):
        rows = np.array(sorted([*few_notes().tolist(), list(row)]))
        with pytest.raises(ValueError, match=words):
            NoteTable(rows)

    def test_rows_out_of_order_are_refused(self):
        for rows in (few_notes()[::-1], np.repeat(few_notes(), 2, axis=0)):
            with pytest.raises(ValueError, match="not sorted, or one stands there twice"):
                NoteTable(rows)

    def test_a_table_without_notes_for_a_voice_is_refused(self):
        rows = few_notes()
        with pytest.raises(ValueError, match="no note for the tenor"):
            NoteTable(rows[rows[:, 0] != 2])
