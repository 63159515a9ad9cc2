"""Cells from whole events: the chain rule over a step gives back what the heads say of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.likelihoods import nats_of, pitch_columns
from generator.families.next_chord.network import NextChordConfig, NextChordNetwork
from generator.families.next_chord.next_chord import NextChord
from generator.families.next_chord.vocabulary import FIRST, START, UNKNOWN, ChordVocabulary
from generator.music.grid.chorale import Chorale

C, F, F_HIGH = [72, 67, 64, 48], [72, 69, 65, 53], [77, 69, 65, 53]
CHORDS = np.array([C, F, F_HIGH], dtype=np.int16)
TIMES = np.array([(steps, begins) for steps in (1, 2, 4) for begins in range(16)], dtype=np.int16)
NOTHING = np.zeros((4, 6), dtype=bool)


@pytest.fixture
def family() -> NextChord:
    sizes = NextChordConfig(
        len(CHORDS), len(TIMES), 4, chord_embedding=2, duration_embedding=2, units=4, attention=3
    )
    torch.manual_seed(1)
    return NextChord(NextChordNetwork(sizes, ChordVocabulary(CHORDS, TIMES)))


def piece(chord: list[int], *, begins: int) -> Chorale:
    """Two steps of C, then another chord."""
    pitch = np.array([[a] * 2 + [b] * 4 for a, b in zip(C, chord, strict=True)])
    onset = np.zeros((4, 6), dtype=bool)
    onset[:, 0] = True
    onset[:, 2] = [begins >> voice & 1 for voice in range(4)]
    return Chorale(pitch, onset)


def probability(family: NextChord, chorale: Chorale, step: int) -> float:
    """Of all four cells of a step, given the steps before."""
    nats = nats_of(family.cell_predictions(chorale, NOTHING), chorale)
    return float(np.exp((nats.pitch + nats.onset)[:, step].sum()))


def heads(family: NextChord, tokens) -> tuple[np.ndarray, np.ndarray]:
    with torch.inference_mode():
        return tuple(
            each[0].softmax(-1).numpy()
            for each in family.network.after(*torch.tensor(tokens).T[:, None])
        )


def test_the_first_chord_costs_what_the_chord_head_says(family):
    chord, _ = heads(family, [(START, START)])
    known = chord[FIRST:] / chord[FIRST:].sum()
    strange = 1.0
    for voice in range(4):
        alike = CHORDS[:, voice] == C[voice]
        strange *= 0.9 * known[alike].sum() + 0.1 / 129
    expected = (1 - chord[UNKNOWN]) * known[0] + chord[UNKNOWN] * strange
    assert probability(family, piece(F, begins=14), 0) == pytest.approx(expected, rel=1e-3)


def test_a_step_that_holds_costs_the_end_that_did_not_come(family):
    _, duration = heads(family, [(START, START)])
    steps, begins = TIMES.T
    all_begin = duration[FIRST:] * (begins == 15)
    end = 0.98 * all_begin[steps == 1].sum() / all_begin.sum() + 0.01
    held = probability(family, piece(F, begins=14), 1)
    assert held == pytest.approx(1 - end, abs=0.02)
    assert held > 1 - end  # an unknown chord could look like that, too


@pytest.mark.parametrize(("chord", "sets"), [(F, (14, 15)), (C, tuple(range(1, 16)))])
def test_a_set_of_voices_costs_its_share_of_the_sets_that_the_chord_allows(family, chord, sets):
    with torch.no_grad():
        family.network.chord_head.bias[UNKNOWN] = -20  # no more than its floor of 1 in 1,000
    by_set = {each: probability(family, piece(chord, begins=each), 2) for each in sets}
    first, duration = heads(family, [(START, START), (FIRST, FIRST + 16 + 15)])
    shares = {each: duration[FIRST:][TIMES[:, 1] == each].sum() for each in sets}
    known = first[FIRST:] / first[FIRST:].sum()
    index = CHORDS.tolist().index(chord)
    _, before = heads(family, [(START, START)])
    all_begin = before[FIRST:] * (TIMES[:, 1] == 15)
    two, longer = (all_begin[which].sum() for which in (TIMES[:, 0] == 2, TIMES[:, 0] > 2))
    end = 0.98 * two / (two + longer) + 0.01
    for each in sets:
        assert shares[each] > 0.02
        expected = end * known[index] * shares[each] / sum(shares.values())
        assert by_set[each] == pytest.approx(expected, abs=1e-3)


def test_a_given_voice_rules_out_the_chords_that_disagree(family):
    chorale = piece(F_HIGH, begins=15)
    given = NOTHING.copy()
    given[0] = True
    told = family.cell_predictions(chorale, given)
    free = family.cell_predictions(chorale, NOTHING)
    column = pitch_columns(chorale)[1:, 2]
    gain = told.pitch[[1, 2, 3], 2, column] - free.pitch[[1, 2, 3], 2, column]
    assert gain[2] > 0.3  # the bass comes first and knew nothing of the soprano
    assert np.exp(told.pitch[3, 2, 53]) > 0.9
