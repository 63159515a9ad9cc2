"""Rows for works and their excerpts, kept in step with the corpus."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from generator.models import Excerpt, Pair, Piece, Work
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import Corpus


@dataclass(frozen=True)
class Synced:
    """What the database now holds: works, and excerpts by part of the split."""

    works: int
    excerpts: dict[str, int]


@transaction.atomic
def sync_works(corpus: Corpus) -> Synced:
    """Make the rows match the corpus; doing so again changes nothing.

    Rows that are no longer in the corpus are deleted, unless pieces were made of them.
    """
    split = tunes_split(corpus)
    part_of = {bwv: part for part, names in split.items() for bwv in names}
    Work.objects.bulk_create(
        [
            Work(bwv=bwv, title=work.title[:200], tune=work.tune, part=part_of[bwv])
            for bwv, work in corpus.works.items()
        ],
        update_conflicts=True,
        unique_fields=["bwv"],
        update_fields=["title", "tune", "part"],
    )
    _copy_tunes()
    rows = {work.bwv: work.pk for work in Work.objects.all()}
    wanted = {
        (rows[bwv], start, stop): part_of[bwv]
        for bwv, work in corpus.works.items()
        for start, stop in excerpts_of(work.chorale)
    }
    _delete_others(set(wanted), set(corpus.works))
    Excerpt.objects.bulk_create(
        [Excerpt(work_id=work, start=start, stop=stop) for work, start, stop in wanted],
        ignore_conflicts=True,
    )
    parts = list(wanted.values())
    return Synced(len(corpus.works), {part: parts.count(part) for part in split})


def _copy_tunes() -> None:
    """Pieces and pairs keep a copy; where a work was given to another family, so are they."""
    for model in (Piece, Pair):
        moved = model.objects.filter(excerpt__isnull=False).exclude(tune=F("excerpt__work__tune"))
        own = Work.objects.filter(excerpts=OuterRef("excerpt")).values("tune")[:1]
        moved.update(tune=Subquery(own))


def _delete_others(wanted: set[tuple[int, int, int]], works: set[str]) -> None:
    unused = Excerpt.objects.filter(pieces=None).values_list("pk", "work_id", "start", "stop")
    stale = [pk for pk, *key in unused if tuple(key) not in wanted]
    Excerpt.objects.filter(pk__in=stale).delete()
    Work.objects.filter(excerpts=None).exclude(bwv__in=works).delete()
