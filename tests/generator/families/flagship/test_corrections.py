"""Corrections of a critic, and what heats the sampler where nothing is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.families.flagship.critic import (
    ALL_KINDS,
    FOLDED,
    Corrections,
    Critic,
    all_figures_of,
    figures_of,
    folded,
)
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.sampling.critic_figures import CODES, KINDS
from generator.families.flagship.sampling.longer_figures import ORNAMENTED_FIFTH, SECOND_EIGHTH
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.counterpoint import second_eighths_at, second_eighths_on_at
from generator.music.measures.parallels_between_beats import ornamented_fifths_at
from tests.generator.families.flagship.debug import debug, make
from tests.generator.families.material import UNTRAINED

VOCABULARY = Vocabulary(onsets=True)
KNOWS_NOTHING = Critic(np.zeros((len(KINDS), CODES), np.int8), np.ones(len(KINDS), np.float32))


def corrections(guided: float, opened: float) -> Corrections:
    """Of all kinds alike."""
    table = np.zeros((2, len(ALL_KINDS), FOLDED), np.float32)
    table[0], table[1] = guided, opened
    return Corrections.from_table(table)


def corrected(table: Corrections, **config) -> Flagship:
    network = debug(True, critic=True, corrections=True, **config).network
    return Flagship(network, critic=KNOWS_NOTHING.with_corrections(table))


def test_open_beats_have_values_of_their_own():
    grid, _ = encode_grid(make(32), VOCABULARY)
    beats = grid.real.shape[1]
    is_open = np.arange(beats)[None] % 2 == 1
    plain = corrections(1.0, 1.0)
    count = KNOWS_NOTHING.with_corrections(plain).scores(grid, VOCABULARY, is_open)
    apart = KNOWS_NOTHING.with_corrections(corrections(2.0, -3.0))
    scores = apart.scores(grid, VOCABULARY, is_open)
    assert count.max() > 50
    assert scores == pytest.approx(np.where(is_open, -3.0, 2.0) * count, rel=1e-3)


def test_every_kind_is_read(corpus):
    grid, _ = encode_grid(corpus.works["BWV112.5"].chorale, VOCABULARY)
    [(first, _)], [(codes, steps)] = figures_of(grid, VOCABULARY), all_figures_of(grid, VOCABULARY)
    assert np.array_equal(codes[: len(first)], first)
    assert set(codes // CODES) == set(range(len(ALL_KINDS)))
    assert steps.min() >= 0 and steps.max() < grid.tokens.shape[-1]


def test_longer_figures_are_the_same_in_another_key_and_change_near_a_note_alone():
    def read(pitch):
        piece = Chorale(pitch=pitch, onset=chorale.onset, key=key, fermata=chorale.fermata)
        [(codes, steps)] = all_figures_of(encode_grid(piece, VOCABULARY)[0], VOCABULARY)
        return sorted(zip(codes.tolist(), steps.tolist(), strict=True))

    chords = np.array([[72, 67, 64, 48], [71, 67, 62, 43], [72, 67, 64, 48]] * 4).T
    onset = np.tile([True, False, False, False], (4, 12))
    chorale = Chorale(pitch=np.repeat(chords, 4, axis=1), onset=onset, key="C major")
    key = "C major"
    before = read(chorale.pitch)
    changed = chorale.pitch.copy()
    changed[2, 16:20] = 65
    different = set(before) ^ set(read(changed))
    longer = {step for code, step in different if code >= len(KINDS) * CODES}
    assert longer == {16, 20, 24, 28, 32}  # until four notes later
    key = "D major"
    assert read(chorale.pitch + 2) == before


def test_habits_are_those_that_the_measures_count(corpus):
    """But for what a fermata ends, of which figures know nothing."""
    everything = np.ones(4, bool)
    ways: dict[int, list[int]] = {}
    for name in sorted(corpus.works)[:40]:
        work = corpus.works[name].chorale
        piece = replace(work, fermata=np.zeros_like(work.fermata))
        grid, layout = encode_grid(piece, VOCABULARY)
        [(codes, steps)] = all_figures_of(grid, VOCABULARY)
        steps = steps - layout.inside.start
        kinds = codes // CODES
        fifths = np.flatnonzero(ornamented_fifths_at(piece, everything).any(axis=0))
        assert sorted(set(steps[kinds == ORNAMENTED_FIFTH])) == fifths.tolist()
        eighths, on = second_eighths_at(piece, everything), second_eighths_on_at(piece, everything)
        found = kinds == SECOND_EIGHTH
        expected = np.flatnonzero(eighths.any(axis=0))
        assert sorted(set(steps[found])) == expected.tolist()
        for code, step in zip(codes[found], steps[found], strict=True):
            if eighths[:, step].sum() == 1:
                ways.setdefault(code, []).append(int(on[:, step].any()))
    assert all(len(set(each)) == 1 for each in ways.values())
    assert {each[0] for each in ways.values()} == {0, 1}


def test_codes_are_folded_within_their_kind():
    codes = np.array([5, 5 + FOLDED, 3 * CODES + 7, 3 * CODES + CODES - 1])
    guided = folded(codes, np.zeros(4, bool))
    assert guided.tolist() == [5, 5, 3 * FOLDED + 7, 4 * FOLDED - 1]
    opened = folded(codes, np.ones(4, bool))
    assert np.array_equal(opened, guided + len(ALL_KINDS) * FOLDED)


def test_a_checkpoint_keeps_corrections(tmp_path):
    table = np.random.default_rng(0).standard_normal((2, len(ALL_KINDS), FOLDED)).astype(np.float32)
    composer = corrected(Corrections.from_table(table))
    composer.save(tmp_path / "c.safetensors", UNTRAINED)
    read = Flagship.load(tmp_path / "c.safetensors").critic.corrections
    assert np.array_equal(read.values, composer.critic.corrections.values)
    assert np.array_equal(read.scales, composer.critic.corrections.scales)
    assert np.abs(read.table.reshape(table.shape) - table).max() < 0.05


def test_corrections_of_open_beats_leave_fills_above_a_bass_as_they_were():
    chorale = make(32)
    rng = np.random.default_rng(2)
    table = np.zeros((2, len(ALL_KINDS), FOLDED), np.float32)
    table[1] = rng.standard_normal(table[1].shape)
    composer, other = corrected(Corrections.from_table(table)), corrected(corrections(0, 0))
    for letters, same in (("ATB", True), ("SATB", False)):
        given = given_voices(letters, 32)
        fills = [
            each.fill(chorale, given, seed=4, settings={"repairs": 0}) for each in (composer, other)
        ]
        assert (fills[0] == fills[1]) == same


def test_heat_is_of_beats_in_which_nothing_is_given():
    chorale = make(32)
    hot, cold = (Flagship(debug(True, open_heat=heat).network) for heat in (5.0, 1.0))
    given = given_voices("SATB", 32)
    assert hot.fill(chorale, given, seed=1) != cold.fill(chorale, given, seed=1)
    given[3, ::4] = True  # one cell of each beat is enough
    assert hot.fill(chorale, given, seed=1) == cold.fill(chorale, given, seed=1)


@pytest.mark.parametrize(("fields", "message"), [
    ({"corrections": True}, "corrections are a critic's; use critic = true"),
    ({"open_heat": 0.0}, "open_heat 0.0; it must be from 0.1 to 10"),
    ({"open_heat": float("nan")}, "open_heat nan"),
])  # fmt: skip
def test_a_config_that_makes_no_sense_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        FlagshipConfig(**fields)
