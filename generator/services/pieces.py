from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from django.conf import settings as site_settings
from django.db import transaction
from django.utils.timezone import now

from generator.errors import GenerationError, GeneratorError
from generator.models import Composer, Excerpt, Piece
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import CONDITIONS, Chorale
from generator.rendering.clip import Clip, render_clip
from generator.services.claims import ClaimLost, claim, give_up, held, kept_lease
from generator.services.clips import store_clip
from generator.services.composers import ComposerError, bach, source_of, unseen_fold
from generator.services.pairs import copied_run, join_pairs
from generator.services.writing import chosen_sampling, write_voices

logger = logging.getLogger(__name__)
LARGEST_SEED = 2**31 - 1  # of a column of PostgreSQL


class OrderError(GeneratorError):
    """A piece that nobody can make as it was asked for."""


@dataclass(frozen=True)
class Made:
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
        If the condition is unknown, the seed too great, or there is such a piece already, with
        other settings.
    GeneratorError
        If the composer has no member that never saw the tune, or no such settings of sampling.
    """
    if condition not in CONDITIONS:
        raise OrderError(f"unknown condition {condition!r}; use one of {', '.join(CONDITIONS)}")
    if not 0 <= seed <= LARGEST_SEED:
        raise OrderError(f"seed {seed}; use one of 0 to {LARGEST_SEED}")
    source = source_of(composer)
    fold = unseen_fold(source, excerpt.work)
    wanted = {}
    if settings:  # else nothing is loaded: who orders may be a web process
        chosen = chosen_sampling(source.load(), settings).sampling
        wanted = {name: chosen[name] for name in settings}
    piece, is_new = Piece.objects.get_or_create(
        excerpt=excerpt,
        composer=composer,
        condition=condition,
        seed=seed,
        defaults={"temperature": temperature, "fold": fold, "settings": wanted},
    )
    has = {"temperature": piece.temperature} | {name: piece.settings.get(name) for name in wanted}
    if has != {"temperature": temperature} | wanted:
        raise OrderError(f"{piece} is there already, made with {has}; use another seed")
    return piece, is_new


def bach_piece(excerpt: Excerpt) -> tuple[Piece, bool]:
    return Piece.objects.get_or_create(excerpt=excerpt, composer=bach(), condition="", seed=0)


def produce_piece(piece_id: int) -> str:
    """Make a piece that waits: notes, audio, and the pair if it is complete. The status after it.

    1. Claim it by a conditional update; whoever changes no row lets it be.
    2. Renew the lease while working, so that only a dead worker's piece is taken over.
    3. Write the result, if the claim still stands, and the pair in one transaction.
    """
    piece = claim(piece_id)
    if piece is not None:
        with kept_lease(piece):
            _produce(piece)
    return str(Piece.objects.values_list("status", flat=True).get(id=piece_id))


def _produce(piece: Piece) -> None:
    started = monotonic()
    try:
        _finish(piece, _make(piece))
    except ClaimLost:
        logger.warning("%s: another worker took it over; this result is dropped", piece)
    except GeneratorError as error:
        logger.warning("%s: %s", piece, error)
        give_up(piece, str(error), permanent=getattr(error, "permanent", True))
    except Exception as error:  # a defect of any kind: the admin sees why, and it is raised on
        # Without this the piece would wait for its lease to end and fail again and again.
        logger.exception("%s", piece)
        give_up(piece, f"{type(error).__name__}: {error}", permanent=True)
        raise
    else:
        logger.info("%s: done in %.1f s", piece, monotonic() - started)


def _make(piece: Piece) -> Made:
    corpus = load_corpus(site_settings.CORPUS_FILE)
    excerpt = piece.excerpt
    own = corpus.work(excerpt.work.bwv).chorale.slice(excerpt.start, excerpt.stop)
    if piece.composer.kind == Composer.Kind.BACH:
        return Made(own, _clip(own))
    if piece.composer.kind != Composer.Kind.CHECKPOINT:
        raise GenerationError(
            f"composer {piece.composer.slug!r} writes no pieces of its own", permanent=True
        )
    source = source_of(piece.composer)
    if unseen_fold(source, excerpt.work) != piece.fold:
        raise ComposerError(f"{piece} was ordered of another member than the one that may write it")
    family = chosen_sampling(source.member(piece.fold), piece.settings)
    chorale = write_voices(
        family, own, piece.condition, seed=piece.seed, temperature=piece.temperature
    )
    copied = copied_run(chorale, own, source.trained_on(piece.fold))
    return Made(chorale, _clip(chorale), copied, family.sampling)


def _clip(chorale: Chorale) -> Clip:
    return render_clip(chorale, soundfont=site_settings.SOUNDFONT)


def _finish(piece: Piece, made: Made) -> None:
    name = store_clip(piece, made.clip.mp3)
    try:
        with transaction.atomic():
            # Whoever finishes another piece of this excerpt waits here, so that one sees both.
            Excerpt.objects.select_for_update().get(id=piece.excerpt_id)
            _write(piece, made, name)
            join_pairs(piece)
    except ClaimLost:
        piece.clip.storage.delete(name)
        raise


def _write(piece: Piece, made: Made, clip: str) -> None:
    changed = held(piece).update(
        status=Piece.Status.DONE,
        lease_until=None,
        error="",
        grid=to_json(made.chorale),
        clip=clip,
        seconds=made.clip.seconds,
        fingerprint=made.clip.fingerprint,
        loudness=made.clip.loudness,
        copied_run=made.copied_run,
        settings=dict(made.settings),
        done=now(),
    )
    if not changed:
        raise ClaimLost
