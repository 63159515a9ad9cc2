"""Chorales and masks for families: notes of all lengths, and cells of all kinds to write."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from generator.families.base import Family
from generator.music.grid.chorale import REST, VOICE_RANGES, VOICES, Chorale, repaired_onsets
from generator.music.grid.conditions import CONDITIONS, given_for, given_voices
from generator.training.provenance import MemberProvenance, Provenance

STEPS = 32


def provenance_of(*works: Sequence[str], folds: Sequence[Sequence[str]] = ()) -> Provenance:
    """The provenance of a composer with a member for each list of works."""
    members = [
        MemberProvenance(tuple(each), "0" * 64, {"score": 1.0}, tuple(fold))
        for each, fold in zip_longest(works, folds, fillvalue=())
    ]
    return Provenance(tuple(members), split="tunes", seed=0, command="a test", training={})


UNTRAINED = provenance_of([])
CROSSED = provenance_of(["BWV2"], ["BWV1"], folds=[["BWV1"], ["BWV2"]])


def a_chorale(steps: int = STEPS, seed: int = 1, **frame) -> Chorale:
    """Notes of all lengths with a rest in each voice, a fermata at the end, a pickup.

    From two bars on, all four voices begin together at the third beat of the first bar and at that
    of the second, so that a phrase can be cut out.
    """
    rng = np.random.default_rng(seed)
    low = np.array([[bottom] for bottom, _ in VOICE_RANGES])
    pitch = low + rng.integers(3, 18, size=(4, steps))
    for voice in range(4):
        starts = rng.random(steps) < 0.4
        starts[0] = True
        pitch[voice] = pitch[voice, np.maximum.accumulate(np.where(starts, np.arange(steps), 0))]
        pitch[voice, 7 + 5 * voice : 9 + 5 * voice] = REST
    fermata = np.arange(steps) >= steps - 4
    struck = rng.random((4, steps)) < 0.1
    struck[:, [step for step in (12, 20) if step < steps]] = True
    onset = repaired_onsets(pitch, struck)
    onset[:, -4:] &= repaired_onsets(pitch, np.zeros((4, steps)))[:, -4:]
    frame = {"metre": ((0, "4/4"),), "key": "E minor", "anacrusis": 4, **frame}
    if steps == 1:
        frame["anacrusis"] = 0
    return Chorale(pitch=pitch, onset=onset, fermata=fermata, **frame)


def held_note(chorale: Chorale) -> tuple[int, int]:
    """Voice and step of a cell that holds a note over, off the beat."""
    held = (chorale.pitch != REST) & ~chorale.onset & (chorale.bar_phase() % 4 == 2)
    voice, step = np.argwhere(held)[0].tolist()
    return voice, step


def masks() -> dict[str, np.ndarray]:
    """bool[4, T] by name: every condition, spans within voices, lone cells, nothing."""
    rng = np.random.default_rng(5)
    chorale = a_chorale()
    by_name = {condition: given_for(condition, chorale) for condition in CONDITIONS}
    by_name["second half of all voices"] = np.ones((4, STEPS), dtype=bool)
    by_name["second half of all voices"][:, STEPS // 2 :] = False
    by_name["middle of all voices"] = np.ones((4, STEPS), dtype=bool)
    by_name["middle of all voices"][:, 9:22] = False
    by_name["end of the bass, start of the alto"] = np.ones((4, STEPS), dtype=bool)
    by_name["end of the bass, start of the alto"][3, 15:] = False
    by_name["end of the bass, start of the alto"][1, :11] = False
    by_name["half of all cells"] = rng.random((4, STEPS)) < 0.5
    by_name["one cell in ten"] = rng.random((4, STEPS)) < 0.1
    for voice, name in enumerate(VOICES):
        for place, step in (("first", 0), ("middle", STEPS // 2 + 1), ("last", STEPS - 1)):
            by_name[f"the {place} cell of {name}"] = all_but(voice, step)
    voice, step = held_note(chorale)
    by_name["a cell before a given note that is held over"] = all_but(voice, step - 1)
    return by_name


def all_but(voice: int, step: int) -> np.ndarray:
    """bool[4, T]: all cells are given but one."""
    given = np.ones((4, STEPS), dtype=bool)
    given[voice, step] = False
    return given


def melody(notes, **frame) -> Chorale:
    """A soprano of one pitch a step, -1 for a rest; a pitch that stays is held."""
    pitch = np.full((4, len(notes)), REST)
    pitch[0] = notes
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)), **frame)


def assert_kept(piece: Chorale, chorale: Chorale, given: np.ndarray) -> None:
    """The piece is whole, and what was given is as it was."""
    assert piece.steps == chorale.steps
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])
    assert np.array_equal(piece.fermata, chorale.fermata)
    frame = (piece.metre, piece.key, piece.anacrusis)
    assert frame == (chorale.metre, chorale.key, chorale.anacrusis)


def harmonised(family: Family, chorale: Chorale, condition: str = "ATB", seed: int = 1) -> Chorale:
    """The piece, looked at."""
    given = given_voices(condition, chorale.steps)
    piece = family.fill(chorale, given, seed=seed)
    assert_kept(piece, chorale, given)
    return piece
