"""The family of rules: the harmony textbook as a composer. It learns nothing and knows no work.

The piece is cut into beats; a fermata is one long beat. For each beat, every voicing of every chord
of the key and of its neighbours has a cost, and so has each step from one voicing to the next
(`textbook` has them all). Dynamic programming finds the cheapest path. A seed perturbs the costs,
since textbooks have more than one solution. Then passing notes fill leaps of a third.

A written voice that keeps its pitch is held, as textbooks ask of common tones. It is struck again
on the first beat of a bar and of a phrase. No rule looks at the rhythm of the given voices.

References
----------
K. Ebcioglu 1988, "An expert system for harmonizing four-part chorales", Computer Music Journal
12(3) (the system CHORAL, with some 350 rules; here are far fewer).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from generator.families.base import Family
from generator.families.door import blanked
from generator.families.fill_run import FillRun
from generator.families.rules.beats import RulesBeat, beats_of
from generator.families.rules.passing import add_passing_notes, scale_of
from generator.families.rules.textbook import (
    MIDDLE,
    MOST,
    Costs,
    Ints,
    Textbook,
    book_of,
    moves,
    tendencies,
    together,
)
from generator.families.settings import Setting, Values
from generator.families.tensor_forms import TensorForm, Tensors
from generator.music.grid.chorale import REST, BoolArray, Chorale, repaired_onsets
from generator.music.grid.keys import tonic_class

NOISE = 0.5
SAME_OVER_BAR = 1.5
"""Of a chord that stays over a bar line."""


@dataclass(frozen=True)
class RulesConfig:
    """The whole checkpoint: there are no tensors."""

    voicings: int = 160
    """The most voicings to consider on a beat."""

    def __post_init__(self) -> None:
        if type(self.voicings) is not int or not 16 <= self.voicings <= 1024:
            raise ValueError(f"voicings {self.voicings!r}; use a whole number from 16 to 1024")


class Voicings(NamedTuple):
    """The voicings of a beat that are worth a look."""

    rows: Ints
    """int64[k], of the book"""
    pitch: Ints
    """int64[k, 4], with given notes in their places"""
    leaves: Ints
    """int64[k, 4]: the same at the end of the beat, where given voices may have moved on"""
    cost: Costs
    """float64[k]"""


class Rules(Family):
    """A textbook as a composer."""

    name = "rules"
    Config = RulesConfig
    settings = {"temperature": Setting(1.0, 0.01, 100.0, "how far a seed perturbs the costs")}

    def __init__(self, config: RulesConfig) -> None:
        self.config: RulesConfig = config

    @classmethod
    def debug(cls) -> Self:
        return cls(RulesConfig(voicings=32))

    @classmethod
    def tensors(cls, config: RulesConfig) -> Mapping[str, TensorForm]:
        return {}

    @classmethod
    def from_tensors(cls, config: RulesConfig, tensors: Tensors) -> Self:
        return cls(config)

    def to_tensors(self) -> Tensors:
        return {}

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        seen, rng = blanked(chorale, given), np.random.default_rng(seed)
        beats = beats_of(seen, given)
        book = book_of(tonic_class(chorale.key), chorale.mode)
        choices: list[Voicings] = []
        back: list[Ints] = []
        total = np.zeros(1)
        for place in run.needed(len(beats)):
            noise = rng.normal(size=len(book.cost)) * NOISE * settings["temperature"]
            cost = book.cost + noise + _misfit(book, seen, given, beats[place])
            choice = self._choice(book, seen, given, beats, place, cost)
            if place:
                ways = total[:, None] + _succession(book, choices[-1], choice, beats, place)
                back.append(ways.argmin(axis=0))
                total = ways.min(axis=0)
            total = total + choice.cost
            choices.append(choice)
        path = [int(total.argmin())]
        for before in reversed(back):
            path.append(int(before[path[-1]]))
        path.reverse()
        chords = [choice.pitch[row] for choice, row in zip(choices, path, strict=True)]
        return _written(seen, given, beats, chords, names=chorale)

    def _choice(
        self, book: Textbook, seen: Chorale, given: BoolArray, beats: Sequence[RulesBeat],
        place: int, cost: Costs,
    ) -> Voicings:  # fmt: skip
        """The cheapest voicings of each chord on a beat."""
        if any(beat.closes for beat in beats[place : place + 2]):
            cost = cost + MIDDLE * book.inverted
        if place == len(beats) - 1:
            cost = cost + book.last[book.chord]
        of_each = max(1, self.config.voicings // len(book.names))
        by_chord = (np.flatnonzero(book.chord == chord) for chord in range(len(book.names)))
        rows = np.concatenate(
            [own[np.argsort(cost[own], kind="stable")[:of_each]] for own in by_chord]
        )
        rows = rows[cost[rows] <= cost[rows].min() + 2 * MOST]
        pitch, leaves = book.pitch[rows], book.pitch[rows]
        for notes, step in ((pitch, beats[place].start), (leaves, beats[place].stop - 1)):
            sounds = given[:, step] & (seen.pitch[:, step] != REST)
            notes[:, sounds] = seen.pitch[sounds, step]
        return Voicings(rows, pitch, leaves, cost[rows])


def _misfit(book: Textbook, seen: Chorale, given: BoolArray, beat: RulesBeat) -> Costs:
    """float64[rows]: notes of a voicing that are not the given ones.

    The chord need not hold a given note that moves on within the beat, if it holds the next one:
    it is a suspension or an accented passing note.
    """
    cost = np.zeros(len(book.cost))
    for voice in range(4):
        own = seen.pitch[voice, beat.start : beat.stop]
        own = own[given[voice, beat.start : beat.stop] & (own != REST)]
        if own.size and given[voice, beat.start]:
            sung = book.pitch[:, voice]
            wrong = np.where(sung % 12 == own[0] % 12, MOST, 2 * MOST)
            cost += np.where(sung == own[0], 0, np.where(np.isin(sung, own), MIDDLE, wrong))
    return cost


def _succession(
    book: Textbook, one: Voicings, two: Voicings, beats: Sequence[RulesBeat], place: int
) -> Costs:
    """float64[k1, k2]: what it costs to go from each voicing to each of the next beat."""
    beat = beats[place]
    before, after = book.chord[one.rows][:, None], book.chord[two.rows][None]
    cost: Costs = (book.closes if beat.closes else book.follows)[before, after]
    cost += SAME_OVER_BAR * ((before == after) & beat.downbeat)
    if place + 1 < len(beats) and beats[place + 1].closes:
        cost += book.approach[before]
    if beat.opens:  # after a fermata all voices may begin anew
        cost += moves(one.pitch, two.pitch) / 2
        return cost
    cost += moves(one.pitch, two.pitch) + together(one.pitch, two.pitch)
    if (one.leaves != one.pitch).any():
        cost += together(one.leaves, two.pitch)
    wants = book.leading[one.rows], book.seventh[one.rows]
    cost += tendencies(one.pitch, two.pitch, *wants)
    return cost


def _written(
    seen: Chorale, given: BoolArray, beats: Sequence[RulesBeat], chords: list[Ints], names: Chorale
) -> Chorale:
    lengths = [beat.stop - beat.start for beat in beats]
    pitch = np.where(given, seen.pitch, np.repeat(np.stack(chords, axis=1), lengths, axis=1))
    add_passing_notes(pitch, given, beats, scale_of(tonic_class(seen.key), seen.mode))
    struck = np.zeros(pitch.shape, dtype=np.bool_)
    struck[:, [beat.start for beat in beats if beat.downbeat or beat.opens]] = True
    onset = np.where(given, seen.onset, repaired_onsets(pitch, struck))
    return names.with_voices(pitch, onset)
