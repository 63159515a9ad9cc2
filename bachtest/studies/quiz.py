"""What the quiz of a new site plays. Once somebody has played, its design is the admin's alone."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from bachtest.studies.models import Study, StudyComposer
from generator.models import Version

SLUG = "quiz"
WEIGHTS = {"flagship": 3.0, "markov": 1.0}


def connect() -> None:
    post_save.connect(_version_saved, sender=Version, dispatch_uid="studies.version_saved")


def _version_saved(instance: Version, created: bool, **kwargs: Any) -> None:
    """Composers that come with the code join a quiz that nobody has played."""
    slug = instance.composer.slug
    if not (created and instance.shipped and slug in WEIGHTS):
        return
    quiz = Study.objects.filter(slug=SLUG, participations=None).first()
    if quiz is None or quiz.composers.filter(composer=instance.composer).exists():
        return
    StudyComposer.objects.create(
        study=quiz, composer=instance.composer, version=instance, weight=WEIGHTS[slug]
    )
