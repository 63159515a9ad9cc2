"""Cadences that are planned where nothing is given, and phrases that are closed at last."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from experiments.cadences_from_nothing import frames
from experiments.phrase_goals import goals
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.cadence_plan import GOALS, SEMITONES, Chord
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for, given_voices
from generator.music.grid.empty_chorale import empty_chorale, with_close
from generator.music.grid.keys import tonic_class
from generator.music.measures.cadences import is_authentic, phrase_ends_at
from generator.music.measures.style import closes_on_triad
from generator.registry import CHECKPOINTS
from tests.generator.families.flagship.debug import debug

KEYS = ("C major", "A minor", "Eb major", "F# minor")


@pytest.fixture(scope="module")
def composer() -> Flagship:
    """Two random networks: nothing that they write is right by itself."""
    return debug(True, members=2).averaged()


@pytest.fixture(scope="module")
def flagship() -> Flagship:
    return Flagship.load(CHECKPOINTS / "flagship.safetensors")


def ends(chorale: Chorale) -> list[int]:
    return np.flatnonzero(phrase_ends_at(chorale, [True] * 4)).tolist()


def test_the_table_is_counted_in_the_corpus(corpus):
    assert goals(work.chorale for work in corpus.works.values()) == GOALS


@pytest.mark.parametrize("mode", GOALS)
def test_after_every_goal_there_is_another(mode):
    assert all(set(row) <= set(GOALS[mode]) for row in GOALS[mode].values())
    assert all(Chord.named(name, mode).root in SEMITONES[mode].values() for name in GOALS[mode])


@pytest.mark.parametrize("key", KEYS)
def test_phrases_from_nothing_end_on_goals_that_follow_each_other(composer, key):
    frame, given = with_close(empty_chorale(key, bars=16))
    piece = composer.fill(frame, given, seed=1, settings={"sweeps": 0, "repairs": 0})
    mode = key.split()[1]
    found = [fitting(piece, end, mode) for end in ends(piece)[:-1]]
    assert len(found) == 7 and all(found)
    for before, after in pairwise(found):
        assert any(one in GOALS[mode][other] for one in before for other in after)


def fitting(piece: Chorale, step: int, mode: str) -> list[str]:
    """The goals whose root is in the bass and whose triad has all that sounds."""
    bass = int(piece.pitch[3, step])
    above = {(int(pitch) - bass) % 12 for pitch in piece.pitch[:, step]}
    chords = {name: Chord.named(name, mode) for name in GOALS[mode]}
    return [
        name
        for name, chord in chords.items()
        if chord.root == (bass - tonic_class(piece.key)) % 12 and above <= {0, chord.third, 7}
    ]


def test_a_member_alone_plans_nothing(flagship):
    """The quiz has excerpts in which nothing is given."""
    frame, given = with_close(empty_chorale("C major"))
    alone = flagship.member(0)
    alone.config = replace(alone.config, released_fermatas=0.0)
    bare = Flagship(alone.network, plans_ends=True)
    assert alone.fill(frame, given, seed=1) != bare.fill(frame, given, seed=1)
    excerpt = frame.with_voices(np.full_like(frame.pitch, -1), np.zeros_like(frame.onset))
    nothing = given_for("SATB", excerpt)
    settings = {"repairs": 0, "critic": 0}
    assert alone.fill(excerpt, nothing, seed=1, settings=settings) == bare.fill(
        excerpt, nothing, seed=1, settings=settings
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_phrase_of_a_melody_closes(composer, key):
    tonic = 60 + tonic_class(key)
    frame = empty_chorale(key, bars=8)
    pitch, onset = frame.pitch.copy(), frame.onset.copy()
    pitch[0] = tonic + np.resize(np.repeat([0, 2, 7, 5], 8), frame.steps)
    onset[0, ::8] = True
    tune = frame.with_voices(pitch, onset)
    piece = composer.fill(tune, given_voices("ATB", tune.steps), seed=2)
    assert [end for end in ends(piece) if not closes_on_triad(piece, end)] == []


def test_where_no_triad_has_the_given_notes_a_phrase_stays_open(composer):
    frame = empty_chorale("C major", bars=2)
    pitch, onset = frame.pitch.copy(), frame.onset.copy()
    pitch[0], pitch[1], onset[:2, ::4] = 74, 72, True
    tune = frame.with_voices(pitch, onset)
    piece = composer.fill(tune, given_for("TB", tune), seed=2)
    assert not closes_on_triad(piece, ends(piece)[-1])


@pytest.mark.slow
def test_last_cadences_from_nothing_are_authentic(flagship):
    tasks = frames()[:20]  # in twenty keys
    pieces = flagship.averaged().fill_many(tasks, list(range(len(tasks))))
    assert all(closes_on_triad(piece, end) for piece in pieces for end in ends(piece))
    assert sum(is_authentic(piece, piece.steps - 1) for piece in pieces) >= 16  # 93 of 100
