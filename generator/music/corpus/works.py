"""The corpus: Bach's chorales as works on the grid, built once from music21 into one file.

Conventions
-----------
Works are known by their BWV number as music21's files write it, with its letters: ``"BWV66.6"``,
``"BWV248.35-3c"``. A repeat is a span of steps and is not expanded; a first ending belongs to it.
The file is one ``.npz`` without pickles: all grids side by side, and a JSON header.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from generator.errors import GeneratorError
from generator.music.corpus.titles import title_of
from generator.music.grid.chorale import Chorale

DEFAULT_FILE = Path(os.environ.get("VAR_DIR") or Path(__file__).parents[3] / "var") / "corpus.npz"
# To be raised whenever the same music21 would give another corpus file.
IMPORTER_VERSION = 3


class CorpusError(GeneratorError):
    """The corpus cannot be built or read."""


@dataclass(frozen=True)
class CorpusWork:
    """One chorale by Bach.

    Parameters
    ----------
    bwv : str
        As ``"BWV269"``.
    repeats : tuple of (start, stop)
        Steps that are played twice; the chorale has them once.
    tune : str
        Its tune family, named after the family's first work.
    instrumental : bool
        Whether the source has instruments besides the four voices.
    """

    bwv: str
    title: str
    chorale: Chorale
    repeats: tuple[tuple[int, int], ...]
    tune: str
    instrumental: bool


@dataclass(frozen=True)
class Corpus:
    """All works by BWV number, and why each of the others is excluded."""

    works: dict[str, CorpusWork]
    excluded: dict[str, str]

    def work(self, bwv: str) -> CorpusWork:
        """A work by its BWV number, in upper or lower case.

        Raises
        ------
        CorpusError
            If there is none; the message says why, if it was excluded.
        """
        name = self._names.get(bwv.strip().replace(" ", "").lower())
        if name is None:
            raise CorpusError(f"no work {bwv!r} in the corpus; names look like BWV269 or BWV66.6")
        if name in self.excluded:
            raise CorpusError(f"{name} is excluded from the corpus: {self.excluded[name]}")
        return self.works[name]

    @cached_property
    def data_hash(self) -> str:
        """sha256 over names and grids."""
        digest = hashlib.sha256()
        for name, work in self.works.items():
            chorale = work.chorale
            digest.update(f"{name} {chorale.key} {chorale.metre} {chorale.anacrusis}\n".encode())
            digest.update(chorale.pitch.astype("<i2").tobytes())
            digest.update(chorale.onset.tobytes() + chorale.fermata.tobytes())
        return digest.hexdigest()

    @cached_property
    def _names(self) -> dict[str, str]:
        return {name.lower(): name for name in (*self.works, *self.excluded)}


def load_corpus(path: Path = DEFAULT_FILE) -> Corpus:
    """The corpus from its file, read once per process and without music21.

    Raises
    ------
    CorpusError
        If the file is missing, damaged or older than this code.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise CorpusError(f"no corpus at {path}; build it with: make setup") from error
    return _load(path, changed)


@contextmanager
def reading(path: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays of a corpus file; raises CorpusError for anything that is wrong with it."""
    try:
        # Opened here because numpy leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile, zlib.error) as error:
        raise CorpusError(f"{path} is not a corpus file; delete it and run: make setup") from error


@lru_cache(maxsize=4)
def _load(path: Path, changed: int) -> Corpus:
    with reading(path) as arrays:
        header = json.loads(arrays["header"].tobytes())
        if header["source"]["importer"] != IMPORTER_VERSION:
            raise CorpusError(f"{path} is from another version of this code; run: make setup")
        pitch, onset, fermata = arrays["pitch"], arrays["onset"], arrays["fermata"]
        works, start = {}, 0
        for entry in header["works"]:
            stop = start + entry["steps"]
            title = title_of(entry["bwv"], entry["title"]).title
            works[entry["bwv"]] = CorpusWork(
                entry["bwv"],
                title,
                Chorale(
                    pitch=pitch[:, start:stop],
                    onset=onset[:, start:stop],
                    fermata=fermata[start:stop],
                    metre=tuple((step, name) for step, name in entry["metre"]),
                    key=entry["key"],
                    anacrusis=entry["anacrusis"],
                    bwv=entry["bwv"],
                    title=title,
                ),
                tuple((first, last) for first, last in entry["repeats"]),
                entry["tune"],
                entry["instrumental"],
            )
            start = stop
    return Corpus(works, excluded=header["excluded"])
