"""Characters drawn one after the other, among those that may stand there.

Within a step keys ascend, and:

- the keys of given cells are written when their turn comes, struck again or held as given;
- of the other keys there are at most as many as there are voices to sing them, each in the range of
  a voice that has none yet, and between the given voices of the step where their order allows it;
- the step ends only when every voice that is written has a key in its range, so nobody rests.

What is given later is not looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.families.char_rnn.cell import CharCell, FloatArray
from generator.families.char_rnn.texts import REPEAT, SPACE
from generator.families.fill_run import FillRun
from generator.music.formats.piano_text.key_text import LOWEST_KEY, PIANO_KEYS
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.voice_assignment import KEYS, free_ranges

Range = tuple[int, int]


@dataclass(frozen=True)
class GivenStep:
    """What is known of a step; keys are counted from the lowest of the piano."""

    keys: tuple[int, ...]
    """Those of given cells, ascending."""
    struck: frozenset[int]
    """Those of them that begin a note."""
    free: tuple[Range, ...]
    """Lowest and highest key of each voice that is written, from the bass up."""


def given_steps(chorale: Chorale, given: BoolArray) -> list[GivenStep]:
    """What is known of each step of a chorale."""
    steps = []
    low, high = free_ranges(chorale.pitch, given)
    ranges = np.stack([low, high], axis=-1).transpose(1, 0, 2) - LOWEST_KEY
    pitches, onsets, masks = chorale.pitch.T.tolist(), chorale.onset.T.tolist(), given.T.tolist()
    for pitch, onset, mask, own in zip(pitches, onsets, masks, ranges, strict=True):
        known = [
            (note - LOWEST_KEY, begins)
            for note, begins, here in zip(pitch, onset, mask, strict=True)
            if here and note != REST
        ]
        on_piano = [(key, begins) for key, begins in known if 0 <= key < PIANO_KEYS]
        free = tuple((int(own[v, 0]), int(own[v, 1])) for v in (3, 2, 1, 0) if not mask[v])
        steps.append(
            GivenStep(
                tuple(sorted({key for key, _ in on_piano})),
                frozenset(key for key, begins in on_piano if begins),
                free,
            )
        )
    return steps


def _within(key: int, voice: Range) -> bool:
    return voice[0] <= key <= voice[1]


class StepRules:
    """Which characters may follow inside one step."""

    def __init__(self, known: GivenStep, before: frozenset[int]) -> None:
        self.known = known
        self.before = before
        """The keys of the step before."""
        self.last = -1
        self.singer = 0
        """The lowest written voice that may have a key of its own yet."""
        self.silent = list(known.free)
        """Ranges of the written voices without a key so far."""
        self.marked = False
        """Whether the next key is struck again."""

    def allowed(self) -> list[int]:
        """The characters that may come next, ascending; there is always one."""
        free, given = self._free_keys(), self._next_given()
        must_mark = given is not None and given in self.known.struck and given in self.before
        if self.marked:
            again = [key for key in free if key in self.before]
            return [*again, given] if must_mark and given is not None else again
        codes = free if given is None or must_mark else [*free, given]
        if not self.silent and not self._waits():
            codes = [*codes, SPACE]
        return [*codes, REPEAT] if must_mark or not self.before.isdisjoint(free) else codes

    def take(self, code: int) -> None:
        """Write one of the characters that are allowed, but for the space."""
        if code == REPEAT:
            self.marked = True
            return
        if code not in self.known.keys:
            while not _within(code, self.known.free[self.singer]):
                self.singer += 1
            self.singer += 1
        self.last, self.marked = code, False
        self.silent = [voice for voice in self.silent if not _within(code, voice)]

    def _bound(self) -> int:
        """The highest key that leaves no silent voice without one."""
        return min((high for _, high in self.silent), default=PIANO_KEYS - 1)

    def _waits(self) -> bool:
        """Whether a given key is still to be written."""
        return bool(self.known.keys) and self.known.keys[-1] > self.last

    def _next_given(self) -> int | None:
        """The next given key, if nothing has to come before it."""
        place = bisect_right(self.known.keys, self.last)
        if place == len(self.known.keys) or self.known.keys[place] > self._bound():
            return None
        return self.known.keys[place]

    def _free_keys(self) -> list[int]:
        """The keys that a voice without one may take now."""
        free = self.known.free
        if self.singer >= len(free):
            return []
        place = bisect_right(self.known.keys, self.last)
        top = min(self._bound(), free[-1][1])
        if place < len(self.known.keys):
            top = min(top, self.known.keys[place] - 1)
        return [
            key
            for key in range(max(self.last + 1, free[self.singer][0]), top + 1)
            if any(_within(key, voice) for voice in free[self.singer :])
        ]


def write_keys(
    cell: CharCell,
    steps: Sequence[GivenStep],
    forced: Mapping[int, Sequence[int]],
    *,
    rng: np.random.Generator,
    temperature: float,
    run: FillRun,
) -> tuple[BoolArray, BoolArray]:
    """The keys that sound and those that are struck, bool[T, 128] each.

    Parameters
    ----------
    steps : GivenStep for each step
    forced : dict of int to characters
        What is fed to the network before a step without being written.
    """
    sounding = np.zeros((len(steps), KEYS), dtype=np.bool_)
    struck = np.zeros_like(sounding)
    state = cell.begin()
    before: frozenset[int] = frozenset()
    for step in run.needed(len(steps)):
        for code in forced.get(step, ()):
            state.feed(code)
        rules = StepRules(steps[step], before)
        written: list[int] = []
        while True:
            codes = rules.allowed()
            code = codes[0] if len(codes) == 1 else _drawn(state.logits(), codes, temperature, rng)
            state.feed(code)
            if code == SPACE:
                break
            if code != REPEAT:
                written.append(code)
                struck[step, LOWEST_KEY + code] = rules.marked or code not in before
            rules.take(code)
        sounding[step, [LOWEST_KEY + key for key in written]] = True
        before = frozenset(written)
    return sounding, struck


def _drawn(
    logits: FloatArray, codes: list[int], temperature: float, rng: np.random.Generator
) -> int:
    """One of the characters, by the softmax over them."""
    odds = logits[codes].astype(np.float64) / temperature
    weights = np.exp(odds - odds.max()).cumsum()
    place = int(weights.searchsorted(rng.random() * weights[-1], side="right"))
    return codes[min(place, len(codes) - 1)]
