from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.critic import Critic
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.critic_figures import CODES, KINDS
from generator.families.flagship.sampling.repair import fault_finder, faults
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import parallels, parallels_at
from generator.registry import CHECKPOINTS
from tests.generator.families.flagship.debug import debug, make

VOCABULARY = Vocabulary(onsets=True)


def tokens_of(chorale: Chorale) -> torch.Tensor:
    return torch.from_numpy(VOCABULARY.encode(chorale))


def faults_of(chorale: Chorale) -> np.ndarray:
    """bool[4, T]; the last step under each fermata ends a phrase."""
    ends = chorale.fermata & ~np.append(chorale.fermata[1:], False)
    return faults(tokens_of(chorale), VOCABULARY, torch.from_numpy(ends)).numpy()


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


@pytest.fixture(scope="module")
def scored() -> Flagship:
    """Untrained, with a critic that likes and dislikes figures at random."""
    rng = np.random.default_rng(5)
    critic = Critic.from_table(rng.standard_normal((len(KINDS), CODES)).astype(np.float32))
    return Flagship(debug(True, critic=True).network, critic=critic)


def repaired(composer: Flagship, **settings: float) -> list[Chorale]:
    tasks = [(make(32), given_voices("ATB", 32))] * 6
    settings = {"sweeps": 0, "critic_sweeps": 0, "repairs": 3} | settings
    return composer.fill_many(tasks, range(6), settings=settings)


def test_a_critic_chooses_among_the_repairs_with_the_fewest_faults(scored):
    def score(pieces: list[Chorale]) -> float:
        grids = [encode_grid(piece, VOCABULARY)[0] for piece in pieces]
        none_open = [np.zeros((1, grid.real.shape[1]), bool) for grid in grids]
        pairs = zip(grids, none_open, strict=True)
        return sum(float(scored.critic.scores(grid, VOCABULARY, o).sum()) for grid, o in pairs)

    before, one, many = (
        repaired(scored, **settings)
        for settings in ({"repairs": 0}, {"repair_drafts": 1}, {"repair_drafts": 12})
    )
    counts = [sum(faults_of(piece).sum() for piece in pieces) for pieces in (before, one, many)]
    assert counts[2] < counts[1] < counts[0]
    assert score(many) > score(one)


def test_repairs_without_a_critic_have_one_draft(scored):
    plain = Flagship(scored.network)
    assert repaired(plain, repair_drafts=1) == repaired(plain, repair_drafts=12)
    unheard = {"critic": 0.0, "repair_drafts": 12}
    assert repaired(scored, **unheard) == repaired(plain, repair_drafts=1)


def test_only_the_rows_that_are_asked_for_are_at_fault():
    parallel = tokens_of(
        Chorale(
            pitch=[[72, 74], [67, 67], [64, 64], [48, 50]], onset=[[1, 1], [1, 0], [1, 0], [1, 1]]
        )
    )
    batch, ends = torch.stack([parallel] * 2), torch.zeros(2, 2, dtype=torch.bool)
    find = fault_finder(VOCABULARY)
    assert find(batch, ends).any((1, 2)).tolist() == [True, True]
    assert find(batch, ends, torch.tensor([False, True])).any((1, 2)).tolist() == [False, True]
