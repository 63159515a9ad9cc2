"""Pieces that are heard with their names, and what each of them shares with a work by Bach.

Only excerpts of tune families that are set aside may be heard so, and whole pieces that were taken
out of the pool for it: whatever else is heard here would be known again in a round (rule 13 of
docs/blindness.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from bachtest.composers.models import Sample
from bachtest.composers.page.sample_marks import SampleMarks, sample_marks
from bachtest.results.page.rows import voices_in_words
from generator.errors import GeneratorError
from generator.licences import may_play
from generator.models import Pair, Piece, Rendering, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.titles import WorkTitle, title_of
from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import from_json
from generator.music.formats.score import bars_of
from generator.music.grid.chorale import Chorale
from generator.services.pairs import SET_ASIDE_REASON


@dataclass(frozen=True)
class SharedPassage:
    """A run of events that a sample shares with a work; bars are empty where nobody knows them."""

    events: int
    work: str
    piece_bars: str
    work_bars: str
    transposed: int
    can_be_heard: bool

    @property
    def transposition(self) -> str:
        if not self.transposed:
            return ""
        way = "up" if self.transposed > 0 else "down"
        semitones = "semitone" if abs(self.transposed) == 1 else "semitones"
        return f"{abs(self.transposed)} {semitones} {way}"


@dataclass(frozen=True)
class HeardSample:
    sample: Sample
    work: WorkTitle  # of a whole chorale of a collection, its name alone
    condition: str
    voices: str
    seconds: float
    shared: SharedPassage | None
    marks: SampleMarks | None


def may_be_heard(sample: Sample) -> bool:
    """Rule 13, and the licence of a collection."""
    piece, version = sample.piece, sample.version
    if piece.version_id != version.pk or piece.status != Piece.Status.DONE:
        return False
    if version.kind == Version.Kind.COLLECTION and not may_play(version.licence):
        return False
    if piece.excerpt:
        return piece.excerpt.work.tune in SET_ASIDE_TUNES
    # A whole piece of an outside system has a tune of its own. It was taken out of the pool.
    reasons = set(Pair.objects.filter(machine=piece).values_list("excluded_reason", flat=True))
    return reasons == {SET_ASIDE_REASON}


def heard_samples(version: Version) -> list[HeardSample]:
    rows = Sample.objects.filter(version=version).order_by("piece__excerpt__work__bwv", "id")
    heard = []
    for sample in rows.select_related("version", "piece__excerpt__work"):
        if may_be_heard(sample) and (clip := newest_clip(sample.piece)):
            heard.append(_heard(sample, clip))
    return heard


def newest_clip(piece: Piece) -> Rendering | None:
    return Rendering.objects.finished_clips().filter(piece=piece).order_by("id").last()


def _heard(sample: Sample, clip: Rendering) -> HeardSample:
    piece = sample.piece
    work = piece.excerpt.work if piece.excerpt else None
    named = title_of(work.bwv, work.title) if work else WorkTitle("", piece.source)
    return HeardSample(
        sample,
        named,
        piece.condition,
        voices_in_words(piece.condition),
        clip.seconds or 0.0,
        _shared(sample),
        sample_marks(piece, _work),
    )


def _shared(sample: Sample) -> SharedPassage | None:
    if not sample.events or not sample.work:
        return None
    return SharedPassage(
        sample.events,
        title_of(sample.work, "").number.replace(" ", "\N{NO-BREAK SPACE}", 1),
        _bars(lambda: from_json(sample.piece.grid or {}), sample.piece_start, sample.piece_stop),
        _bars(lambda: _work(sample.work), sample.work_start, sample.work_stop),
        sample.transposed,
        bool(sample.run_clip and sample.work_clip),
    )


def _work(bwv: str) -> Chorale:
    return load_corpus(settings.CORPUS_FILE).work(bwv).chorale


def _bars(read: Callable[[], Chorale], start: int, stop: int) -> str:
    """Of steps, as people count bars: a pickup is bar 0."""
    try:
        chorale = read()
    except GeneratorError:
        return ""  # the page does not depend on the corpus file
    numbers = [
        number
        for number, bar in enumerate(bars_of(chorale), start=not chorale.anacrusis)
        if bar.start < stop and start < bar.stop
    ]
    if not numbers:
        return ""
    first, last = numbers[0], numbers[-1]
    return f"bar {first}" if first == last else f"bars {first} to {last}"
