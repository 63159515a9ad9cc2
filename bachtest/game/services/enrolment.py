"""Listeners come, with their consent, and leave."""

from __future__ import annotations

from django.utils.timezone import now

from bachtest.game.models import Listener
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study


def open_study(slug: str = "quiz") -> Study:
    study = Study.objects.open().filter(slug=slug).first()
    if study is None:
        raise AppError(f"There is no open study {slug!r}.", "study", 404)
    return study


def enrol(
    listener: Listener | None,
    study: Study,
    *,
    consent: str = "",
    experience: str = Listener.Experience.UNSTATED,
    age_group: str = Listener.AgeGroup.UNSTATED,
) -> Listener:
    """The listener with a valid consent. Experience and age, once stated, stay as they are."""
    has_consented = listener is not None and listener.consent_version == study.consent_version
    if not has_consented and consent != study.consent_version:
        raise AppError("Please read and accept the consent first.", "consent")
    listener = listener or Listener()
    if not has_consented:
        listener.consent_version = consent
        listener.consented_at = now()
    if listener.experience == Listener.Experience.UNSTATED:
        listener.experience = experience
    if listener.age_group == Listener.AgeGroup.UNSTATED:
        listener.age_group = age_group
    listener.save()
    return listener


def delete_listener(listener: Listener) -> None:
    """Delete the listener with all games, rounds and answers; nothing is kept."""
    listener.delete()
