"""Keeps the tallies true: every save and deletion in the game is recorded in its own transaction.

The game knows nothing about results, so results listen to Django's signals. `QuerySet.update` and
`bulk_create` send none: after using them on answers, or on the experience of participations, count
again with `manage.py refresh_results --rebuild`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from bachtest.game.models import Answer, Listener, Participation
from bachtest.results.counts import tallies
from bachtest.results.counts.tallies import Counts, count, count_one, record
from bachtest.results.models import Tally
from bachtest.results.tasks import MERGE_EVERY, refresh_results

_BEFORE = "_counted_before"


def connect() -> None:
    for signal, sender, receiver in (
        (pre_save, Answer, _before_answer),
        (post_save, Answer, _after_answer),
        (pre_delete, Answer, _before_deletion),
        (pre_save, Participation, _before_participation),
        (post_save, Participation, _after_participation),
        (post_delete, Listener, _forget_listener),
    ):
        signal.connect(receiver, sender=sender, dispatch_uid=f"results.{receiver.__name__}")


def _before_answer(instance: Answer, **kwargs: Any) -> None:
    # A new answer is in no table yet.
    old = Counts() if instance._state.adding else count_one(instance)
    setattr(instance, _BEFORE, old)


def _after_answer(instance: Answer, created: bool, **kwargs: Any) -> None:
    _record_difference(instance, count_one(instance))
    if not created:
        return
    study = instance.round.game.study
    if tallies.changes(study) % MERGE_EVERY == 0:
        transaction.on_commit(partial(refresh_results.enqueue, study.id))


def _before_deletion(instance: Answer, **kwargs: Any) -> None:
    # What goes is what was counted, though another request changes or deletes the answer meanwhile.
    list(Answer.objects.select_for_update().filter(pk=instance.pk))
    change = Counts()
    change.subtract(count_one(instance))
    record(change)


def _before_participation(instance: Participation, **kwargs: Any) -> None:
    rows = Participation.objects.filter(pk=instance.pk).values_list("experience", flat=True)
    if rows.first() not in (None, instance.experience):
        setattr(instance, _BEFORE, count(_answers(instance)))


def _after_participation(instance: Participation, **kwargs: Any) -> None:
    if hasattr(instance, _BEFORE):
        _record_difference(instance, count(_answers(instance)))


def _forget_listener(instance: Listener, **kwargs: Any) -> None:
    # The answers are gone from every sum, but the id would stay in the table until the next merge.
    Tally.objects.filter(table=tallies.LISTENERS, labels=instance.pk.hex).delete()


def _answers(participation: Participation) -> Any:
    return Answer.objects.filter(round__game__participation=participation)


def _record_difference(instance: Answer | Participation, now: Counts) -> None:
    now.subtract(getattr(instance, _BEFORE))
    delattr(instance, _BEFORE)
    record(now)
