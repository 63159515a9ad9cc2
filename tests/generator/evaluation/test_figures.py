from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminator import DISCRIMINATOR_2
from generator.evaluation.discriminator.figure_classifiers import (
    FigureSettings,
    figure_counts,
    pairwise_figure_scores,
    pointwise_figure_scores,
)
from generator.evaluation.discriminator.listener_validation import (
    bach_against_bach,
    randomly_swapped,
)
from generator.evaluation.features.figure_features import figure_features
from generator.evaluation.viewpoints.figures import figures_of
from generator.evaluation.viewpoints.known_figures import KnownFigures
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.music.grid.chorale import REST, Chorale
from tests.generator.evaluation import listener_pieces

ALL = np.ones((4, 1), dtype=bool)
SETTINGS = FigureSettings(strength=5.0, pieces=2, smoothing=1.0)


def quarters(*lines: list[int]) -> Chorale:
    """Voices of quarters; those that are left out rest."""
    silent = [[REST] * len(lines[0])] * (4 - len(lines))
    pitch = np.repeat(np.array([*lines, *silent]), 4, axis=1)
    onset = (np.arange(pitch.shape[1]) % 4 == 0) & (pitch != REST)
    return Chorale(pitch=pitch, onset=onset)


CHORALE = quarters([72, 74, 76, 77], [67, 67, 67, 69], [64, 65, 67, 65], [48, 47, 48, 53])


@pytest.fixture(scope="module")
def pairs():
    return listener_pieces.load()


@pytest.fixture(scope="module")
def features(pairs):
    return DISCRIMINATOR_2.extract(pairs)


def test_figures_do_not_depend_on_the_key():
    up = replace(CHORALE.with_voices(CHORALE.pitch + 2, CHORALE.onset), key="D major")
    one, other = figures_of(CHORALE, ALL), figures_of(up, ALL)
    assert one.keys() == other.keys()
    for kind, figures in one.items():
        assert figures.tolist() == other[kind].tolist(), kind


def test_a_figure_needs_a_written_voice():
    alto = np.array([[False], [True], [False], [False]])
    kinds = figures_of(CHORALE, alto)
    assert "lines.moves_2_A" in kinds and "pairs.moves_1_SA" in kinds
    assert not {"lines.moves_2_S", "pairs.moves_1_SB", "beats.outer_1"} & kinds.keys()
    assert not figures_of(CHORALE, ~ALL)


def test_two_different_moves_are_two_figures():
    line = figures_of(quarters([72, 74, 76, 74, 76]), ALL)["lines.moves_2_S"]
    # The first note moves by 0; then up, up, down, up.
    assert len(line) == 4
    assert len(set(line.tolist())) == 4
    again = figures_of(quarters([60, 62, 60, 62, 60, 62]), ALL)["lines.moves_2_S"]
    assert len(set(again.tolist())) == 3
    assert set(again.tolist()) & set(line.tolist())


def test_what_a_work_has_is_known():
    known = KnownFigures([CHORALE, CHORALE])
    same = known.metrics(figures_of(CHORALE, ALL))
    assert same["chords.chord_2_unknown"] == 0
    assert same["chords.chord_2_rare"] == 1
    assert same["chords.chord_2_familiar"] == pytest.approx(np.log(3))
    assert same["lines.moves_2_A_varied"] == pytest.approx(2 / 3)  # stays, stays, rises
    other = quarters([72, 60, 71, 61], [66, 55, 67, 54], [64, 51, 66, 50], [49, 58, 40, 59])
    assert known.metrics(figures_of(other, ALL))["chords.chord_2_unknown"] == 1
    assert known.metrics({}).keys() == same.keys()
    assert set(known.metrics({}).values()) == {0.0}


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
def test_the_shortest_pieces_have_the_same_numbers(steps):
    model = SurprisalModel([CHORALE])
    piece = CHORALE.slice(0, steps)
    whole, short = (figure_features(c, np.ones(4, dtype=bool), model) for c in (CHORALE, piece))
    assert tuple(whole) == tuple(short)
    assert np.isfinite(list(short.values())).all()


def test_notes_off_the_quarter_pass_or_turn_back():
    def written(pitches: list[int]) -> dict[str, float]:
        pitch = np.array([np.repeat(pitches, 2), *[[REST] * 2 * len(pitches)] * 3])
        onset = (np.arange(pitch.shape[1]) % 2 == 0) & (pitch != REST)
        chorale = Chorale(pitch=pitch, onset=onset)
        return figure_features(chorale, np.array([True, False, False, False]), model)

    model = SurprisalModel([CHORALE])
    line = written([72, 74, 76, 77, 76, 72, 74, 79])
    assert line["notes.passing_S"] == 1  # D
    assert line["notes.neighbours_S"] == 1  # F
    assert line["notes.off_with_leap_S"] == 1  # C
    assert line["notes.pitches_S"] == line["notes.pitches"] == 5
    assert line["notes.passing_A"] == line["notes.begun_A"] == 0


def test_counts_are_of_figures_of_a_kind():
    counts = figure_counts(
        [{"a": np.array([1, 1, 2])}, {"a": np.array([2]), "b": np.array([1])}]
    ).toarray()
    assert counts.tolist() == [[2, 1, 0], [0, 1, 1]]


def test_classifiers_know_whose_figure_it_is():
    bach = figure_counts([{"a": np.array([1, 3])}] * 4 + [{"a": np.array([2, 3])}] * 4)
    own, other = bach[:4], bach[4:]
    for learn in (pairwise_figure_scores, pointwise_figure_scores):
        [right], [wrong] = learn(own, other, [own[:1], other[:1]], SETTINGS)
        assert right > wrong
        [tied, same] = learn(own, own, [own[:1], other[:1]], SETTINGS)
        assert tied == pytest.approx(same)


def test_listener_2_tells_cool_pieces_from_hot_ones_and_nothing_else(features):
    report = DISCRIMINATOR_2.cross_validate(features)
    assert report.share >= 0.7
    assert DISCRIMINATOR_2.cross_validate(features) == report
    tie = features.with_bach_as_machine(range(len(features.family)))
    assert DISCRIMINATOR_2.cross_validate(tie).share == 0.5


@pytest.mark.slow
def test_listener_2_cannot_tell_what_nobody_could(features):
    for null in (
        lambda seed: bach_against_bach(features, DISCRIMINATOR_2, seed=seed),
        lambda seed: randomly_swapped(features, seed=seed),
    ):
        shares = [DISCRIMINATOR_2.cross_validate(null(n), seed=n).share for n in range(10)]
        assert 0.35 <= np.mean(shares) <= 0.65


def test_swapped_pairs_keep_their_pieces(features):
    pairs = np.arange(len(features.family)) % 2 == 1
    swapped = features.swapped(pairs)
    assert (swapped.bach[1] == features.machine[1]).all()
    assert (swapped.machine[0] == features.machine[0]).all()
    assert (swapped.bach_figures[[1]] != features.machine_figures[[1]]).nnz == 0
    assert (swapped.machine_figures[[1]] != features.bach_figures[[1]]).nnz == 0


def test_listener_2_tells_unpaired_pieces_too(pairs):
    cool = {tune: [pair.bach] for tune, [pair] in pairs.items()}
    hot = [pair.machine for [pair] in pairs.values()]
    [pair, *_] = next(iter(pairs.values()))
    [auc] = DISCRIMINATOR_2.unpaired_aucs(cool, hot, pair.model)
    assert auc >= 0.6
