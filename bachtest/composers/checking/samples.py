"""Pieces that are heard with their composer's name, and what each shares with a work by Bach."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from bachtest.composers.models import Sample
from bachtest.composers.passages import name_passage_of
from generator.errors import GenerationError
from generator.models import Excerpt, Pair, Piece, Rendering, Version
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import Chorale
from generator.music.measures.copying import SharedRun
from generator.rendering.clip import render_clip
from generator.rendering.profiles import NEWEST
from generator.services.composers import listed_members, unseen_fold
from generator.services.pairs import SET_ASIDE_REASON, shared_run
from generator.services.pieces import produce_piece
from generator.services.pool import sample_excerpts

CONDITIONS = ("SATB", "ATB")
SEED = 1
OF_COLLECTION = 4
"""Pieces of a collection of whole chorales that are heard on its page, and in no round."""


class SampleWaits(Exception):
    """Another worker is making the piece."""


def missing_samples(version: Version) -> list[Piece]:
    """Pieces that its page is to play and does not yet; their rows are made here."""
    if version.kind == Version.Kind.COLLECTION:
        pieces = _of_collection(version)
    else:
        pieces = _of_checkpoint(version)
    return [piece for piece in pieces if not Sample.objects.filter(piece=piece).exists()]


def _of_checkpoint(version: Version) -> list[Piece]:
    """One of each tune family that is set aside, conditions in turn."""
    pieces = []
    for number, excerpt in enumerate(sample_excerpts(version)):
        piece, _ = Piece.objects.get_or_create(
            version=version,
            excerpt=excerpt,
            condition=CONDITIONS[number % len(CONDITIONS)],
            seed=SEED,
            source="",
            defaults={"tune": excerpt.work.tune, "fold": _fold(version, excerpt)},
        )
        pieces.append(piece)
    return [piece for piece in pieces if piece.status != Piece.Status.FAILED]


def _fold(version: Version, excerpt: Excerpt) -> int | None:
    return unseen_fold(version.composer.slug, listed_members(version), excerpt.work)


@transaction.atomic
def _of_collection(version: Version) -> list[Piece]:
    """Fills on tunes that are set aside; of whole chorales the first few, taken out of the pool."""
    fills = version.pieces.filter(pairs__excluded_reason=SET_ASIDE_REASON).order_by("source")
    chosen = list(fills[:OF_COLLECTION])
    if chosen:
        return chosen
    whole = version.pieces.filter(excerpt=None, pairs__excluded_reason="").order_by("source")
    chosen = list(whole[:OF_COLLECTION])
    Pair.objects.filter(machine__in=chosen).update(excluded_reason=SET_ASIDE_REASON)
    return chosen


def make_sample(version: Version, piece: Piece) -> None:
    """Have a piece written and rendered if it is not yet, and find what it shares with Bach.

    Raises
    ------
    GenerationError
        If it cannot be made; the reason stands in its row.
    SampleWaits
    """
    if piece.status == Piece.Status.QUEUED:
        produce_piece(piece.id)
        piece.refresh_from_db()
    if piece.status == Piece.Status.FAILED:
        raise GenerationError(f"sample {piece}: {piece.error}")
    if piece.status != Piece.Status.DONE or piece.grid is None:
        raise SampleWaits  # another worker is making it
    chorale = from_json(piece.grid)
    run = shared_run(piece, chorale)
    sample = Sample(version=version, piece=piece)
    if run is not None:
        work = load_corpus(settings.CORPUS_FILE).work(run.work).chorale
        sample.work, sample.events, sample.transposed = run.work, run.events, run.transposition
        sample.piece_start, sample.piece_stop = run.start, run.stop
        sample.work_start, sample.work_stop = run.work_start, run.work_stop
        _store(sample, chorale, work, run, _profile_of(piece))
    try:
        with transaction.atomic():
            sample.save()
            name_passage_of(sample)
    except IntegrityError:  # another worker made it meanwhile
        for clip in (sample.run_clip, sample.work_clip):
            clip.delete(save=False)


def _profile_of(piece: Piece) -> int:
    """Of the clip that its page plays, so that the others there are as loud."""
    heard = Rendering.objects.finished_clips().filter(piece=piece).order_by("id").last()
    return heard.profile if heard else NEWEST


def _store(sample: Sample, chorale: Chorale, work: Chorale, run: SharedRun, profile: int) -> None:
    for field, whole, start, stop in (
        (sample.run_clip, chorale, run.start, run.stop),
        (sample.work_clip, work, run.work_start, run.work_stop),
    ):
        clip = render_clip(
            whole.slice(start, stop), soundfont=settings.SOUNDFONT, profile=profile, or_softer=True
        )
        field.save(f"{secrets.token_hex(16)}.mp3", ContentFile(clip.mp3), save=False)
