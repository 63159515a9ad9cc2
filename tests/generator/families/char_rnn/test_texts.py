from __future__ import annotations

import numpy as np

from generator.families.char_rnn.texts import (
    MAX_SHIFT,
    NEWLINE,
    SIZE,
    SPACE,
    PieceText,
    characters,
    tag_steps,
)
from generator.music.formats.piano_text.key_text import CHARACTERS, keys_to_text
from generator.music.grid.voice_assignment import key_sets
from tests.generator.families.material import a_chorale, melody


def spelled(codes) -> str:
    return "".join(CHARACTERS[code] for code in codes)


def test_characters_are_numbered_from_the_lowest_key_on():
    assert characters(CHARACTERS).tolist() == list(range(SIZE))


def test_a_piece_is_cut_at_its_spaces():
    text = PieceText.of(a_chorale())
    assert len(text.starts) == a_chorale().steps + 1
    assert (text.codes[text.starts[1:] - 1] == SPACE).all()
    assert text.codes[text.starts[-1] :].tolist() == [NEWLINE]


def test_a_transposed_text_is_the_text_of_the_transposed_piece():
    chorale = a_chorale()
    for semitones in MAX_SHIFT:
        moved = chorale.with_voices(
            np.where(chorale.pitch >= 0, chorale.pitch + semitones, -1), chorale.onset
        )
        codes, sounds = PieceText.of(chorale).from_step(0, semitones=semitones)
        assert spelled(codes) == keys_to_text(*key_sets(moved))
        assert sounds.all()


def test_the_twelve_transpositions_are_all_keys():
    assert MAX_SHIFT[1] - MAX_SHIFT[0] == 11


def test_a_text_may_begin_at_any_step():
    text = PieceText.of(a_chorale())
    assert spelled(text.from_step(5)[0]) == spelled(text.codes)[text.starts[5] :]


def test_a_tag_stands_before_the_first_step_and_counts_as_no_sound():
    text = PieceText.of(a_chorale(key="E minor"))
    codes, sounds = text.from_step(3, semitones=2, tags=True)
    assert spelled(codes).startswith("{BACH|4/4|minor|f}")
    assert np.array_equal(spelled(codes[~sounds]), "{BACH|4/4|minor|f}")
    assert np.array_equal(codes[sounds], text.from_step(3, semitones=2)[0])


def test_tags_are_repeated_at_bar_lines():
    piece = melody([72] * 64, anacrusis=4)  # bar lines at 4, 20, 36, 52
    assert tag_steps(piece, 0, 0) == []
    assert tag_steps(piece, 0, 1) == [4, 20, 36, 52]
    assert tag_steps(piece, 0, 2) == [20, 52]
    assert tag_steps(piece, 20, 1) == [36, 52]
    text = PieceText.of(piece)
    codes, sounds = text.from_step(0, tags=True, every=2)
    assert spelled(codes).count("{BACH|4/4|major|C}") == 3
    assert np.array_equal(codes[sounds], text.codes)
