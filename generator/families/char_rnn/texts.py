"""Chorales as sequences of characters, for training and for a fill.

Characters are numbers: their places in `CHARACTERS`, so the keys of the piano are 0..87.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.music.formats.piano_text.key_text import (
    AGAIN,
    CHARACTERS,
    END,
    PIANO_KEYS,
    STEP,
    TAG_CLOSES,
    TAG_DIVIDES,
    TAG_OPENS,
    keys_to_text,
    tag_of,
)
from generator.music.grid.chorale import Chorale
from generator.music.grid.voice_assignment import key_sets

CharArray = NDArray[np.int64]

SIZE = len(CHARACTERS)
SPACE, REPEAT, NEWLINE = (CHARACTERS.index(sign) for sign in (STEP, AGAIN, END))
TAG_SIGNS = tuple(CHARACTERS.index(sign) for sign in (TAG_OPENS, TAG_DIVIDES, TAG_CLOSES))
MAX_SHIFT = (-6, 5)
"""Semitones by which the works are transposed: each in all twelve keys."""

_CODES = np.full(128, -1)
_CODES[[ord(sign) for sign in CHARACTERS]] = np.arange(SIZE)


def characters(text: str) -> CharArray:
    """The numbers of the characters of a text.

    Examples
    --------
    >>> characters("!x ").tolist()
    [0, 87, 88]
    """
    codes: CharArray = _CODES[np.frombuffer(text.encode("ascii"), dtype=np.uint8)]
    return codes


@dataclass(frozen=True, eq=False)
class PieceText:
    """A chorale as text, cut into steps, with the places where a tag may stand."""

    chorale: Chorale
    codes: CharArray
    """Of the text without tags, with the new line at its end."""
    starts: CharArray
    """int[T + 1]: where each step begins in `codes`, and where the last one ends."""

    @classmethod
    def of(cls, chorale: Chorale) -> PieceText:
        codes = characters(keys_to_text(*key_sets(chorale)))
        ends = np.flatnonzero(codes == SPACE) + 1
        return cls(chorale, codes, np.concatenate([[0], ends]))

    def from_step(
        self, start: int, *, semitones: int = 0, tags: bool = False, every: int = 0
    ) -> tuple[CharArray, NDArray[np.bool_]]:
        """The rest of the piece from a step on, transposed.

        Parameters
        ----------
        start : int
        semitones : int
        tags : bool
            Whether a tag stands before the first step.
        every : int
            Bars after which the tag is repeated, at a bar line; 0 for never.

        Returns
        -------
        codes : int64[n]
        sounds : bool[n]
            False for the characters of tags.
        """
        keys = self.codes < PIANO_KEYS
        codes = np.where(keys, self.codes + semitones, self.codes)
        if not tags:
            rest = codes[self.starts[start] :]
            return rest, np.ones(len(rest), dtype=np.bool_)
        at = [start, *tag_steps(self.chorale, start, every)]
        pieces, sounds = [], []
        bounds = [*self.starts[at].tolist(), len(codes)]
        for index, step in enumerate(at):
            tag = characters(tag_of(self.chorale, step, semitones))
            music = codes[bounds[index] : bounds[index + 1]]
            pieces += [tag, music]
            sounds += [np.zeros(len(tag), dtype=np.bool_), np.ones(len(music), dtype=np.bool_)]
        return np.concatenate(pieces), np.concatenate(sounds)


def tag_steps(chorale: Chorale, start: int, every: int) -> list[int]:
    """The bar lines after `start` at which a tag is repeated, every so many bars; 0 for never."""
    if not every:
        return []
    lines = np.flatnonzero(chorale.bar_phase() == 0)
    later: list[int] = lines[lines > start][every - 1 :: every].tolist()
    return later
