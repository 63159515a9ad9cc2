"""The corpus: Bach's chorales as works on the grid, built once from music21 into one file.

Conventions
-----------
Works are known by their BWV number as music21's files write it, letters kept: ``"BWV66.6"``,
``"BWV248.35-3c"``. A repeat is a span of steps and is not expanded; a first ending counts into it.
The file is one ``.npz`` without pickles: all grids side by side, and a JSON header.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from generator.errors import GeneratorError
from generator.music.chorale import Chorale
from generator.music.tunes import tune_families

DEFAULT_FILE = Path(os.environ.get("VAR_DIR") or Path(__file__).parents[2] / "var") / "corpus.npz"
# Raised whenever the same music21 would give another corpus.
IMPORTER_VERSION = 1

Progress = Callable[[Iterable[Path]], Iterable[Path]]


class CorpusError(GeneratorError):
    """The corpus cannot be built or read."""


@dataclass(frozen=True)
class Work:
    """One chorale of Bach's.

    Parameters
    ----------
    bwv : str
        As ``"BWV269"``.
    repeats : tuple of (start, stop)
        Steps that are played twice; the chorale holds them once.
    tune : str
        Its tune family, named after the first work in it.
    instrumental : bool
        Whether the source has instruments beside the four voices.
    """

    bwv: str
    title: str
    chorale: Chorale
    repeats: tuple[tuple[int, int], ...]
    tune: str
    instrumental: bool


@dataclass(frozen=True)
class Corpus:
    """All works by BWV number, and the reason for each one that is left out."""

    works: dict[str, Work]
    left_out: dict[str, str]

    def work(self, bwv: str) -> Work:
        """A work by its BWV number, upper or lower case.

        Raises
        ------
        CorpusError
            If there is none, with the reason where it was left out.
        """
        name = self._names.get(bwv.strip().replace(" ", "").lower())
        if name is None:
            raise CorpusError(f"no work {bwv!r} in the corpus; names look like BWV269 or BWV66.6")
        if name in self.left_out:
            raise CorpusError(f"{name} is left out of the corpus: {self.left_out[name]}")
        return self.works[name]

    @cached_property
    def data_hash(self) -> str:
        """sha256 over names and grids, for checkpoints."""
        digest = hashlib.sha256()
        for name, work in self.works.items():
            chorale = work.chorale
            digest.update(f"{name} {chorale.key} {chorale.metre} {chorale.anacrusis}\n".encode())
            digest.update(chorale.pitch.astype("<i2").tobytes())
            digest.update(chorale.onset.tobytes() + chorale.fermata.tobytes())
        return digest.hexdigest()

    @cached_property
    def _names(self) -> dict[str, str]:
        return {name.lower(): name for name in (*self.works, *self.left_out)}


def build_corpus(path: Path = DEFAULT_FILE, *, progress: Progress | None = None) -> Corpus:
    """Read all chorales of the installed music21 into `path`, unless it holds them already.

    The file appears whole or not at all, so that the build may be interrupted and repeated.

    Parameters
    ----------
    path : Path
    progress : callable, optional
        Wraps the list of files, as ``tqdm`` does.

    Raises
    ------
    CorpusError
        If music21, its corpus or a folder to write to is missing.
    """
    source = _source()
    if path.is_file() and _header_source(path) == source:
        return load_corpus(path)
    with _writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()  # before half a minute of reading
    corpus = _read_all(progress or (lambda files: files))
    with _writing_to(path):
        _write(corpus, source, path)
    return corpus


def load_corpus(path: Path = DEFAULT_FILE) -> Corpus:
    """The corpus from its file; read once in a process, without music21.

    Raises
    ------
    CorpusError
        If the file is missing, broken or older than this code.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise CorpusError(f"no corpus at {path}; build it with: make setup") from error
    return _load(path, changed)


def _source() -> dict[str, Any]:
    try:
        return {"music21": version("music21"), "importer": IMPORTER_VERSION}
    except PackageNotFoundError as error:
        raise CorpusError(
            "music21, which carries the chorales, is not installed; run: make setup"
        ) from error


def _read_all(progress: Progress) -> Corpus:
    from generator.music import corpus_import

    files = corpus_import.chorale_files()
    titles = corpus_import.known_titles()
    works: dict[str, Work] = {}
    left_out: dict[str, str] = {}
    for path in progress(files):
        bwv = corpus_import.bwv_of(path)
        try:
            read = corpus_import.read_work(path)
        except corpus_import.UnfitScore as reason:
            left_out[bwv] = str(reason)
            continue
        title = titles.get(bwv, read.text)
        works[bwv] = Work(bwv, title, read.chorale, read.repeats, "", read.instrumental)
    return Corpus(_named(works), left_out)


def _named(works: dict[str, Work]) -> dict[str, Work]:
    """The works with their tune families and, from these, the titles that the sources lack."""
    tunes = tune_families({bwv: work.chorale for bwv, work in works.items()})
    melody: dict[str, str] = {}
    for bwv, work in works.items():
        if work.title:
            melody.setdefault(tunes[bwv], work.title)
    named = {}
    for bwv, work in works.items():
        tune = tunes[bwv]
        fallback = f"Melody: {melody[tune]}" if tune in melody else f"Chorale BWV {bwv[3:]}"
        title = work.title or fallback
        chorale = replace(work.chorale, title=title)
        named[bwv] = replace(work, title=title, chorale=chorale, tune=tune)
    return named


def _write(corpus: Corpus, source: dict[str, Any], path: Path) -> None:
    chorales = [work.chorale for work in corpus.works.values()]
    header = {
        "source": source,
        "left_out": corpus.left_out,
        "works": [
            {
                "bwv": work.bwv,
                "title": work.title,
                "steps": work.chorale.steps,
                "metre": work.chorale.metre,
                "key": work.chorale.key,
                "anacrusis": work.chorale.anacrusis,
                "repeats": work.repeats,
                "tune": work.tune,
                "instrumental": work.instrumental,
            }
            for work in corpus.works.values()
        ],
    }
    arrays = {
        "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
        "pitch": np.concatenate([chorale.pitch for chorale in chorales], axis=1),
        "onset": np.concatenate([chorale.onset for chorale in chorales], axis=1),
        "fermata": np.concatenate([chorale.fermata for chorale in chorales]),
    }
    _write_whole(arrays, path)


@contextmanager
def _writing_to(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"cannot write the corpus to {path}: {error.strerror}; "
            "make the folder writable or set VAR_DIR to another one"
        ) from error


def _write_whole(arrays: dict[str, Any], path: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _reading(path: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays of a corpus file; whatever is wrong with it is one CorpusError."""
    try:
        # Opened here, since numpy leaves a broken archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile, zlib.error) as error:
        raise CorpusError(f"{path} is no corpus file; delete it and run: make setup") from error


def _header_source(path: Path) -> Any:
    try:
        with _reading(path) as arrays:
            return json.loads(arrays["header"].tobytes())["source"]
    except CorpusError:
        return None


@lru_cache(maxsize=4)
def _load(path: Path, changed: int) -> Corpus:
    with _reading(path) as arrays:
        header = json.loads(arrays["header"].tobytes())
        if header["source"]["importer"] != IMPORTER_VERSION:
            raise CorpusError(f"{path} is from another version of this code; run: make setup")
        pitch, onset, fermata = arrays["pitch"], arrays["onset"], arrays["fermata"]
        works, start = {}, 0
        for entry in header["works"]:
            stop = start + entry["steps"]
            works[entry["bwv"]] = Work(
                entry["bwv"],
                entry["title"],
                Chorale(
                    pitch=pitch[:, start:stop],
                    onset=onset[:, start:stop],
                    fermata=fermata[start:stop],
                    metre=tuple((step, name) for step, name in entry["metre"]),
                    key=entry["key"],
                    anacrusis=entry["anacrusis"],
                    bwv=entry["bwv"],
                    title=entry["title"],
                ),
                tuple((first, last) for first, last in entry["repeats"]),
                entry["tune"],
                entry["instrumental"],
            )
            start = stop
    return Corpus(works, header["left_out"])


if __name__ == "__main__":
    from tqdm import tqdm

    try:
        built = build_corpus(progress=lambda files: tqdm(files, desc="reading chorales"))
    except GeneratorError as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(f"{len(built.works)} works, {len(built.left_out)} left out: {DEFAULT_FILE}\n")
