"""The works that a member may cut up: their numbers in a checkpoint, their notes in the corpus.

A checkpoint holds no notes. It names each work, and a hash of its notes, so that another corpus
can never change what a version writes without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.music.corpus.works import Corpus, CorpusError, load_corpus
from generator.music.grid.chorale import Chorale

NAME = 24
"""Characters of a work's number; the longest of the corpus has 14."""

Names = NDArray[np.int16]
Digests = NDArray[np.int64]


def name_codes(names: Sequence[str]) -> Names:
    """int16[works, NAME]: the characters of each name, and zeros after them.

    Raises
    ------
    ValueError
        If a name is longer, or has other characters than those of ASCII.
    """
    codes = np.zeros((len(names), NAME), dtype=np.int16)
    for row, name in zip(codes, names, strict=True):
        if not (name.isascii() and 0 < len(name) <= NAME):
            raise ValueError(f"work {name!r}; a number has 1 to {NAME} characters of ASCII")
        row[: len(name)] = list(name.encode())
    return codes


def names_of(codes: Names) -> tuple[str, ...]:
    """The names that `name_codes` wrote.

    Raises
    ------
    ValueError
        If a row is no name, or a name stands there twice.

    Examples
    --------
    >>> names_of(name_codes(["BWV269", "BWV66.6"]))
    ('BWV269', 'BWV66.6')
    """
    names = []
    for row in codes:
        length = int(np.count_nonzero(row))
        if not length or not row[:length].all() or (row < 0).any() or (row > 126).any():
            raise ValueError(f"works holds {row.tolist()}, which is no number of a work")
        names.append(bytes(row[:length].tolist()).decode("ascii"))
    if len(set(names)) < len(names):
        raise ValueError("works names a work twice")
    return tuple(names)


def digest_of(chorale: Chorale) -> int:
    """A hash of a work's notes and frame, as a signed number of 64 bits."""
    digest = hashlib.sha256(f"{chorale.key} {chorale.metre} {chorale.anacrusis}\n".encode())
    digest.update(chorale.pitch.astype("<i2").tobytes())
    digest.update(chorale.onset.tobytes() + chorale.fermata.tobytes())
    return int.from_bytes(digest.digest()[:8], "little", signed=True)


def known_corpus() -> Corpus:
    """The corpus that set-up builds.

    Raises
    ------
    CorpusError
        If it is missing, or may not be read: a composer that was uploaded is tried out in a box
        that holds its checkpoint and nothing of the site.
    """
    try:
        return load_corpus()
    except CorpusError as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        raise CorpusError(
            "family 'splice' cuts its snippets from the corpus, which may not be read here; it "
            "plays where the corpus is, as a composer that comes with the code"
        ) from error


def chorales_of(names: Sequence[str], digests: Digests) -> tuple[Chorale, ...]:
    """The works from the corpus.

    Raises
    ------
    CorpusError
        If the corpus cannot be read.
    ValueError
        If it lacks one of them, or has other notes for it.
    """
    works = known_corpus().works
    if missing := [name for name in names if name not in works]:
        raise ValueError(
            f"the corpus lacks {len(missing)} of {len(names)} works, {missing[0]} among them; "
            "build it again with make setup, or choose another composer"
        )
    chorales = tuple(works[name].chorale for name in names)
    for name, chorale, digest in zip(names, chorales, digests.tolist(), strict=True):
        if digest_of(chorale) != digest:
            raise ValueError(
                f"the corpus has other notes for {name} than the checkpoint was made with; build "
                "it again with make setup, or train the composer again"
            )
    return chorales
