"""Faults of counterpoint that repair removes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.flagship.sampling.counterpoint_faults import (
    CounterpointFaults,
    counterpoint_faults,
)
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.counterpoint import counterpoint_counts
from generator.registry import CHECKPOINTS, OURS, Registry

VOCABULARY = Vocabulary(onsets=True)
ALL = np.ones((4, 8), dtype=np.bool_)


def bar(soprano: list[int], alto: list[int], tenor: list[int], bass: list[int]) -> Chorale:
    """Two quarters, each line given by its eighths; a pitch that goes on is held."""
    pitch = np.repeat([soprano, alto, tenor, bass], 2, axis=1)
    onset = np.ones((4, 8), dtype=np.bool_)
    onset[:, 1:] = pitch[:, 1:] != pitch[:, :-1]
    return Chorale(pitch=pitch, onset=onset, key="C major")


def faulty(piece: Chorale) -> list[tuple[int, int]]:
    return [(int(v), int(t)) for v, t in np.argwhere(counterpoint_faults(piece, ALL))]


def test_a_leap_beyond_the_octave_is_a_fault_of_the_note_it_reaches():
    assert faulty(bar([72] * 4, [67] * 4, [64] * 4, [48, 48, 62, 62])) == [(3, 4)]


def test_a_cross_relation_is_a_fault_of_both_voices():
    piece = bar([72] * 4, [67, 67, 68, 68], [64, 64, 55, 55], [48] * 4)
    assert {(1, 4), (2, 4)} <= set(faulty(piece))


def test_ornamented_octaves_are_a_fault_and_fifths_are_none():
    octaves = bar([72, 76, 74, 74], [67] * 4, [64] * 4, [48, 48, 50, 50])
    assert {(0, 4), (3, 4)} <= set(faulty(octaves))
    fifths = bar([67, 72, 69, 69], [64] * 4, [60] * 4, [48, 48, 50, 50])
    assert counterpoint_counts(fifths, [True] * 4)["ornamented_fifths"].count == 1
    assert faulty(fifths) == []


def test_what_is_given_makes_no_fault():
    piece = bar([72] * 4, [67] * 4, [64] * 4, [48, 48, 62, 62])
    written = ALL.copy()
    written[3] = False
    assert not counterpoint_faults(piece, written).any()


@pytest.mark.parametrize("anacrusis", [0, 3])
def test_in_a_batch_each_piece_has_its_own(anacrusis):
    leap = bar([72] * 4, [67] * 4, [64] * 4, [48, 48, 62, 62])
    leap = Chorale(
        pitch=leap.pitch, onset=leap.onset, key="Eb major", metre=leap.metre, anacrusis=anacrusis
    )
    plain = bar([72] * 4, [67] * 4, [64] * 4, [48] * 4)
    tasks = [(piece, ~ALL) for piece in (leap, plain)]
    encoded = [encode_grid(piece, VOCABULARY) for piece, _ in tasks]
    width = max(grid.tokens.shape[-1] for grid, _ in encoded)
    tokens = torch.cat(
        [
            torch.nn.functional.pad(
                grid.tokens, (0, width - grid.tokens.shape[-1]), value=VOCABULARY.padding
            )
            for grid, _ in encoded
        ]
    )
    layouts = [layout for _, layout in encoded]
    find = CounterpointFaults(tasks, layouts, VOCABULARY)
    found = find(tokens, torch.zeros(2, width, dtype=torch.bool))
    assert np.argwhere(found.numpy()).tolist() == [[0, 3, layouts[0].lead + 4]]


@pytest.mark.slow
def test_hardly_any_are_left_by_a_member_and_by_all(corpus):
    flagship = Registry(OURS).family("flagship").load(CHECKPOINTS / "flagship.safetensors")
    careless = flagship.member(1)
    careless.config = replace(careless.config, minds_counterpoint=False)
    works = [corpus.work(bwv).chorale.slice(0, 64) for bwv in ("BWV269", "BWV254", "BWV302")]
    tasks = [(work, given_for("ATB", work)) for work in works]
    seeds = [1, 2, 3]
    counts = [
        sum(
            int(counterpoint_faults(piece, ~given).sum())
            for piece, (_, given) in zip(pieces, tasks, strict=True)
        )
        for pieces in (
            careless.fill_many(tasks, seeds, settings={"critic": 0}),
            flagship.member(0).fill_many(tasks, seeds),
            flagship.averaged().fill_many(tasks, seeds),
        )
    ]
    assert max(counts[1:]) <= 1 < counts[0]
