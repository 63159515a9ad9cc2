from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from generator.errors import GeneratorError
from generator.families.checkpoint import (
    CheckpointError,
    Member,
    read_checkpoint,
    read_members,
    sha256_of,
)
from generator.models import Composer, Work
from generator.registry import CHECKPOINTS, SHIPPED, Shipped, family_class

if TYPE_CHECKING:
    from generator.families.base import Family

BACH = "bach"


class ComposerError(GeneratorError):
    """A composer that does not exist, or may not play what was asked."""


@dataclass(frozen=True)
class Source:
    """Where a composer's voices come from: one checkpoint file of one family."""

    slug: str
    family: str
    path: Path

    def load(self) -> Family:
        return _loaded(self.family, self.path, sha256_of_file(self.path))

    def member(self, fold: int | None) -> Family:
        """The member that never saw this fold; None: the first one, or the only one."""
        return self.load().member(fold or 0)

    def members(self) -> tuple[Member, ...]:
        return read_members(self.path)

    def trained_on(self, fold: int | None = None) -> frozenset[str]:
        """BWV numbers, and names of works that have none, by member as in `member`."""
        return self.members()[fold or 0].trained_on

    def fold_of(self, bwv: str) -> int | None:
        """Whose fold holds a work, by the checkpoint's own lists; None: it has no folds.

        Raises
        ------
        ComposerError
            If there are folds, and none holds the work.
        """
        members = self.members()
        if not any(member.fold for member in members):
            return None
        for fold, member in enumerate(members):
            if bwv in member.fold:
                return fold
        raise ComposerError(
            f"no member of composer {self.slug!r} was kept from {bwv}; choose another work"
        )


def sha256_of_file(path: Path) -> str:
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}; restore the file or train it again")
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _digest(path: Path, changed: int, size: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=4)
def _loaded(family: str, path: Path, sha256: str) -> Family:
    # The digest is only the key: a file that changed is another checkpoint.
    # One thread, read when torch is first imported: two beside other work are slower than one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = family_class(family).load(path)
    listed = len(read_members(path))
    if found.members != listed:
        raise CheckpointError(
            f"{path} lists works of {listed} members and holds weights of {found.members}"
        )
    return found


def source_of(composer: Composer) -> Source:
    """The checkpoint behind a row; refuses a file that is no longer the one installed."""
    if composer.kind != Composer.Kind.CHECKPOINT:
        raise ComposerError(f"composer {composer.slug!r} is no checkpoint and cannot write voices")
    # An absolute path stays what it is; shipped ones lie beside the code, wherever that is.
    source = Source(composer.slug, composer.family, CHECKPOINTS / composer.checkpoint)
    if sha256_of_file(source.path) != composer.sha256:
        raise ComposerError(
            f"{source.path} is not the checkpoint that was installed for {composer.slug!r} "
            f"(sha256 {composer.sha256[:12]}...); run manage.py install_composers"
        )
    return source


def find_source(slug: str) -> Source:
    """By slug; a shipped composer is found without any database.

    Raises
    ------
    ComposerError
        If nobody has that slug.
    """
    for shipped in SHIPPED:
        if shipped.slug == slug:
            return Source(slug, shipped.family, shipped.path)
    return source_of(find_composer(slug))


def find_composer(slug: str) -> Composer:
    known = [BACH, *(shipped.slug for shipped in SHIPPED)]
    try:
        composer = Composer.objects.filter(slug=slug).first()
        known += Composer.objects.exclude(slug__in=known).values_list("slug", flat=True)
    except DatabaseError:
        composer = None  # not set up yet: shipped composers are all there is
    if composer is None and slug in known:
        raise ComposerError(f"composer {slug!r} is not installed yet; run make setup")
    if composer is None:
        raise ComposerError(f"unknown composer {slug!r}; use one of {', '.join(known)}")
    return composer


def bach() -> Composer:
    return Composer.objects.get_or_create(
        slug=BACH, defaults={"name": "J. S. Bach", "kind": Composer.Kind.BACH}
    )[0]


def install_shipped() -> list[Composer]:
    """Rows for Bach and for the checkpoints that come with the code; safe to repeat."""
    return [bach(), *(_install(shipped) for shipped in SHIPPED)]


def _install(shipped: Shipped) -> Composer:
    digest = sha256_of_file(shipped.path)
    row = Composer.objects.filter(slug=shipped.slug).first()
    if row is not None and row.sha256 == digest:
        return row
    read_checkpoint(shipped.path, shipped.family)  # raises where the file is not sound
    with transaction.atomic():
        if row is not None:
            _retire(row)
        return Composer.objects.create(
            slug=shipped.slug,
            name=shipped.name,
            kind=Composer.Kind.CHECKPOINT,
            family=shipped.family,
            checkpoint=shipped.path.name,
            sha256=digest,
            in_quiz=shipped.in_quiz,
        )


def _retire(row: Composer) -> None:
    """A new file is a new composer: what was heard of the old one stays under its own name."""
    if not row.pieces.exists():
        row.delete()
        return
    tag = row.sha256[:8]
    row.slug, row.name, row.in_quiz = f"{row.slug}-{tag}", f"{row.name} ({tag})", False
    row.save(update_fields=["slug", "name", "in_quiz"])


def unseen_fold(source: Source, work: Work) -> int | None:
    """The member that is to write a work: one that never saw its tune. None: there are no folds.

    Raises
    ------
    ComposerError
        If there is no such member.
    """
    fold = source.fold_of(work.bwv)
    if work.tune in seen_tunes(source, fold):
        raise ComposerError(
            f"composer {source.slug!r} was trained on the tune of {work.bwv}; "
            "choose a work of part 'test'"
        )
    return fold


def seen_tunes(source: Source, fold: int | None = None) -> frozenset[str]:
    """Tune families of the works that a member of a composer was trained on.

    Raises
    ------
    ComposerError
        If it was trained on works of unknown tune, so that nothing is known to be unseen.
    """
    trained_on = source.trained_on(fold)
    tunes = dict(Work.objects.filter(bwv__in=trained_on).values_list("bwv", "tune"))
    if missing := sorted(trained_on - tunes.keys()):
        raise ComposerError(
            f"composer {source.slug!r} was trained on {missing[0]!r}, whose tune is not in the "
            "corpus: no work is known to be new to it; choose another composer for the quiz"
        )
    return frozenset(tunes.values())
