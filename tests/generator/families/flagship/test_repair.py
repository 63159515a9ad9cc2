from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.repair import faults
from generator.families.flagship.tokens import Vocabulary
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import parallels, parallels_at
from generator.registry import CHECKPOINTS


def tokens_of(chorale: Chorale) -> torch.Tensor:
    return torch.from_numpy(Vocabulary(onsets=True).encode(chorale))


def faults_of(chorale: Chorale) -> np.ndarray:
    """bool[4, T]; the last step under each fermata ends a phrase."""
    ends = chorale.fermata & ~np.append(chorale.fermata[1:], False)
    return faults(tokens_of(chorale), Vocabulary(onsets=True), torch.from_numpy(ends)).numpy()


def test_parallel_octaves_are_a_fault_of_both_voices():
    chorale = Chorale(
        pitch=[[72, 74], [67, 67], [64, 64], [48, 50]], onset=[[1, 1], [1, 0], [1, 0], [1, 1]]
    )
    assert np.argwhere(faults_of(chorale)).tolist() == [[0, 1], [3, 1]]


@pytest.mark.parametrize(
    ("voices", "rooted"),
    [
        ([72, 67, 64, 48], True),
        ([72, 67, 63, 48], True),  # minor
        ([76, 72, REST, 48], True),  # without its fifth
        ([72, 67, 60, 52], False),  # first inversion
        ([72, 67, 60, 43], False),  # six-four
        ([74, 71, 65, 55], False),  # a seventh
        ([72, 60, 60, 48], False),  # nothing but the root
    ],
)
def test_a_phrase_end_that_is_no_root_position_triad_is_a_fault(voices, rooted):
    chorale = Chorale(
        pitch=[[v] * 8 for v in voices],
        onset=[[v != REST] + [False] * 7 for v in voices],
        fermata=[False] * 4 + [True] * 4,
    )
    expected = np.zeros((4, 8), dtype=bool)
    expected[:, 7] = not rooted
    assert (faults_of(chorale) == expected).all()
    assert style_counts(chorale, [True] * 4)["root_position_ends"].count == rooted


def test_a_phrase_end_without_a_third_is_a_fault_though_the_style_rate_accepts_it():
    chorale = Chorale(
        pitch=[[72] * 4, [67] * 4, [60] * 4, [48] * 4],
        onset=[[True] + [False] * 3] * 4,
        fermata=[True] * 4,
    )
    assert faults_of(chorale)[:, 3].all()
    assert style_counts(chorale, [True] * 4)["root_position_ends"].count == 1


def test_repair_sees_every_parallel_that_the_measure_counts(corpus):
    """Repair sees more of them: it makes no exception for the ends of fermatas."""
    for work in list(corpus.works.values())[:40]:
        counted = parallels_at(work.chorale, [True] * 4).any(axis=0)
        assert not (counted & ~faults_of(work.chorale).any(axis=0)).any()


@pytest.mark.slow
def test_repair_leaves_fewer_parallels(corpus):
    family = Flagship.load(CHECKPOINTS / "flagship.safetensors")
    works = [corpus.work(bwv).chorale.slice(0, 64) for bwv in ("BWV269", "BWV436", "BWV10.7")]
    given = given_voices("ATB", 64)
    tasks = [(chorale, given) for chorale in works for _ in range(8)]
    without, repaired = (
        sum(
            parallels(piece, ~given[:, 0]).count
            for piece in family.fill_many(tasks, range(len(tasks)), settings={"repairs": repairs})
        )
        for repairs in (0, 12)
    )
    assert repaired < without
