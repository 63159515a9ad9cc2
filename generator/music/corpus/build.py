"""Builds the corpus file from music21's chorales."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from generator.atomic_write import atomic_write
from generator.music.corpus.titles import title_of
from generator.music.corpus.tunes import tune_families
from generator.music.corpus.works import (
    DEFAULT_FILE,
    IMPORTER_VERSION,
    Corpus,
    CorpusError,
    CorpusWork,
    load_corpus,
    reading,
)

Progress = Callable[[Iterable[Path]], Iterable[Path]]


def build_corpus(path: Path = DEFAULT_FILE, *, progress: Progress | None = None) -> Corpus:
    """Read all chorales of the installed music21 into `path`, unless they are there already.

    The file appears whole or not at all, so the build may be interrupted and repeated.

    Parameters
    ----------
    path : Path
    progress : callable, optional
        Wraps the list of files, like ``tqdm``.

    Raises
    ------
    CorpusError
        If music21 or its corpus is missing, or the file cannot be written.
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


def _source() -> dict[str, Any]:
    try:
        return {"music21": version("music21"), "importer": IMPORTER_VERSION}
    except PackageNotFoundError as error:
        raise CorpusError(
            "music21, which carries the chorales, is not installed; run: make setup"
        ) from error


def _read_all(progress: Progress) -> Corpus:
    from generator.music.corpus import music21_import

    files = music21_import.chorale_files()
    titles = music21_import.known_titles()
    works: dict[str, CorpusWork] = {}
    excluded: dict[str, str] = {}
    for path in progress(files):
        bwv = music21_import.bwv_of(path)
        try:
            imported = music21_import.read_work(path)
        except music21_import.UnfitScore as reason:
            excluded[bwv] = str(reason)
            continue
        title = titles.get(bwv, imported.text)
        works[bwv] = CorpusWork(
            bwv, title, imported.chorale, imported.repeats, "", imported.instrumental
        )
    return Corpus(_with_tunes(works), excluded)


def _with_tunes(works: dict[str, CorpusWork]) -> dict[str, CorpusWork]:
    """The works with their tune families, and the titles by which listeners know them."""
    tunes = tune_families({bwv: work.chorale for bwv, work in works.items()})
    melody: dict[str, str] = {}
    for bwv, work in works.items():
        if work.title:
            melody.setdefault(tunes[bwv], work.title)
    complete = {}
    for bwv, work in works.items():
        tune = tunes[bwv]
        fallback = melody.get(tune, f"Chorale BWV {bwv[3:]}")
        title = title_of(bwv, work.title or fallback).title
        chorale = replace(work.chorale, title=title)
        complete[bwv] = replace(work, title=title, chorale=chorale, tune=tune)
    return complete


def _write(corpus: Corpus, source: dict[str, Any], path: Path) -> None:
    chorales = [work.chorale for work in corpus.works.values()]
    header = {
        "source": source,
        "excluded": corpus.excluded,
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
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    atomic_write(path, file.getvalue())


@contextmanager
def _writing_to(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"cannot write the corpus to {path}: {error.strerror}; "
            "make the folder writable or set VAR_DIR to another one"
        ) from error


def _header_source(path: Path) -> Any:
    try:
        with reading(path) as arrays:
            return json.loads(arrays["header"].tobytes())["source"]
    except CorpusError:
        return None
