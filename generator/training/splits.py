"""The chorales of each part of a split, and the names by which a checkpoint lists them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from generator.music.corpus.jsb import load_jsb
from generator.music.corpus.splits import fold_split, tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import Chorale


@dataclass(frozen=True)
class SplitPart:
    """The chorales of one part, and their names in the `works` of a checkpoint."""

    names: tuple[str, ...]
    chorales: tuple[Chorale, ...]

    def digest(self) -> str:
        """sha256 of names, pitches and onsets: the `data` of a checkpoint."""
        digest = hashlib.sha256()
        for name, chorale in zip(self.names, self.chorales, strict=True):
            digest.update(name.encode())
            digest.update(chorale.pitch.tobytes() + chorale.onset.tobytes())
        return digest.hexdigest()


def load_split(split: str, fold: int = 0) -> dict[str, SplitPart]:
    """The parts train, valid and test of the split `jsb` or `tunes`, or of one fold of `folds`.

    Raises
    ------
    ValueError
        If the split has another name.
    """
    if split == "jsb":
        return {
            part: SplitPart(tuple(f"jsb/{part}/{i}" for i in range(len(chorales))), tuple(chorales))
            for part, chorales in load_jsb().items()
        }
    if split in ("tunes", "folds"):
        corpus = load_corpus()
        parts = tunes_split(corpus) if split == "tunes" else fold_split(corpus, fold)
        return {
            part: SplitPart(names, tuple(corpus.works[name].chorale for name in names))
            for part, names in parts.items()
        }
    raise ValueError(f"unknown split {split!r}; use jsb, tunes or folds")
