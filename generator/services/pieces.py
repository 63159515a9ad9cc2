from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

from django.conf import settings as site_settings
from django.db import transaction
from django.utils.timezone import now

from generator.errors import GenerationError, GeneratorError, OrderError
from generator.families.base import Family
from generator.families.fill_run import Budget, Progress
from generator.families.settings import Choices, Values, checked_values
from generator.families.settings import from_json as settings_from_json
from generator.families.time_limit import time_limit
from generator.models import Composer, Excerpt, Pair, Piece, Version
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import from_json, to_json
from generator.music.grid.chorale import BoolArray, Chorale
from generator.music.grid.conditions import checked_condition, given_for
from generator.rendering.clip import Clip, render_clip
from generator.rendering.events import common_samples
from generator.services.claims import (
    ClaimLost,
    Lease,
    claim,
    claimed,
    give_up,
    put_back,
    renewed_lease,
)
from generator.services.composer_source import ComposerError, ComposerSource
from generator.services.composers import (
    listed_members,
    ready_version,
    unseen_fold,
    version_source,
)
from generator.services.outages import Backoff, describe, outage_behind
from generator.services.pairs import collected_run, copied_run, join_pairs
from generator.services.rendered.clips import drop_clip, finish_clip, store_beside, store_clip
from generator.services.rendered.profiles_in_use import profiles_in_use

logger = logging.getLogger(__name__)
MAX_SEED = MAX_STEPS = 2**31 - 1  # of a column of PostgreSQL

# A worker waits after an outage, before it makes the next piece.
making = Backoff("making pieces")


@dataclass(frozen=True)
class ProducedPiece:
    chorale: Chorale
    clips: list[Clip]
    copied_run: int | None = None
    settings: Values = field(default_factory=dict)
    bach: list[Clip] = field(default_factory=list)
    """Bach's piece at the length of this one, where the two differ in length."""


def new_piece(
    excerpt: Excerpt,
    composer: Composer,
    condition: str,
    *,
    seed: int,
    settings: Choices | None = None,
    budget: Budget | None = None,
    version: Version | None = None,
) -> tuple[Piece, bool]:
    """A row that waits for a worker, and whether it is new; by the newest version if none is named.

    Raises
    ------
    OrderError
        If the condition is unknown, the seed, the budget or a setting is not valid, or the piece
        exists with other settings or another budget.
    ComposerError
        If the composer has no member that never saw the tune.
    """
    version = version or ready_version(composer)
    known = settings_from_json(version.settings)
    try:
        checked_condition(condition)
        values = checked_values(known, settings or {})
    except ValueError as error:
        raise OrderError(str(error)) from error
    if not 0 <= seed <= MAX_SEED:
        raise OrderError(f"seed {seed}; use a whole number from 0 to {MAX_SEED}")
    wanted = {name: values[name] for name in settings or {}}
    steps = budget.steps if budget else None
    if steps is not None and steps > MAX_STEPS:
        raise OrderError(f"a budget of {steps} steps; use at most {MAX_STEPS}")
    piece, is_new = Piece.objects.get_or_create(
        excerpt=excerpt,
        version=version,
        condition=condition,
        seed=seed,
        defaults={
            "tune": excerpt.work.tune,
            "fold": unseen_fold(composer.slug, listed_members(version), excerpt.work),
            "settings": wanted,
            "budget_steps": steps,
        },
    )
    if is_new:
        return piece, True
    # A piece that waits stores what was asked for; an old one also names that no longer exist.
    stored = {name: piece.settings.get(name, known[name].default) for name in known}
    if (stored, piece.budget_steps) != (values, steps):
        raise OrderError(
            f"{piece} exists already, ordered with {piece.settings} and a budget of "
            f"{piece.budget_steps} steps; use another seed"
        )
    return piece, False


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
        with renewed_lease(piece) as lease:
            _produce(piece, lease)
    return str(Piece.objects.values_list("status", flat=True).get(id=piece_id))


def _produce(piece: Piece, lease: Lease) -> None:
    started = monotonic()
    try:
        _finish(piece, _make(piece, lease))
    except ClaimLost:
        logger.warning("%s: another worker took over; this result is dropped", piece)
    except Exception as error:
        if outage := outage_behind(error):
            making.failed(outage)
            put_back(piece, outage)
        elif isinstance(error, GeneratorError):
            logger.warning("%s: %s", piece, error, exc_info=error.__cause__ is not None)
            give_up(piece, str(error), permanent=error.permanent)
        else:  # a bug: the admin sees why, and it is raised again
            # Otherwise the piece would wait for its lease to end, and fail again and again.
            logger.exception("%s", piece)
            give_up(piece, describe(error), permanent=True)
            raise
    else:
        making.worked()
        logger.info("%s: done in %.1f s", piece, monotonic() - started)


def _make(piece: Piece, lease: Lease) -> ProducedPiece:
    excerpt = _excerpt_of(piece)
    work = load_corpus(site_settings.CORPUS_FILE).work(excerpt.work.bwv)
    original = work.chorale.slice(excerpt.start, excerpt.stop)
    if piece.version is None:
        return ProducedPiece(original, _clips(original))
    if piece.source:
        return _collected(piece, piece.version, original)
    source = version_source(piece.version)
    if unseen_fold(source.slug, source.members, excerpt.work) != piece.fold:
        raise ComposerError(f"{piece} was ordered from a member that may not write it")
    try:
        given = given_for(piece.condition, original)
        chorale, settings = _filled(piece, source, original, given, lease)
    except ValueError as error:
        raise GenerationError(str(error), permanent=True) from error
    copied = copied_run(chorale, original, source.trained_on(piece.fold))
    return ProducedPiece(chorale, _clips(chorale), copied, settings)


def _excerpt_of(piece: Piece) -> Excerpt:
    """Its own, or the one that a whole chorale of a collection stands beside."""
    return piece.excerpt or Pair.objects.select_related("excerpt__work").get(machine=piece).excerpt


def _collected(piece: Piece, version: Version, original: Chorale) -> ProducedPiece:
    """A piece of a collection was written elsewhere: it is rendered and compared with Bach."""
    chorale = from_json(piece.grid or {})
    beside = original if piece.excerpt_id is not None else None
    copied = collected_run(chorale, beside, version.declared_works())
    longer = common_samples(chorale, original)
    if longer is None:
        return ProducedPiece(chorale, _clips(chorale), copied)
    return ProducedPiece(chorale, _clips(chorale, longer), copied, bach=_clips(original, longer))


def _filled(
    piece: Piece, source: ComposerSource, original: Chorale, given: BoolArray, lease: Lease
) -> tuple[Chorale, Values]:
    """The piece, and the values of all settings that it was written with."""
    seconds = site_settings.FILL_SECONDS
    with lease.at_most(seconds), time_limit(source.family, seconds):
        family = source.member(piece.fold)
        settings = source.values(piece.settings)
        chorale = Family.fill(
            family,
            original,
            given,
            seed=piece.seed,
            settings=settings,
            budget=Budget(piece.budget_steps, seconds),
            progress=_stop_when(lease.lost),
        )
    return chorale, settings


def _stop_when(lost: Event) -> Progress:
    """It holds nothing but the event: there is no way from it to the work."""

    def check(done: int, planned: int) -> None:
        if lost.is_set():
            raise ClaimLost

    return check


def _clips(chorale: Chorale, samples: int | None = None) -> list[Clip]:
    """One in each profile that is in use."""
    font = site_settings.SOUNDFONT
    return [
        render_clip(chorale, soundfont=font, samples=samples, profile=profile)
        for profile in profiles_in_use()
    ]


def _finish(piece: Piece, produced: ProducedPiece) -> None:
    excerpt = _excerpt_of(piece)
    stored = [(store_clip(piece, clip), clip) for clip in produced.clips]
    if produced.bach:
        bach, _ = bach_piece(excerpt)
        stored += [(store_beside(piece, bach, clip), clip) for clip in produced.bach]
    try:
        with transaction.atomic():
            # Workers that finish pieces of one excerpt take turns, so that the last sees them all.
            Excerpt.objects.select_for_update().get(id=excerpt.pk)
            _write(piece, produced)
            for rows, clip in stored:
                finish_clip(rows, clip)
            join_pairs(piece)
    except ClaimLost:
        for rows, _ in stored:
            for row in rows:
                drop_clip(row)
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
