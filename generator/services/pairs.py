from __future__ import annotations

from functools import lru_cache

import numpy as np
from django.conf import settings

from generator.errors import GenerationError
from generator.models import Composer, Pair, Piece
from generator.music.chorale import Chorale, given_for
from generator.music.copying import CopyIndex
from generator.music.corpus import Corpus, load_corpus
from generator.music.gridjson import from_json
from generator.services.composers import Source

# Events in a row shared with a training work. Bach shares 5 with himself (median; 90th percentile
# 7) and machines that quote him 20: a run of 12 is a whole phrase and no coincidence.
LONGEST_COPY = 12


def copied_run(source: Source, chorale: Chorale, corpus: Corpus) -> int:
    """Events of the longest run that a piece shares with what its composer was trained on.

    Raises
    ------
    GenerationError
        If none of the training works is in the corpus, so that nothing can be compared.
    """
    return _index(source.trained_on(), corpus.data_hash).longest_run(chorale)


@lru_cache(maxsize=4)
def _index(trained_on: frozenset[str], data_hash: str) -> CopyIndex:
    # A corpus cannot be a key of the cache, its hash can: it stands for the file as it is now.
    corpus = load_corpus(settings.CORPUS_FILE)
    known = {bwv: corpus.works[bwv].chorale for bwv in sorted(trained_on) if bwv in corpus.works}
    if not known:
        raise GenerationError(
            "none of the composer's training works is in the corpus, so copying cannot be checked; "
            "choose a composer trained on the split 'tunes'",
            permanent=True,
        )
    return CopyIndex(known)


def differing_share(bach: Chorale, machine: Chorale, condition: str) -> float:
    """Share of the written cells where the pitch, or whether a note begins, differs."""
    differs = (bach.pitch != machine.pitch) | (bach.onset != machine.onset)
    return float(np.mean(differs[~given_for(condition, bach.steps)]))


def join_pairs(piece: Piece) -> list[Pair]:
    """Pairs that a finished piece completes: its own, or for Bach's those that waited for it."""
    done = Piece.objects.filter(excerpt=piece.excerpt, status=Piece.Status.DONE)
    bach = done.filter(composer__kind=Composer.Kind.BACH).first()
    if bach is None:
        return []
    waiting = done.written().filter(pair=None)
    return [_join(bach, machine) for machine in waiting]


def _join(bach: Piece, machine: Piece) -> Pair:
    assert bach.grid and machine.grid  # they are done
    differing = differing_share(from_json(bach.grid), from_json(machine.grid), machine.condition)
    return Pair.objects.create(
        bach=bach,
        machine=machine,
        differing=differing,
        set_aside=_why_set_aside(machine, differing),
    )


def _why_set_aside(machine: Piece, differing: float) -> str:
    if differing == 0:
        return "no written note differs from Bach's"
    if (machine.copied_run or 0) > LONGEST_COPY:
        return f"copies {machine.copied_run} events in a row from a training work"
    return ""
