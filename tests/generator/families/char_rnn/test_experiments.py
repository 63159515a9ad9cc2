from __future__ import annotations

import numpy as np
import pytest

from experiments.char_rnn_prefix import KEYS, heard_key, row
from experiments.char_rnn_temperatures import cells, still
from experiments.marked_block import write_block
from tests.generator.families.material import melody


def test_the_24_keys_are_asked_for():
    assert len(set(KEYS)) == len(KEYS) == 24


def test_a_key_is_heard_from_the_notes_alone():
    assert heard_key(melody([60, 62, 64, 65, 67, 69, 71, 72, 67, 60], key="F# minor")) == "C major"


def test_a_row_counts_modes_and_keys():
    pairs = [("C major", "C major"), ("C minor", "A minor"), ("D minor", "F major")]
    assert row("pieces", pairs) == "| pieces | 3 | 100% | 50% | 67% | 33% |\n"


def test_held_chords_and_short_pieces_are_told_from_loops():
    written = np.array([[True], [False], [False], [False]]) & np.ones(96, dtype=bool)
    held, trill = melody([60] * 96), melody([60, 62] * 48)
    assert still([(held, written), (trill, written)]) == 0.5
    assert cells([(held, written), (trill, written)]) == ["50% of 2", "50% of 2", "50%"]
    short = melody([60, 62] * 16)
    assert cells([(short, written[:, :32])]) == ["", "0% of 1", "0%"]


def test_a_block_is_replaced_and_a_page_without_one_is_refused(tmp_path):
    page = tmp_path / "page.md"
    marks = "<!-- x: made by `python -m experiments.x`; do not edit -->\n{}<!-- end of x -->\n"
    page.write_text("before\n" + marks.format("old\n") + "after\n")
    write_block(page, "x", "new")
    assert page.read_text() == "before\n" + marks.format("\nnew\n\n") + "after\n"
    with pytest.raises(ValueError, match="no block of y"):
        write_block(page, "y", "new")
