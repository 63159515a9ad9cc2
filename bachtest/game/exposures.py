"""Keeps how often each pair of a study was drawn and answered, in the transaction that does it.

`QuerySet.update` and `bulk_create` send no signals: after using them on rounds or answers, count
again with `manage.py recount`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.signals import post_delete, post_save

from bachtest.game.models import Answer, Round
from bachtest.studies.models import Study, StudyItem

BATCH = 1000


def connect() -> None:
    for signal, sender, receiver in (
        (post_save, Round, _round_saved),
        (post_delete, Round, _round_deleted),
        (post_save, Answer, _answer_saved),
        (post_delete, Answer, _answer_deleted),
    ):
        signal.connect(receiver, sender=sender, dispatch_uid=f"game.{receiver.__name__}")


def _round_saved(instance: Round, created: bool, **kwargs: Any) -> None:
    if created and not instance.withdrawn:
        add(instance, exposures=1)


def _round_deleted(instance: Round, **kwargs: Any) -> None:
    if not instance.withdrawn:
        add(instance, exposures=-1)


def _answer_saved(instance: Answer, created: bool, **kwargs: Any) -> None:
    if created:
        add(instance.round, answered=1)


def _answer_deleted(instance: Answer, **kwargs: Any) -> None:
    add(instance.round, answered=-1)


def add(row: Round, *, exposures: int = 0, answered: int = 0) -> None:
    """Add to the counts of the round's pair in its study."""
    study = row.game.participation.study_id
    items = StudyItem.objects.filter(study_id=study, pair_id=row.pair_id)
    changes = {"exposures": exposures, "answered": answered}
    more = {name: F(name) + change for name, change in changes.items() if change}
    if not items.update(**more):
        StudyItem.objects.get_or_create(study_id=study, pair_id=row.pair_id)
        items.update(**more)


def lock(study: Study) -> None:
    """Until the transaction ends, nobody else draws in the study."""
    list(Study.objects.select_for_update(no_key=True).filter(id=study.id).values_list("id"))


def recount(study: Study) -> int:
    """Count from the rows again; how many pairs had other counts."""
    with transaction.atomic():
        lock(study)
        # Whoever answers meanwhile waits for these rows, and adds to what is counted here.
        items = StudyItem.objects.select_for_update().filter(study=study).order_by("id")
        kept = {item.pair_id: item for item in items}
        true = _counted(study)
        wrong = []
        for pair_id in kept.keys() | true.keys():
            item = kept.get(pair_id) or StudyItem(study=study, pair_id=pair_id)
            if (item.exposures, item.answered) != true[pair_id]:
                item.exposures, item.answered = true[pair_id]
                wrong.append(item)
        fields = ["exposures", "answered"]
        StudyItem.objects.bulk_update([item for item in wrong if item.pk], fields, BATCH)
        StudyItem.objects.bulk_create([item for item in wrong if not item.pk], BATCH)
    return len(wrong)


def _counted(study: Study) -> Mapping[int, tuple[int, int]]:
    rounds = Round.objects.filter(game__participation__study=study).order_by()
    drawn = Count("id", filter=Q(withdrawn=False))
    rows = rounds.values_list("pair").annotate(drawn=drawn, answered=Count("answer"))
    counts: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    return counts | {pair: (exposures, answered) for pair, exposures, answered in rows}
