"""How notes are written around what is given: what may be chosen, and what is read."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.fill_run import FillClock
from generator.families.note_tokens.note_family import few_notes
from generator.families.note_tokens.notes import FIRST, START, NoteTable
from generator.families.note_tokens.predictions import cell_predictions
from generator.families.note_tokens.writing import SymbolChoice, write
from generator.families.tied_notes import clamp_tied_notes
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import STEPS, a_chorale, melody

TABLE = NoteTable(few_notes())
SOPRANO, BASS = 0, 3


class Script:
    """Wants one symbol after the other, and remembers what it read."""

    def __init__(self, *wanted: tuple[int, int, int]) -> None:
        self.wanted = wanted
        self.numbers: list[int] = []

    def read(self, number: int) -> np.ndarray:
        at = min(len(self.numbers), len(self.wanted) - 1)
        self.numbers.append(number)
        logits = np.zeros(len(TABLE), np.float32)
        rows = TABLE.rows.tolist()
        logits[rows.index(list(self.wanted[at]))] = 50.0
        return logits


def filled(reader: Script, chorale: Chorale, given: np.ndarray, *, argmax: bool = True) -> Chorale:
    return write(
        chorale,
        given,
        table=TABLE,
        reader=reader,
        choice=SymbolChoice(1, 1.0, argmax=argmax),
        run=FillClock("test").run,
    )


def test_a_sequence_of_notes_is_written_as_it_is_wanted():
    script = Script(
        (3, 36, 0), (0, 60, 0), (1, 53, 0), (2, 48, 0),
        (0, 63, 4), (2, 51, 0), (0, 63, 4), (0, 60, 4),
    )  # fmt: skip
    piece = filled(script, melody([REST] * 12), np.zeros((4, 12), dtype=bool))
    assert piece.pitch[0].tolist() == [60] * 4 + [63] * 8
    assert np.flatnonzero(piece.onset[0]).tolist() == [0, 4, 8]
    assert piece.pitch[2].tolist() == [48] * 4 + [51] * 8
    assert (piece.pitch[[1, 3]] == [[53], [36]]).all()
    assert script.numbers[0] == START


def test_a_written_voice_never_rests_however_much_the_network_wants_it():
    piece = filled(Script((3, REST, 0)), a_chorale(), np.zeros((4, STEPS), dtype=bool))
    assert (piece.pitch != REST).all()


def test_what_is_given_is_read_in_its_turn():
    chorale = melody([67, 67, 67, 67, 64, 64, 64, 64], key="G major")
    script = Script((0, 60, 4))  # never allowed: the soprano is given
    filled(script, chorale, given_voices("ATB", 8))
    heard = [tuple(TABLE.rows[number - FIRST].tolist()) for number in script.numbers[1:]]
    # G lies five semitones below the common key; the nearest symbols stand for the given notes.
    assert heard[1] == (0, 72, 0)
    assert heard[-1] == (0, 69, 4)
    assert [voice for voice, _, _ in heard] == [3, 0, 1, 2, 0]


def test_nothing_is_written_into_the_past_or_into_given_cells():
    given = np.zeros((4, STEPS), dtype=bool)
    given[SOPRANO] = given[:, 10:20] = True
    chorale, given = clamp_tied_notes(a_chorale(), given)
    piece = filled(Script((0, 63, 0), (0, 63, 4)), chorale, given, argmax=False)
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])


def test_a_voice_begins_anew_after_a_given_rest():
    chorale = a_chorale()
    given = np.zeros((4, STEPS), dtype=bool)
    silent = chorale.pitch[BASS] == REST
    given[BASS] = silent
    piece = filled(Script((0, 60, 4)), chorale, given)
    last = int(np.flatnonzero(silent)[-1])
    assert piece.onset[BASS, last + 1]
    assert piece.pitch[BASS, last + 1] != REST


class TestChoice:
    LOGITS = np.array([0.0, 2.0, 1.0, -1.0])

    def test_only_what_is_allowed_is_drawn(self):
        choice, allowed = SymbolChoice(1, 1.0), np.array([True, False, True, False])
        assert {choice.of(self.LOGITS, allowed) for _ in range(200)} == {0, 2}

    def test_draws_follow_the_temperature(self):
        for temperature in (0.5, 2.0):
            choice, allowed = SymbolChoice(2, temperature), np.ones(4, dtype=bool)
            drawn = [choice.of(self.LOGITS, allowed) for _ in range(4000)]
            shares = np.bincount(drawn, minlength=4) / len(drawn)
            wanted = np.exp(self.LOGITS / temperature)
            assert np.allclose(shares, wanted / wanted.sum(), atol=0.03)

    def test_the_likeliest_is_taken_after_the_opening(self):
        choice, allowed = SymbolChoice(3, 1.0, argmax=True, opening=5), np.ones(4, dtype=bool)
        for _ in range(5):
            choice.written()
        assert {choice.of(self.LOGITS, allowed) for _ in range(50)} == {1}

    def test_the_opening_is_drawn(self):
        choice, allowed = SymbolChoice(3, 1.0, argmax=True, opening=1), np.ones(4, dtype=bool)
        assert len({choice.of(self.LOGITS, allowed) for _ in range(200)}) > 1


class TestPredictions:
    def test_a_cell_has_its_share_of_what_is_left(self):
        """By hand: of two notes that are as likely, one cell later the other is left."""
        table = NoteTable(few_notes(waits=(0, 1, 4)))
        chorale = Chorale(
            pitch=[[60, 60], [53, 53], [48, 48], [36, 36]], onset=[[1, 0]] * 4, key="C major"
        )

        def among(*rows: tuple[int, int, int]) -> np.ndarray:
            logits = np.full(len(table), -50.0)
            logits[[table.rows.tolist().index(list(row)) for row in rows]] = 0
            return logits

        logits = [
            among((3, 36, 0)),
            among((0, 60, 0), (0, 63, 0)),
            among((1, 53, 0)),
            among((2, 48, 0)),
            among((0, 60, 1), (0, 63, 1), (1, 56, 1), (2, 48, 4)),
        ]
        told = cell_predictions(chorale, table, np.array(logits))
        chance, begun = np.exp(told.pitch), np.exp(told.onset)
        assert chance[0, 0, [60, 63]] == pytest.approx(1 / 2, abs=1e-3)
        assert chance[3, 1, 36] == pytest.approx(1, abs=1e-3)
        assert chance[0, 1, [60, 63]] == pytest.approx([3 / 4, 1 / 4], abs=1e-3)
        assert begun[0, 1, 60] == pytest.approx(1 / 3, abs=1e-3)  # struck again, or held
        assert chance[1, 1, [53, 56]] == pytest.approx(1 / 2, abs=1e-3)
        assert chance[2, 1, 48] == pytest.approx(1, abs=1e-3)
        assert begun[1, 0, 53] == pytest.approx(1, abs=1e-3)
