"""The way back to the tables before participations, versions and study composers.

It depends on the newest migration of every app that takes part, so it is undone before any of them:
each migration is a transaction of its own, and one that fails later would leave the site half-way.
"""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.core.management.base import CommandError
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, F, Q


def check_way_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse what the old tables have no place for. Withdrawn rounds are left out by 0005."""
    problems = said_since(apps) | made_since(apps)
    if found := ", ".join(f"{n} {name}" for name, n in problems.items() if n):
        raise CommandError(
            f"the tables of the earlier code have no place for {found}; no answer was touched, and "
            "manage.py prepare brings the tables up to date again. Go back with a copy of the "
            "database that is older, or finish, change or delete them first"
        )


def said_since(apps: Apps) -> dict[str, int]:
    Game, Round, Answer = (apps.get_model("game", name) for name in ("Game", "Round", "Answer"))
    unfinished = Game.objects.filter(finished_at=None).values("participation__listener")
    rounds = Round.objects.filter(withdrawn=False).annotate(
        clips_in_all=Count("clips"),
        on_sides=Count("clips", filter=Q(clips__position__in=[1, 2])),
        by_bach=Count("clips", filter=Q(clips__piece=F("pair__bach"))),
    )
    return {
        "listeners with unfinished games in several studies": several(unfinished),
        "rounds of other kinds than 'scored'": Round.objects.exclude(kind="scored").count(),
        "rounds that are not Bach's clip beside another one": rounds.exclude(
            clips_in_all=2, on_sides=2, by_bach=1
        ).count(),
        "answers that choose neither of two clips": Answer.objects.exclude(
            response__in=["1", "2"]
        ).count(),
        "answers that are neither right nor wrong": Answer.objects.filter(correct=None).count(),
        "answers that do not say whether Bach was heard first": Answer.objects.filter(
            first=None
        ).count(),
        "answers in withdrawn rounds": Answer.objects.filter(round__withdrawn=True).count(),
    }


def made_since(apps: Apps) -> dict[str, int]:
    Piece, Pair = (apps.get_model("generator", name) for name in ("Piece", "Pair"))
    drawn = apps.get_model("studies", "StudyComposer").objects.filter(weight__gt=0)
    return {
        "pieces without an excerpt": Piece.objects.filter(excerpt=None).count(),
        "pieces of collections": Piece.objects.exclude(source="").count(),
        "pairs of other kinds than 'paired'": Pair.objects.exclude(kind="paired").count(),
        "machine pieces in several pairs": several(Pair.objects.values("machine")),
        # Weights went by slug.
        "composers of whom a study plays several versions": several(
            drawn.values("study", "composer")
        ),
    }


def several(groups: Any) -> int:
    return int(groups.annotate(n=Count("id")).filter(n__gt=1).count())


class Migration(migrations.Migration):
    dependencies = [
        ("game", "0007_count_items"),
        ("generator", "0009_drop_in_quiz"),
        ("studies", "0007_drop_weights"),
    ]
    operations = [migrations.RunPython(migrations.RunPython.noop, check_way_back)]
