"""Names of parts as people and programs write them."""

from __future__ import annotations

import pytest

from generator.music.formats.voices.part_names import (
    is_accompaniment_name,
    is_melody_name,
    is_percussion_name,
    is_plain_voice_name,
    voice_of_name,
    voices_of_name,
)

NAMED = {
    "S": "Soprano|SOPRANO I|Sopran|1. Sopran|soprani|Diskant|Discantus|Cantus|Canto|Superius|"
    "Dessus|S.|S1|s|:soprano|Choir: soprano 1|Chor Sopran|Canto (1)|Melody (soprano)|Treble",
    "A": "Alto|Alt|Altus|alti|Alto 2|2. Alt|Contralto|Haute-contre|HAUTE CONTRE|Countertenor|A.|"
    "choir:alto|Alto Saxophone",
    "T": "Tenor|Ténor|TENORE|Tenöre|Taille|T|T2|men:tenor|Coro: tenore II|Tenor voice 1",
    "B": "Bass|Baß|Bassus|Basso|Bassi|Bässe|Basse|B.|1. Bass|men: bass|Choir: B|Bass clarinet",
}


@pytest.mark.parametrize(
    ("name", "letter"),
    [(name, letter) for letter, names in NAMED.items() for name in names.split("|")],
)
def test_a_voice_has_many_names(name, letter):
    assert voice_of_name(name) == "SATB".index(letter)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Organ", "Staff 1", "track 2", "Women", "Part A", "Choir B", "Sopran und Alt", "S/A"),
        *("Bass drum", "Basso continuo", "Piano Bass", "Piano (treble)", "Bassoon", "Saxophone"),
        *("bat", "Violin", "Clarinet in B"),
    ],
)
def test_other_names_are_no_voice(name):
    assert voice_of_name(name) is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [("S/A", "SA"), ("SA", "SA"), ("Tenor & Bass", "TB"), ("Chor: T B", "TB"), ("SATB", "")],
)
def test_two_voices_in_one_part_are_both_named(name, letters):
    assert voices_of_name(name) == tuple("SATB".index(letter) for letter in letters)


def test_a_plain_name_speaks_of_a_voice_and_of_nothing_else():
    assert is_plain_voice_name("1. Choir: Alto 2")
    assert not is_plain_voice_name("Alto saxophone")
    assert not is_plain_voice_name("Organ")


@pytest.mark.parametrize(
    "name", ["Orgel", "Klavier", "Piano RH", "Organ: Pedal", "Basso continuo", "Gitarre", "Pno."]
)
def test_instruments_accompany(name):
    assert is_accompaniment_name(name)
    assert not is_melody_name(f"{name} melody")


@pytest.mark.parametrize(
    ("name", "tune"),
    [("Melodie", True), ("Cantus firmus", True), ("Voice", True), ("Violin voice 1", False)],
)
def test_a_part_may_say_that_it_has_the_tune(name, tune):
    assert is_melody_name(name) is tune


@pytest.mark.parametrize(
    "name", ["Drums", "Click", "Metronom", "Schlagzeug", "Perc. 1", "Pauken", "Hi-hat", "Snare"]
)
def test_percussion_has_many_names(name):
    assert is_percussion_name(name)
    assert voice_of_name(name) is None
