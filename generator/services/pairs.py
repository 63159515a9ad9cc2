from __future__ import annotations

import logging
from collections.abc import Collection
from functools import lru_cache

import numpy as np
from django.conf import settings
from django.db.models import Q

from generator.errors import GenerationError
from generator.models import Excerpt, Pair, Piece, Version, Work
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.music.measures.copying import CopyIndex, SharedRun
from generator.services.rendered.clip_files import ClipFault, check_storage, files_of

logger = logging.getLogger(__name__)

# Events in a row shared with another work. Bach's excerpts share 4 with his works on other tunes
# (median; 90th percentile 6, at most 11), and machines that quote him 20. A run of 12 is a whole
# phrase and no coincidence.
MAX_COPIED_RUN = 12
NAMED_REASON = "a part of it is heard with its name on a composer's page"
DAMAGED = "damaged: "
SET_ASIDE_REASON = "set aside for samples that are heard with their names"


def copied_run(chorale: Chorale, original: Chorale, trained_on: Collection[str]) -> int:
    """Events of the longest run that a piece shares with another work by Bach.

    `original` is Bach's version of the excerpt. All works are compared, whether the composer was
    trained on them or not, except the work itself and its near-copies where the composer was
    trained on none of them: they share as much with Bach's own excerpt, and so must a piece that
    keeps some of his voices. A composer that was trained on no works is compared like any other.

    Raises
    ------
    GenerationError
        If there are training works and none is in the corpus, so that nothing can be compared.
    """
    corpus = load_corpus(settings.CORPUS_FILE)
    if trained_on and corpus.works.keys().isdisjoint(trained_on):
        raise GenerationError(
            "none of the composer's training works is in the corpus, so copying cannot be checked; "
            "choose a composer trained on the split 'tunes'",
            permanent=True,
        )
    return _run_beside(original, chorale, trained_on)


def collected_run(chorale: Chorale, original: Chorale | None, declared: Collection[str]) -> int:
    """The same of a piece of a collection, whose training works are declared or unknown.

    A whole chorale has no original: all works are compared.
    """
    if original is None:
        return _index(load_corpus(settings.CORPUS_FILE).data_hash).longest_run(chorale)
    return _run_beside(original, chorale, declared)


def shared_run(piece: Piece, chorale: Chorale) -> SharedRun | None:
    """The run that `copied_run` counts, with its places; None if nothing is shared."""
    corpus = load_corpus(settings.CORPUS_FILE)
    index = _index(corpus.data_hash)
    if piece.excerpt is None or piece.version is None:
        return index.longest_shared(chorale)
    original = corpus.work(piece.excerpt.work.bwv).chorale.slice(
        piece.excerpt.start, piece.excerpt.stop
    )
    return index.longest_shared(chorale, without=_near_copies(original) - _works_seen(piece))


def _works_seen(piece: Piece) -> set[str]:
    """What the member that wrote a piece was trained on."""
    version = piece.version
    if version is None or not version.members:
        return set()
    return set(version.members[piece.fold or 0]["trained_on"])


def _near_copies(original: Chorale) -> set[str]:
    runs = _index(load_corpus(settings.CORPUS_FILE).data_hash).longest_runs(original)
    return {bwv for bwv, run in runs.items() if run > MAX_COPIED_RUN}


def _run_beside(original: Chorale, chorale: Chorale, trained_on: Collection[str]) -> int:
    index = _index(load_corpus(settings.CORPUS_FILE).data_hash)
    return index.longest_run(chorale, without=_near_copies(original) - set(trained_on))


@lru_cache(maxsize=1)
def _index(data_hash: str) -> CopyIndex:
    # The hash is only the key of the cache: a corpus cannot be hashed itself.
    corpus = load_corpus(settings.CORPUS_FILE)
    return CopyIndex({bwv: work.chorale for bwv, work in corpus.works.items()})


def differing_share(bach: Chorale, machine: Chorale, condition: str) -> float:
    """Share of the written cells where the pitch differs, or whether a note begins."""
    differs = (bach.pitch != machine.pitch) | (bach.onset != machine.onset)
    written = ~given_for(condition, bach)
    return float(np.mean(differs[written]))


def join_pairs(piece: Piece) -> list[Pair]:
    """Pairs that a finished piece completes: its own, or all that waited for Bach's piece.

    A whole chorale of a collection has had its pair since it was imported.
    """
    if piece.excerpt_id is None:
        return [_judged(pair) for pair in piece.pairs.select_related("machine__version", "excerpt")]
    done = Piece.objects.filter(excerpt=piece.excerpt, status=Piece.Status.DONE)
    bach = done.by_bach().select_related("excerpt__work").first()
    if bach is None:
        return []
    waiting = done.written().filter(pairs=None).select_related("version")
    return [_join(bach, machine) for machine in waiting]


def _join(bach: Piece, machine: Piece) -> Pair:
    assert bach.excerpt and bach.grid and machine.grid  # they are done
    differing = differing_share(from_json(bach.grid), from_json(machine.grid), machine.condition)
    return Pair.objects.create(
        excerpt=bach.excerpt,
        tune=bach.excerpt.work.tune,
        bach=bach,
        machine=machine,
        differing=differing,
        excluded_reason=_excluded_reason(machine, bach.excerpt, bach.excerpt.work.tune, differing),
    )


def _judged(pair: Pair) -> Pair:
    if not pair.excluded_reason:  # what was excluded before it was made stays so
        pair.excluded_reason = _excluded_reason(pair.machine, pair.excerpt, pair.tune, None)
        pair.save(update_fields=["excluded_reason"])
    return pair


def _excluded_reason(machine: Piece, excerpt: Excerpt, tune: str, differing: float | None) -> str:
    if differing == 0:
        return "no written note differs from Bach's"
    version = machine.version
    assert version is not None  # written by a machine
    if version.kind == Version.Kind.COLLECTION and tune in _declared_tunes(version):
        return "its maker says that the system was trained on the tune"
    if (machine.copied_run or 0) > MAX_COPIED_RUN:
        return f"copies {machine.copied_run} events in a row from another work by Bach"
    if tune in SET_ASIDE_TUNES:
        return SET_ASIDE_REASON
    return NAMED_REASON if excerpt.named else ""


def _declared_tunes(version: Version) -> set[str]:
    works = Work.objects.filter(bwv__in=version.declared_works())
    return set(works.values_list("tune", flat=True))


def exclude_named(bwv: str, start: int, stop: int) -> int:
    """Keep excerpts out of rounds that share these steps of a work; how many pairs that takes.

    What is heard with its name on a page would be known again. Answers given stay.
    """
    heard = Excerpt.objects.filter(work__bwv=bwv, start__lt=stop, stop__gt=start)
    heard.update(named=True)
    pairs = Pair.objects.filter(excerpt__in=heard, excluded_reason="")
    return pairs.update(excluded_reason=NAMED_REASON)


def exclude_damaged(fault: ClipFault) -> int:
    """Keep a damaged clip out of rounds: the pairs that play it; how many they are.

    Raises
    ------
    StorageGoneError
        If all clips are missing, which is no fault of this one.
    """
    check_storage(fault)
    piece = fault.row.piece_id
    pairs = Pair.objects.filter(Q(bach=piece) | Q(machine=piece), excluded_reason="")
    played = files_of(pairs, fault.row.profile)
    hit = [pair for pair, files in played.items() if fault.row in files.rows()]
    count = Pair.objects.filter(id__in=hit).update(excluded_reason=f"{DAMAGED}{fault}")
    logger.error("%s: %s; pairs excluded: %d", fault, fault.row.file.name or "no file", count)
    return count


def exclude_set_aside() -> int:
    """Exclude the playable pairs on tunes that are kept for samples, and say how many they are.

    Doing so again changes nothing. Answers that were given to them stay.
    """
    pairs = Pair.objects.filter(tune__in=SET_ASIDE_TUNES, excluded_reason="")
    return pairs.update(excluded_reason=SET_ASIDE_REASON)
