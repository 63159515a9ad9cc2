from __future__ import annotations

import numpy as np
import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.piano_text.key_text import (
    CHARACTERS,
    KEY_CHARACTERS,
    key_character,
    keys_to_text,
    sounding_key,
    tag_of,
    text_to_keys,
)
from generator.music.grid.chorale import Chorale
from tests.generator.families.material import melody


def rolls(*steps, struck=()):
    """bool[T, 128] twice: the keys of each step, and those that are struck."""
    sounding = np.zeros((len(steps), 128), dtype=bool)
    for step, keys in enumerate(steps):
        sounding[step, list(keys)] = True
    begins = np.zeros_like(sounding)
    for step, key in struck:
        begins[step, key] = True
    return sounding, begins


def test_each_key_of_the_piano_has_a_character_of_its_own():
    assert len(KEY_CHARACTERS) == 88
    assert len(set(CHARACTERS)) == len(CHARACTERS) == 94
    assert key_character(21) == "!"
    assert key_character(108) == "x"


def test_keys_ascend_and_a_space_ends_each_step():
    assert keys_to_text(*rolls({64, 60}, set(), {72})) == "HL  T \n"


def test_a_repeated_note_is_marked_and_a_held_one_is_not():
    assert keys_to_text(*rolls({60}, {60}, {60}, struck=[(2, 60)])) == "H H ~H \n"


def test_a_repeated_note_needs_no_empty_step():
    sounding, struck = text_to_keys("H ~H ~H ")
    assert sounding[:, 60].all()
    assert struck[:, 60].all()


def test_every_key_and_onset_comes_back():
    rng = np.random.default_rng(1)
    sounding = np.zeros((50, 128), dtype=bool)
    sounding[:, 21:109] = rng.random((50, 88)) < 0.1
    struck = sounding & (rng.random((50, 128)) < 0.5)
    struck[0] |= sounding[0]
    struck[1:] |= sounding[1:] & ~sounding[:-1]
    back = text_to_keys(keys_to_text(sounding, struck))
    assert np.array_equal(back[0], sounding)
    assert np.array_equal(back[1], struck)


def test_tags_sound_nowhere():
    plain, tagged = text_to_keys("HL HL "), text_to_keys("{BACH|4/4|major|C}HL {BACH|x}HL \n")
    assert np.array_equal(plain, tagged)


def test_a_tag_names_the_transposed_key_and_the_metre_that_holds():
    chorale = melody([72] * 32, metre=((0, "3/4"), (12, "4/4")), key="F# minor")
    assert tag_of(chorale) == "{BACH|3/4|minor|f}"
    assert tag_of(chorale, 12, 2) == "{BACH|4/4|minor|g}"


def test_a_key_has_one_spelling():
    spellings = {sounding_key(f"{tonic} major") for tonic in ("C#", "Db")}
    assert len(spellings) == 1
    names = {sounding_key("C minor", shift) for shift in range(-6, 6)}
    assert len(names) == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text has no step"),
        ("\n", "the text has no step"),
        ("HL", "line 1, character 3: the last step has no end; put a space after its keys"),
        ("LH ", "line 1, character 2: 'H' is not above the key before it; sort the keys"),
        ("HH ", "line 1, character 2: 'H' is not above"),
        ("H y ", "line 1, character 3: 'y' where a key should be; keys are the characters '!' to"),
        ("H \nH ", "line 1, character 3: '\\n' where a key"),
        ("~H ", "line 1, character 2: 'H' is struck again, but did not sound in the step before"),
        ("H ~", "character 4: the end where a key should be"),
        ("H{BACH} ", "line 1, character 2: a tag inside a step; put it after a space"),
        ("{BACH|C ", "line 1, character 1: a tag that never ends; close it with '}'"),
        ("\xe9 ", "'\xe9' where a key should be"),
    ],
)
def test_a_text_that_says_nothing_is_refused(text, message):
    with pytest.raises(FormatError) as caught:
        text_to_keys(text)
    assert message in str(caught.value).replace("\n", "\\n")


def test_a_text_without_end_is_refused_in_time():
    with pytest.raises(FormatError, match="more than 100,000 steps; give a shorter piece"):
        text_to_keys(" " * 100_001)


@pytest.mark.parametrize("key", [20, 109])
def test_a_key_that_no_piano_has_is_refused(key):
    with pytest.raises(FormatError, match=f"key {key} in step 1 is not on the piano; use keys 21"):
        keys_to_text(*rolls({60}, {key}))


def test_a_chorale_of_one_step_has_a_text():
    chorale = Chorale(pitch=[[72], [67], [64], [48]], onset=[[1]] * 4)
    assert tag_of(chorale) == "{BACH|4/4|major|C}"
