"""Listeners come, with their consent, and leave."""

from __future__ import annotations

from django.db import transaction
from django.utils.timezone import now

from bachtest.game import exposures
from bachtest.game.models import Listener, Participation
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
    experience: str = Participation.Experience.UNSTATED,
    age_group: str = Participation.AgeGroup.UNSTATED,
) -> Participation:
    """The listener in the study, with a valid consent. What was once stated stays as it is."""
    participation = participation_of(listener, study)
    has_consented = participation is not None and has_valid_consent(participation)
    if not has_consented and consent != study.consent_version:
        raise AppError("Please read and accept the consent first.", "consent")
    with transaction.atomic():
        participation, is_new = Participation.objects.select_for_update().get_or_create(
            listener=listener or Listener.objects.create(),
            study=study,
            defaults={
                "consent_version": study.consent_version,
                "experience": experience,
                "age_group": age_group,
            },
        )
        if not is_new:
            _state(participation, experience, age_group, renew_consent=not has_consented)
    return participation


def _state(
    participation: Participation, experience: str, age_group: str, *, renew_consent: bool
) -> None:
    if renew_consent:
        participation.consent_version = participation.study.consent_version
        participation.consented_at = now()
    if participation.experience == Participation.Experience.UNSTATED:
        participation.experience = experience
    if participation.age_group == Participation.AgeGroup.UNSTATED:
        participation.age_group = age_group
    participation.save()


def participation_of(listener: Listener | None, study: Study) -> Participation | None:
    if listener is None:
        return None
    return listener.participations.filter(study=study).select_related("study", "listener").first()


def has_valid_consent(participation: Participation) -> bool:
    return participation.consent_version == participation.study.consent_version


def lock_participation(participation_id: int) -> None:
    """Taken first by whatever changes something of a listener, so that no ring of locks forms.

    Raises
    ------
    AppError
        If the listener has left.
    """
    rows = Participation.objects.select_for_update().filter(id=participation_id)
    if not list(rows.values_list("id")):
        raise AppError("Your data was deleted, and this game with it.", "not_found", 404)


def delete_listener(listener: Listener) -> None:
    """Delete the listener with all games, rounds and answers; nothing is kept."""
    with transaction.atomic():
        list(listener.participations.select_for_update().order_by("id"))
        # In one order, so that two who leave at the same moment do not wait for each other.
        studies = Study.objects.filter(participations__listener=listener)
        for study in studies.order_by("id").distinct():
            exposures.lock(study)
        listener.delete()
