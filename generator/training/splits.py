"""The chorales of each part of a split, with the names that a checkpoint lists them by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from generator.music.corpus.jsb import load_jsb
from generator.music.corpus.splits import fold_split, tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import Chorale


@dataclass(frozen=True)
class Part:
    """Chorales of one part of a split, with their names in `works` of a checkpoint."""

    names: tuple[str, ...]
    chorales: tuple[Chorale, ...]

    def digest(self) -> str:
        """sha256 over names, pitches and onsets: the data hash of a checkpoint."""
        digest = hashlib.sha256()
        for name, chorale in zip(self.names, self.chorales, strict=True):
            digest.update(name.encode())
            digest.update(chorale.pitch.tobytes() + chorale.onset.tobytes())
        return digest.hexdigest()


def load_split(split: str, fold: int = 0) -> dict[str, Part]:
    """Parts train, valid and test of the split `jsb`, `tunes` or `folds` (of one fold).

    Raises
    ------
    ValueError
        If the split has another name.
    """
    if split == "jsb":
        return {
            part: Part(tuple(f"jsb/{part}/{i}" for i in range(len(chorales))), tuple(chorales))
            for part, chorales in load_jsb().items()
        }
    if split in ("tunes", "folds"):
        corpus = load_corpus()
        parts = tunes_split(corpus) if split == "tunes" else fold_split(corpus, fold)
        return {
            part: Part(names, tuple(corpus.works[name].chorale for name in names))
            for part, names in parts.items()
        }
    raise ValueError(f"unknown split {split!r}; use jsb, tunes or folds")
