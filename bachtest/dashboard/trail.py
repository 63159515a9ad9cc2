"""Who changed what in studies, composers, roles and accounts: rows of django-auditlog.

The apps below know nothing of it. What workers write by `update`, all of the game and its listeners
are never logged; changes by commands have no actor. Exclusions of pairs are logged by the actions
that make them (`log_exclusions`), not by a worker's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditlog.context import set_actor
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_save
from django.http import HttpRequest, HttpResponse

from bachtest.composers.models import ComposerPage
from bachtest.studies.models import Study, StudyComposer
from generator.models import Composer, Pair

View = Callable[[HttpRequest], HttpResponse]
READING = ("GET", "HEAD", "OPTIONS")


def keep() -> None:
    for model in (Study, StudyComposer, Composer, ComposerPage):
        auditlog.register(model)
    auditlog.register(Group, m2m_fields={"permissions"})
    # A digest of a password is as good as the password to whoever has time.
    secret = ["password", "last_login"]
    # People may have their account deleted, and the log stays.
    personal = ["email", "first_name", "last_name"]
    m2m = {"groups", "user_permissions"}
    auditlog.register(User, exclude_fields=secret + personal, m2m_fields=m2m)
    post_save.connect(_forget_address, sender=LogEntry, dispatch_uid="dashboard.trail")


def _forget_address(instance: LogEntry, **kwargs: object) -> None:
    """auditlog writes down the address of whoever edits, just before it saves."""
    if instance.actor_email:
        LogEntry.objects.filter(pk=instance.pk).update(actor_email=None)


def edits_have_an_actor(get_response: View) -> View:
    """For requests that may change something, by people who have signed in.

    Listeners have no session, so theirs cost a look into their cookies. auditlog's own middleware
    would load the session of every request, and store headers that the client chose.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES
        if request.method in READING or not signed_in or not request.user.is_authenticated:
            return get_response(request)
        with set_actor(request.user):
            return get_response(request)

    return middleware


def log_exclusions(pairs: Iterable[Pair], reason: str) -> None:
    """Each pair as it was, and the reason that it gets now."""
    for pair in pairs:
        LogEntry.objects.log_create(
            pair,
            action=LogEntry.Action.UPDATE,
            changes={"excluded_reason": [pair.excluded_reason, reason]},
        )
