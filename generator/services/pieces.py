from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from django.conf import settings as site_settings
from django.db import transaction
from django.utils.timezone import now

from generator.errors import GenerationError, GeneratorError, OrderError
from generator.families.base import checked_temperature
from generator.models import Composer, Excerpt, Piece
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import checked_condition, given_for
from generator.rendering.clip import Clip, render_clip
from generator.services.claims import (
    ClaimLost,
    claim,
    claimed,
    give_up,
    put_back,
    renewed_lease,
)
from generator.services.clips import drop_clip, finish_clip, store_clip
from generator.services.composer_source import ComposerError
from generator.services.composers import ready_version, unseen_fold, version_source
from generator.services.fill_piece import fill_piece
from generator.services.outages import Backoff, describe, outage_behind
from generator.services.pairs import copied_run, join_pairs

logger = logging.getLogger(__name__)
MAX_SEED = 2**31 - 1  # of a column of PostgreSQL

# A worker waits after an outage, before it makes the next piece.
making = Backoff("making pieces")


@dataclass(frozen=True)
class ProducedPiece:
    chorale: Chorale
    clip: Clip
    copied_run: int | None = None
    settings: Mapping[str, float | int | str] = field(default_factory=dict)


def new_piece(
    excerpt: Excerpt,
    composer: Composer,
    condition: str,
    *,
    seed: int,
    temperature: float = 1.0,
    settings: Mapping[str, str] | None = None,
) -> tuple[Piece, bool]:
    """A row that waits for a worker, and whether it is new.

    Raises
    ------
    OrderError
        If the condition is unknown, the temperature or the seed is not valid, or the piece exists
        with other settings.
    ComposerError
        If the composer has no member that never saw the tune, or no such setting.
    """
    try:
        checked_condition(condition)
        checked_temperature(temperature)
    except ValueError as error:
        raise OrderError(str(error)) from error
    if not 0 <= seed <= MAX_SEED:
        raise OrderError(f"seed {seed}; use a whole number from 0 to {MAX_SEED}")
    version = ready_version(composer)
    source = version_source(version, settings)
    fold = unseen_fold(source, excerpt.work)
    # Without settings nothing is loaded: the order may come from a web process.
    known = source.load().settings if settings else {}
    wanted = {name: known[name] for name in settings or {}}
    piece, is_new = Piece.objects.get_or_create(
        excerpt=excerpt,
        version=version,
        condition=condition,
        seed=seed,
        defaults={
            "tune": excerpt.work.tune,
            "temperature": temperature,
            "fold": fold,
            "settings": wanted,
        },
    )
    stored = {"temperature": piece.temperature}
    stored |= {name: piece.settings.get(name) for name in wanted}
    if stored != {"temperature": temperature} | wanted:
        raise OrderError(f"{piece} exists already, made with {stored}; use another seed")
    return piece, is_new


def bach_piece(excerpt: Excerpt) -> tuple[Piece, bool]:
    defaults = {"tune": excerpt.work.tune}
    return Piece.objects.get_or_create(excerpt=excerpt, version=None, defaults=defaults)


def produce_piece(piece_id: int) -> str:
    """Make a piece that waits, and the pair if it is complete; the piece's status afterwards.

    1. Claim the piece by a conditional update; a worker that changes no row leaves it alone.
    2. Renew the lease while working, so that only a dead worker's piece is taken over.
    3. Write the result and the pair in one transaction, if the claim still stands.
    4. After an outage let the piece wait; a defect of the composer or of the code fails it.
    """
    piece = claim(piece_id)
    if piece is not None:
        with renewed_lease(piece):
            _produce(piece)
    return str(Piece.objects.values_list("status", flat=True).get(id=piece_id))


def _produce(piece: Piece) -> None:
    started = monotonic()
    try:
        _finish(piece, _make(piece))
    except ClaimLost:
        logger.warning("%s: another worker took over; this result is dropped", piece)
    except Exception as error:
        if outage := outage_behind(error):
            making.failed(outage)
            put_back(piece, outage)
        elif isinstance(error, GeneratorError):
            logger.warning("%s: %s", piece, error)
            give_up(piece, str(error), permanent=error.permanent)
        else:  # a bug: the admin sees why, and it is raised again
            # Otherwise the piece would wait for its lease to end, and fail again and again.
            logger.exception("%s", piece)
            give_up(piece, describe(error), permanent=True)
            raise
    else:
        making.worked()
        logger.info("%s: done in %.1f s", piece, monotonic() - started)


def _make(piece: Piece) -> ProducedPiece:
    corpus = load_corpus(site_settings.CORPUS_FILE)
    excerpt = piece.excerpt
    assert excerpt is not None  # only pieces of a collection have none, and nobody makes those
    original = corpus.work(excerpt.work.bwv).chorale.slice(excerpt.start, excerpt.stop)
    if piece.version is None:
        return ProducedPiece(original, _clip(original))
    source = version_source(piece.version, piece.settings)
    if unseen_fold(source, excerpt.work) != piece.fold:
        raise ComposerError(f"{piece} was ordered from a member that may not write it")
    family = source.member(piece.fold)
    try:
        given = given_for(piece.condition, original)
    except ValueError as error:
        raise GenerationError(str(error), permanent=True) from error
    chorale = fill_piece(family, original, given, seed=piece.seed, temperature=piece.temperature)
    copied = copied_run(chorale, original, source.trained_on(piece.fold))
    return ProducedPiece(chorale, _clip(chorale), copied, family.settings)


def _clip(chorale: Chorale) -> Clip:
    return render_clip(chorale, soundfont=site_settings.SOUNDFONT)


def _finish(piece: Piece, produced: ProducedPiece) -> None:
    rendering = store_clip(piece, produced.clip)
    try:
        with transaction.atomic():
            # Workers that finish pieces of one excerpt take turns, so that the last sees them all.
            Excerpt.objects.select_for_update().get(pieces=piece)
            _write(piece, produced)
            finish_clip(rendering, produced.clip)
            join_pairs(piece)
    except ClaimLost:
        drop_clip(rendering)
        raise


def _write(piece: Piece, produced: ProducedPiece) -> None:
    changed = claimed(piece).update(
        status=Piece.Status.DONE,
        lease_until=None,
        error="",
        grid=to_json(produced.chorale),
        copied_run=produced.copied_run,
        settings=dict(produced.settings),
        done=now(),
    )
    if not changed:
        raise ClaimLost
