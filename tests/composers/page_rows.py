"""Rows behind a composer's page: people, samples, scores."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile

from bachtest.composers.models import ComposerPage, Sample, VersionScores
from generator.models import Composer, Piece, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from tests.builders import make_excerpt, make_mp3, make_piece, make_version, make_work

SET_ASIDE = min(SET_ASIDE_TUNES)


def make_person(name: str, *permissions: str) -> User:
    person = User.objects.create_user(name, password=name)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return person


def make_owned(slug: str, owner: User | None, **fields: Any) -> Composer:
    """A composer with one version and an owner."""
    kind = fields.get("kind", Composer.Kind.CHECKPOINT)
    composer = Composer.objects.create(slug=slug, name=slug.title(), kind=kind)
    make_version(composer, **fields)
    ComposerPage.objects.create(composer=composer, owner=owner)
    return composer


def make_sample(version: Version, tune: str = SET_ASIDE, **fields: Any) -> Sample:
    excerpt = make_excerpt(make_work(tune=tune))
    piece = make_piece(excerpt, condition="SATB", version=version, seed=7)
    sample = Sample(version=version, piece=piece, **fields)
    if sample.work:
        sample.run_clip.save("run.mp3", ContentFile(make_mp3(1)), save=False)
        sample.work_clip.save("work.mp3", ContentFile(make_mp3(2)), save=False)
    sample.save()
    return sample


def score_row(
    name: str, estimate: float, condition: str = "SATB", unit: str = "share of pairs", **fields: Any
) -> dict[str, Any]:
    """As `manage.py evaluate --json` prints it."""
    ratio = {"estimate": estimate, "low": estimate * 0.9, "high": estimate * 1.1, "n": 79}
    row = {"name": name, "condition": condition, "unit": unit, "composer": ratio}
    return row | {"bach": 0.5, "note": ""} | fields


def make_scores(version: Version, *rows: dict[str, Any]) -> VersionScores:
    return VersionScores.objects.create(version=version, rows={"SATB": list(rows)})


def pieces_of(version: Version, runs: list[int]) -> list[Piece]:
    return [make_piece(version=version, copied_run=run, seed=n) for n, run in enumerate(runs)]
