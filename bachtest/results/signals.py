"""Keeps the tallies true: what the game saves and deletes is noted in the same transaction.

The game knows nothing of results, so they listen to Django's signals. `QuerySet.update` and
`bulk_create` send none; who uses them on answers, or on listeners' experience, has the tallies
counted anew (`manage.py refresh_results --rebuild`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from bachtest.game.models import Answer, Listener
from bachtest.results.counts import tallies
from bachtest.results.counts.tallies import Counts, count, note
from bachtest.results.models import Tally
from bachtest.results.tasks import MERGE_EVERY, tend

_BEFORE = "_counted_before"


def start() -> None:
    pre_save.connect(_before_answer, sender=Answer, dispatch_uid="results.before_answer")
    post_save.connect(_after_answer, sender=Answer, dispatch_uid="results.after_answer")
    pre_delete.connect(_before_deletion, sender=Answer, dispatch_uid="results.before_deletion")
    pre_save.connect(_before_listener, sender=Listener, dispatch_uid="results.before_listener")
    post_save.connect(_after_listener, sender=Listener, dispatch_uid="results.after_listener")
    post_delete.connect(_forget_listener, sender=Listener, dispatch_uid="results.forget_listener")


def _before_answer(instance: Answer, **kwargs: Any) -> None:
    setattr(instance, _BEFORE, count(Answer.objects.filter(pk=instance.pk)))


def _after_answer(instance: Answer, created: bool, **kwargs: Any) -> None:
    _note_difference(instance, count(Answer.objects.filter(pk=instance.pk)))
    study = instance.round.game.study
    if created and tallies.changes(study) % MERGE_EVERY == 0:
        transaction.on_commit(partial(tend.enqueue, study.id))


def _before_deletion(instance: Answer, **kwargs: Any) -> None:
    change = Counts()
    change.subtract(count(Answer.objects.filter(pk=instance.pk)))
    note(change)


def _before_listener(instance: Listener, **kwargs: Any) -> None:
    stored = Listener.objects.filter(pk=instance.pk).values_list("experience", flat=True).first()
    if stored not in (None, instance.experience):
        setattr(instance, _BEFORE, count(_answers(instance)))


def _after_listener(instance: Listener, **kwargs: Any) -> None:
    if hasattr(instance, _BEFORE):
        _note_difference(instance, count(_answers(instance)))


def _forget_listener(instance: Listener, **kwargs: Any) -> None:
    # Its answers are gone from every sum; here its id itself would stay until the next merge.
    Tally.objects.filter(table=tallies.LISTENERS, labels=instance.pk.hex).delete()


def _answers(listener: Listener) -> Any:
    return Answer.objects.filter(round__game__listener=listener)


def _note_difference(instance: Answer | Listener, now: Counts) -> None:
    now.subtract(getattr(instance, _BEFORE))
    delattr(instance, _BEFORE)
    note(now)
