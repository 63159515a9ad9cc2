"""How BachBot writes: from left to right, through a text in which what is given is forced.

Several texts are written side by side. All of them are at the same symbol, since the given cells
and the fermatas decide where each symbol stands.

- *Particles* (sequential Monte Carlo): each draws its notes. A particle weighs as much as the
  network expected what was forced upon it: the given notes, the fermatas, the end of the text, and
  that each drawn note is one that the voice may have. After a frame, particles of too unequal
  weights are drawn again by them.
- *Beam*: no draws. Inside a frame the likeliest texts are kept, four times as many as after it.
  A beam of one text takes the likeliest symbol each time, which is the published harmonisation.

References
----------
F. Liang 2016 (the greedy filling); A. Doucet, N. de Freitas, N. Gordon 2001, "Sequential Monte
Carlo methods in practice" (systematic draws at half the effective sample size).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from generator.families.bachbot.network import BachbotReader, State
from generator.families.bachbot.tokens import (
    DELIMITER,
    END,
    FERMATA,
    FIRST_NOTE,
    START,
    BachbotVocabulary,
    IntArray,
    common_shift,
)
from generator.families.fill_run import FillRun
from generator.music.grid.chorale import REST, VOICE_RANGES, BoolArray, Chorale

FloatArray = NDArray[np.float32]

NONE = -1
"""Stands for a symbol that is not forced, and for a note that cannot be held over."""
WIDER = 4
"""How many times more texts a beam has inside a frame."""
FORESIGHT = 32
"""Frames after the last written one that still weigh the texts: two bars of 4/4."""


@dataclass(frozen=True)
class ForcedText:
    """What is given of a chorale, as symbols.

    Attributes
    ----------
    forced : int64[T, 4]
        The symbol of each given cell; `NONE` in written cells.
    ties : int64[T, 4]
        The symbol that holds a given cell's note over, if a written voice may have it.
    fermata : bool[T]
    starts : four of int64[K]
        The notes that each voice may begin where it is written.
    """

    forced: IntArray
    ties: IntArray
    fermata: BoolArray
    starts: tuple[IntArray, ...]

    @classmethod
    def of(cls, chorale: Chorale, given: BoolArray, vocabulary: BachbotVocabulary) -> ForcedText:
        symbols = vocabulary.frames(chorale)
        low, high = np.array(VOICE_RANGES).T[:, :, None]
        holdable = given & (low <= chorale.pitch) & (chorale.pitch <= high)
        shift = common_shift(chorale.key)
        return cls(
            forced=np.where(given.T, symbols, NONE),
            ties=np.where(holdable.T, tie_of(symbols), NONE),
            fermata=chorale.fermata,
            starts=tuple(
                vocabulary.notes(np.arange(lowest, highest + 1) + shift, False)
                for lowest, highest in VOICE_RANGES
            ),
        )


def tie_of(symbols: IntArray) -> IntArray:
    """The symbols that hold these notes over; `NONE` of rests."""
    held = ((symbols - FIRST_NOTE) | 1) + FIRST_NOTE
    return np.where(symbols < FIRST_NOTE, NONE, held)


def written_notes(
    frames: IntArray, chorale: Chorale, vocabulary: BachbotVocabulary
) -> tuple[IntArray, BoolArray]:
    """int64[4, T] and bool[4, T]: the pitches in the chorale's key of frames, and what begins."""
    pitch = vocabulary.pitches(frames.T)
    sounding = np.where(pitch == REST, REST, pitch - common_shift(chorale.key))
    return sounding, vocabulary.begins(frames.T)


class TextSearch(ABC):
    """Writes the open cells of one text.

    Parameters
    ----------
    reader : BachbotReader
    text : ForcedText
    width : int
        Texts that are kept after each frame.
    """

    def __init__(self, reader: BachbotReader, text: ForcedText, width: int) -> None:
        self.reader = reader
        self.text = text
        self.width = width
        self.score = np.zeros(1, dtype=np.float64)  # of each text
        self.ties = np.full((1, 4), NONE)  # what each voice of each text may hold over
        self._state: State = reader.begin(1)
        self._values = torch.empty(0)  # what the reader makes of all symbols so far
        self._chosen: list[tuple[int, IntArray]] = []  # place among the cells, and its symbols
        self._parents: list[tuple[int, IntArray]] = []  # cells chosen before, and whose text
        self._read(np.array([START]))

    @abstractmethod
    def choose(self, allowed: FloatArray) -> IntArray:
        """For a written cell of each text, the place of its symbol; `follow` may come first.

        Parameters
        ----------
        allowed : float32[N, 1 + K]
            Log-probabilities: that the voice holds its note over, minus infinity where there is
            none to hold; then of the notes that it may begin.
        """

    @abstractmethod
    def end_frame(self) -> None:
        """Choose among the texts."""

    @abstractmethod
    def best(self) -> int:
        """Which text is the piece."""

    @property
    def texts(self) -> int:
        return len(self.score)

    def write(self, run: FillRun) -> IntArray:
        """int64[T, 4]: the symbols of all frames, of the text that is chosen at the end."""
        steps = len(self.text.forced)
        written = np.flatnonzero((self.text.forced == NONE).any(axis=1))
        stop = min(steps, int(written[-1]) + 1 + FORESIGHT) if written.size else 0
        for step in run.needed(stop):
            self._frame(step)
        if stop == steps:
            self._expect(END)
        return self._traced(self.best())

    def follow(self, parents: IntArray) -> None:
        """Go on with these texts; one may be taken several times."""
        self._parents.append((len(self._chosen), parents))
        self.score, self.ties = self.score[parents], self.ties[parents]
        rows = torch.from_numpy(parents)
        self._state = [(output[rows], cell[rows]) for output, cell in self._state]
        self._values = self._values[rows]

    def _frame(self, step: int) -> None:
        if self.text.fermata[step]:
            self._force(FERMATA)
        for voice in range(4):
            symbol = int(self.text.forced[step, voice])
            if symbol == NONE:
                self._write(step, voice)
            else:
                self._force(symbol)
                self.ties[:, voice] = self.text.ties[step, voice]
        # A delimiter follows the fourth voice as a matter of course.
        self._read(np.full(self.texts, DELIMITER))
        self.end_frame()

    def _force(self, symbol: int) -> None:
        self._expect(symbol)
        self._read(np.full(self.texts, symbol))

    def _expect(self, symbol: int) -> None:
        """Score each text by how much it expects a symbol; where there is one, nothing depends."""
        if self.texts > 1:
            self.score += self._log_probs()[:, symbol]

    def _read(self, symbols: IntArray) -> None:
        self._values, self._state = self.reader.read(torch.from_numpy(symbols), self._state)

    def _log_probs(self) -> FloatArray:
        """float32[N, V]: of the next symbol of each text."""
        told: FloatArray = torch.log_softmax(self.reader.logits(self._values), 1).numpy()
        return told

    def _write(self, step: int, voice: int) -> None:
        starts = self.text.starts[voice]
        told, ties = self._log_probs(), self.ties[:, voice]
        allowed = np.empty((self.texts, 1 + len(starts)), dtype=np.float32)
        allowed[:, 0] = np.where(ties == NONE, -np.inf, told[np.arange(self.texts), ties])
        allowed[:, 1:] = told[:, starts]
        places = self.choose(allowed)
        symbols = np.where(places == 0, self.ties[:, voice], starts[places - 1])
        self._chosen.append((4 * step + voice, symbols))
        self.ties[:, voice] = tie_of(symbols)
        self._read(symbols)

    def _traced(self, text: int) -> IntArray:
        """The frames of a text, back from its end."""
        frames = self.text.forced.copy()
        cells, parents = frames.reshape(-1), self._parents.copy()
        for index in range(len(self._chosen) - 1, -1, -1):
            while parents and parents[-1][0] > index:
                text = int(parents.pop()[1][text])
            place, symbols = self._chosen[index]
            cells[place] = symbols[text]
        return frames


class ParticleSearch(TextSearch):
    """Sequential Monte Carlo; a single particle is a plain draw from left to right."""

    def __init__(
        self,
        reader: BachbotReader,
        text: ForcedText,
        width: int,
        *,
        temperature: float,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(reader, text, width)
        self.temperature = temperature
        self.rng = rng

    def choose(self, allowed: FloatArray) -> IntArray:
        if self.texts < self.width:
            self.follow(np.zeros(self.width, dtype=np.int64))
            allowed = allowed.repeat(self.width, axis=0)
        highest = allowed.max(axis=1, keepdims=True)
        self.score += highest[:, 0] + np.log(np.exp(allowed - highest).sum(axis=1))
        sums = np.exp((allowed - highest) / self.temperature).cumsum(axis=1, dtype=np.float64)
        draws = self.rng.random((self.texts, 1)) * sums[:, -1:]
        places: IntArray = np.minimum((sums <= draws).sum(axis=1), allowed.shape[1] - 1)
        return places

    def end_frame(self) -> None:
        if self.texts == 1:
            return
        weights = self._weights()
        if 1 / (weights**2).sum() < self.texts / 2:
            places = (np.arange(self.texts) + self.rng.random()) / self.texts
            self.follow(np.searchsorted(weights.cumsum()[:-1], places, side="right"))
            self.score[:] = 0

    def best(self) -> int:
        return int(np.searchsorted(self._weights().cumsum()[:-1], self.rng.random(), side="right"))

    def _weights(self) -> NDArray[np.float64]:
        weights = np.exp(self.score - self.score.max())
        normed: NDArray[np.float64] = weights / weights.sum()
        return normed


class BeamSearch(TextSearch):
    """The likeliest texts, by all their symbols; with a width of 1 the likeliest symbol each time.

    Ties between equal scores go to the first, so that a piece depends on nothing else.
    """

    def choose(self, allowed: FloatArray) -> IntArray:
        places: IntArray
        if self.width == 1:
            places = allowed.argmax(axis=1)
            return places
        scores = (self.score[:, None] + allowed).ravel()
        best = _first(scores, min(WIDER * self.width, int(np.isfinite(scores).sum())))
        parents, places = np.divmod(best, allowed.shape[1])
        self.follow(parents)
        self.score = scores[best]
        return places

    def end_frame(self) -> None:
        if self.texts > self.width:
            self.follow(_first(self.score, self.width))

    def best(self) -> int:
        return int(self.score.argmax())


def _first(scores: NDArray[np.float64], count: int) -> IntArray:
    """Places of the highest scores, the highest first."""
    places: IntArray = np.argsort(-scores, kind="stable")[:count]
    return places
