"""Written voices hold under a fermata unless it is released; after it they begin a new note."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.repair import faults
from generator.families.flagship.sampling.state import MAX_FERMATA, SamplerState, frame_fermatas
from generator.families.flagship.tokens import Vocabulary, encode_grid
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_voices
from generator.registry import CHECKPOINTS
from tests.generator.families.flagship.debug import debug


@pytest.fixture(scope="module")
def flagship() -> Flagship:
    """Its first member, with no fermata released."""
    member = Flagship.load(CHECKPOINTS / "flagship.safetensors").member(0)
    member.config = replace(member.config, released_fermatas=0.0)
    return member


def state_of(chorale: Chorale, given: np.ndarray) -> tuple[SamplerState, slice]:
    network = Flagship.debug().network
    grid, layout = encode_grid(chorale, network.vocabulary)
    padded = torch.from_numpy(layout.pad(given, padding=True))[None]
    state = SamplerState(
        Ensemble([network]), grid, padded, [layout.shift], [0], melodic_weight=0.5, bias=1.0
    )
    return state, layout.inside


def held(
    soprano: list[int], fermata: list[int], condition: str = "ATB", metre: str = "4/4"
) -> list[bool]:
    """The steps of a plain piece at which the bass is held under a fermata."""
    steps = len(fermata)
    pitch = [[72 + step for step in np.cumsum(soprano)], [67] * steps, [64] * steps, [48] * steps]
    onset = [soprano, *[[1] + [0] * (steps - 1)] * 3]
    chorale = Chorale(pitch=pitch, onset=onset, fermata=fermata, metre=((0, metre),))
    state, inside = state_of(chorale, given_voices(condition, steps))
    steps_held: list[bool] = state.held[0, 3, inside].tolist()
    return steps_held


def test_all_steps_but_the_first_are_held():
    assert held([1, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]) == [False] * 5 + [True] * 3


def test_two_given_notes_under_fermatas_are_two_ends():
    tune, fermata = [1, 0, 1, 0], [1, 1, 1, 1]
    assert held(tune, fermata) == [False, True, False, True]
    assert held(tune, fermata, "SATB") == [False, True, True, True]


@pytest.mark.parametrize(("metre", "steps", "holds"), [
    ("4/4", MAX_FERMATA, True), ("4/4", MAX_FERMATA + 4, False), ("3/4", MAX_FERMATA, True),
    ("3/2", 24, True), ("3/2", 28, False),
])  # fmt: skip
def test_under_the_longest_fermatas_voices_may_move(metre, steps, holds):
    soprano = [1] + [0] * (steps - 1)
    assert held(soprano, [1] * steps, metre=metre) == [False] + [holds] * (steps - 1)


def test_given_voices_keep_what_they_have():
    chorale = Chorale(
        pitch=[[72] * 4, [67, 67, 65, 65], [64] * 4, [48] * 4],
        onset=[[1, 0, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]],
        fermata=[True] * 4,
    )
    given = given_voices("TB", 4)
    state, _ = state_of(chorale, given)
    assert not state.held[0, :2].any()
    piece = Flagship.debug().fill(chorale, given, seed=1)
    assert np.array_equal(piece.pitch[:2], chorale.pitch[:2])
    assert not piece.onset[2:, 1:].any()


def test_a_span_under_a_fermata_goes_on_with_what_is_given_before_it():
    chorale = Chorale(
        pitch=[[72] * 8, [67] * 8, [64] * 8, [48] * 8],
        onset=[[1] + [0] * 7] * 4,
        fermata=[True] * 8,
    )
    given = np.ones((4, 8), dtype=bool)
    given[1:, 4:] = False
    assert Flagship.debug().fill(chorale, given, seed=1) == chorale


def test_a_fault_at_the_end_is_the_fault_of_the_note_that_is_held():
    chorale = Chorale(  # a six-four chord
        pitch=[[72] * 12, [67] * 12, [60] * 12, [43] * 12],
        onset=[[1] + [0] * 11] * 4,
        fermata=[True] * 12,
    )
    state, _ = state_of(chorale, given_voices("ATB", 12))
    state.tokens = state.grid.tokens
    faulty = faults(state.tokens, Vocabulary(onsets=True), state.phrase_ends)
    assert faulty[0, 3].nonzero().flatten().tolist() == [11]
    moved = state.propagate_to_onset(faulty)
    assert moved[0, 3].nonzero().flatten().tolist() == [0]
    assert moved[0, 0].nonzero().flatten().tolist() == [11]  # the given soprano's stays


def test_ends_of_phrases_are_where_the_fermatas_end(corpus):
    chorale = corpus.work("BWV269").chorale
    state, inside = state_of(chorale, given_voices("ATB", chorale.steps))
    ends = state.phrase_ends[0, inside].numpy()
    assert (ends == (chorale.fermata & ~np.append(chorale.fermata[1:], False))).all()
    assert ends.sum() > 5


def test_a_grid_without_fermatas_holds_nothing(corpus):
    vocabulary = Vocabulary(onsets=False)
    grid, _ = encode_grid(corpus.work("BWV269").chorale, vocabulary)
    assert not frame_fermatas(grid, vocabulary).any()


@pytest.mark.parametrize("condition", ["ATB", "SATB"])
def test_no_voice_begins_a_note_under_a_fermata(flagship, corpus, condition):
    # In the second a soprano's last note lasts three beats.
    works = [corpus.work(bwv).chorale.slice(0, 64) for bwv in ("BWV269", "BWV64.4")]
    tasks = [(work, given_voices(condition, 64)) for work in works for _ in range(4)]
    for (work, _), piece in zip(tasks, flagship.fill_many(tasks, range(8)), strict=True):
        later = work.fermata & np.append(False, work.fermata[:-1])
        assert later.any()
        assert not (piece.onset & later).any()
        moved = np.diff(piece.pitch, axis=1, prepend=piece.pitch[:, :1]) != 0
        assert not (moved & later).any()


@pytest.mark.parametrize("condition", ["ATB", "SATB"])
def test_no_note_goes_on_from_a_fermata_into_the_next_phrase(flagship, corpus, condition):
    work = corpus.work("BWV269").chorale.slice(0, 64)
    after = ~work.fermata & np.append(False, work.fermata[:-1])
    assert after.any()
    hot = {"rhythm": 4.0, "sweeps": 0, "repairs": 0}  # so hot that many would
    tasks = [(work, given_voices(condition, 64))] * 8
    for piece in flagship.fill_many(tasks, range(8), settings=hot):
        assert piece.onset[:, after].all()


def long_ends(steps: int = 96) -> Chorale:
    """A piece in which every second quarter stands under a fermata, with a note for each."""
    quarter = [1, 0, 0, 0]
    return Chorale(
        pitch=[[72] * steps, [67] * steps, [64] * steps, [48] * steps],
        onset=[quarter * (steps // 4)] * 4,
        fermata=([0] * 4 + [1] * 4) * (steps // 8),
    )


def released(share: float, seeds: range = range(8)) -> tuple[float, list[Chorale]]:
    """The share of fermatas under which a voice moves, and the pieces."""
    composer = debug(True, released_fermatas=share)
    work = long_ends()
    tasks = [(work, given_voices("ATB", work.steps))] * len(seeds)
    hot = {"rhythm": 4.0, "repairs": 0}  # so hot that a voice moves wherever it may
    pieces = composer.fill_many(tasks, seeds, settings=hot)
    later = work.fermata & (np.arange(work.steps) % 4 > 0)
    moves = [(piece.onset[1:] & later).any(0).reshape(-1, 8).any(1) for piece in pieces]
    return float(np.mean(moves)), pieces


def test_voices_move_under_the_share_of_fermatas_that_is_released():
    assert released(0)[0] == 0
    assert released(1)[0] > 0.95
    assert 0.35 < released(0.5)[0] < 0.65


def test_after_a_released_fermata_a_new_note_begins():
    _, pieces = released(1)
    after = np.append(False, np.diff(long_ends().fermata.astype(int)) < 0)
    assert all(piece.onset[:, after].all() for piece in pieces)


def test_fermatas_are_released_alike_alone_and_among_others():
    _, together = released(0.5)
    _, [alone] = released(0.5, range(3, 4))
    assert alone == together[3]


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_fermatas_is_from_0_to_1(share):
    with pytest.raises(ValueError, match=f"released_fermatas {share}; it must be from 0 to 1"):
        debug(True, released_fermatas=share)
