from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.music.grid.chorale import REST, Chorale
from generator.music.measures.counts import Count, total
from generator.music.measures.form import (
    SHARES,
    form_counts,
    harmony_returns_at,
    melody_returns_at,
    phrases_between_fermatas,
)
from tests.generator.music.measures.material import ALL, bars, eighths, quarters

FIRST, OTHER = (72, 74, 76, 72), (79, 77, 76, 74)
BASS, OTHER_BASS = (48, 55, 48, 53), (55, 50, 48, 43)


def phrased(*phrases, basses=(), **frame) -> Chorale:
    """Phrases of four quarters each, the last of them under a fermata."""
    soprano = [note for phrase in phrases for note in phrase]
    bass = [note for phrase in basses or [BASS] * len(phrases) for note in phrase]
    marks = np.tile([False] * 12 + [True] * 4, len(phrases))
    lines = {"soprano": quarters(*soprano), "bass": quarters(*bass)}
    inner = {"alto": [(64, len(marks))], "tenor": [(60, len(marks))]}
    return bars(**{**lines, **inner, "fermata": marks, **frame})


def up(phrase, by):
    return tuple(note + by for note in phrase)


def counts(chorale, name, written=ALL) -> tuple[int, int]:
    count = form_counts(chorale, written)[name]
    return count.count, count.of


def test_phrases_last_from_fermata_to_fermata():
    assert phrases_between_fermatas(phrased(FIRST, OTHER)) == [(0, 16), (16, 32)]
    unmarked = phrased(FIRST, OTHER, fermata=None)
    assert phrases_between_fermatas(unmarked) == [(0, 32)]


def test_a_melody_returns_where_an_earlier_phrase_had_it():
    chorale = phrased(FIRST, OTHER, FIRST)
    assert counts(chorale, "melody_returns") == (1, 2)
    assert np.flatnonzero(melody_returns_at(chorale)).tolist() == list(range(32, 48))


def test_a_melody_returns_transposed():
    chorale = phrased(FIRST, up(FIRST, 5))
    assert counts(chorale, "melody_returns") == (0, 1)
    assert counts(chorale, "melody_returns_transposed") == (1, 1)


def test_ornaments_off_the_beat_and_repeated_notes_change_no_melody():
    line = [*quarters(*FIRST), *eighths(72, 73), *quarters(74, 76, 72)]
    assert counts(phrased(FIRST, FIRST, soprano=line), "melody_returns") == (1, 1)
    longer = [*quarters(*FIRST), *quarters(72, 72, 74, 76, 72)]
    marks = np.zeros(36, dtype=bool)
    marks[[*range(12, 16), *range(32, 36)]] = True
    chorale = bars(soprano=longer, fermata=marks)
    assert counts(chorale, "melody_returns") == (1, 1)


def test_what_is_too_short_to_be_known_again_does_not_return():
    assert counts(phrased((72,) * 4, (72,) * 4), "melody_returns") == (0, 1)


def test_harmony_returns_in_any_octave_at_pitch_and_transposed():
    low = phrased(FIRST, FIRST, basses=[BASS, up(BASS, -12)])
    assert counts(low, "harmony_returns") == (1, 1)
    assert counts(phrased(FIRST, FIRST, basses=[BASS, OTHER_BASS]), "harmony_returns") == (0, 1)
    moved = phrased(FIRST, up(FIRST, 2), basses=[BASS, up(BASS, 2)])
    moved = moved.with_voices(
        np.vstack([moved.pitch[0], np.repeat([[64, 66], [60, 62]], 16, axis=1), moved.pitch[3]]),
        moved.onset | (np.arange(32) == 16),
    )
    assert counts(moved, "harmony_returns") == (0, 1)
    assert counts(moved, "harmony_returns_transposed") == (1, 1)
    assert np.flatnonzero(harmony_returns_at(moved, transposed=True)).tolist() == [*range(16, 32)]


def test_only_written_phrases_return_but_given_ones_are_remembered():
    chorale = phrased(FIRST, OTHER, FIRST)
    written = np.zeros((4, 48), dtype=bool)
    written[:, 32:] = True
    assert counts(chorale, "melody_returns", written) == (1, 1)
    assert counts(chorale, "melody_returns", ~written) == (0, 1)


def test_goals_are_counted_once_whatever_their_octave():
    goals = phrased(FIRST, OTHER, FIRST, basses=[BASS, OTHER_BASS, up(BASS, -12)])
    assert counts(goals, "distinct_goals") == (2, 1)


def test_the_last_cadence_is_authentic_or_not():
    close = phrased(FIRST, (76, 74, 71, 72), basses=[BASS, (48, 50, 55, 48)])
    assert counts(close, "last_cadence_authentic") == (1, 1)
    assert counts(phrased(FIRST), "last_cadence_authentic") == (0, 1)
    assert counts(phrased(FIRST), "last_cadence_authentic", [0] * 4) == (0, 0)
    assert counts(phrased(FIRST, fermata=None), "last_cadence_authentic") == (0, 1)
    inner = replace(close, fermata=np.arange(close.steps) == close.steps // 2 - 1)
    assert counts(inner, "last_cadence_authentic") == (1, 1)


def test_the_keys_of_opening_and_close():
    scale, chords = (72, 74, 76, 77), (48, 43, 48, 41)
    up_a_tone = [quarters(*scale, *up(scale, 2)), quarters(*chords, *up(chords, 2))]
    chorale = phrased(scale, scale, soprano=up_a_tone[0], bass=up_a_tone[1])
    pitch = chorale.pitch.copy()
    pitch[1:3, 16:] += 2
    chorale = chorale.with_voices(pitch, chorale.onset | (np.arange(32) == 16))
    assert counts(chorale, "opens_in_key") == (1, 1)
    assert counts(chorale, "closes_in_key") == (0, 1)
    assert counts(chorale, "closes_as_it_opens") == (0, 1)
    assert counts(phrased(scale, scale), "closes_as_it_opens") == (1, 1)
    assert counts(phrased(scale), "closes_as_it_opens") == (0, 0)
    written = np.zeros((4, 32), dtype=bool)
    written[:, 16:] = True
    assert counts(chorale, "opens_in_key", written) == (0, 0)
    assert counts(chorale, "closes_as_it_opens", written) == (0, 1)


def test_the_last_quarter_is_compared_with_the_first():
    line = [*quarters(72), *quarters(74, 76), *eighths(77, 76)]
    chorale = bars(soprano=line, alto=[(REST, 16)], tenor=[(REST, 16)], bass=[(REST, 16)])
    assert counts(chorale, "onsets_in_last_quarter") == (2, 1)


def test_a_pickup_and_the_short_last_bar_are_one_bar():
    assert counts(phrased(FIRST, OTHER), "bars") == (2, 1)
    assert counts(phrased(FIRST, OTHER, anacrusis=4), "bars") == (2, 1)


def test_silence_has_no_form_and_breaks_nothing():
    rests = Chorale(pitch=np.full((4, 16), REST), onset=np.zeros((4, 16)))
    for written in (ALL, [0] * 4):
        assert all(form_counts(rests, written)[name].count == 0 for name in SHARES[:5])
    assert form_counts(rests, ALL)["distinct_goals"] == Count(0, 1)
    assert form_counts(rests, [0] * 4)["distinct_goals"] == Count(0, 0)


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("melody_returns", 0.144),
        ("melody_returns_transposed", 0.158),
        ("harmony_returns", 0.036),
        ("last_cadence_authentic", 0.891),
        ("opens_in_key", 0.600),
        ("closes_in_key", 0.687),
        ("distinct_goals", 3.30),
        ("onsets_in_last_quarter", 0.938),
        ("bars", 14.7),
    ],
)
def test_bach_s_form(whole_works, name, rate):
    assert whole_works[name].rate == pytest.approx(rate, rel=0.005)


@pytest.fixture(scope="module")
def whole_works(corpus) -> dict[str, Count]:
    """Sums over all works, with repeats once."""
    rows = [form_counts(work.chorale, ALL) for work in corpus.works.values()]
    return {name: total([row[name] for row in rows]) for name in rows[0]}
