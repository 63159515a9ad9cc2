"""What the quiz of a new site plays. Once somebody has played, its design is the admin's alone."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from bachtest.studies.models import Study, StudyComposer
from generator.models import Version
from generator.services.site_registry import site_registry

SLUG = "quiz"


def connect() -> None:
    post_save.connect(_version_saved, sender=Version, dispatch_uid="studies.version_saved")


def _version_saved(instance: Version, created: bool, **kwargs: Any) -> None:
    """Composers that come with the code join a quiz that nobody has played.

    A file that takes the place of another, new or back again, does so in the quiz too: the one
    before is gone, so that no pool can be written by it.
    """
    starter = site_registry().starters.get(instance.composer.slug) if instance.shipped else None
    if starter is None:
        return
    quiz = Study.objects.filter(slug=SLUG, participations=None).first()
    if quiz is None:
        return
    named = quiz.composers.filter(composer=instance.composer)
    if not named.exists():
        if created:
            StudyComposer.objects.create(
                study=quiz, composer=instance.composer, version=instance, weight=starter.weight
            )
    elif _is_newest(instance) and not named.filter(version=instance).exists():
        # A version that the admin uploaded stays.
        before = named.filter(version__shipped=True).order_by("-version__created", "-id").first()
        if before is not None:
            before.version = instance
            before.save(update_fields=["version"])


def _is_newest(version: Version) -> bool:
    return Version.objects.ready().filter(composer=version.composer).first() == version
