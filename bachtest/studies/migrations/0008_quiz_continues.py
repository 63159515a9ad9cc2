"""A quiz that nobody has played yet asks in its last round for a continuation, too."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BEFORE = [["S", "A", "T", "B"], ["AT"], ["ATB"], ["SATB"], ["SATB"]]
AFTER = [*BEFORE[:-1], ["SATB", "NEXT"]]


def continue_in_last_round(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    quizzes = apps.get_model("studies", "Study").objects.filter(slug="quiz", participations=None)
    for quiz in quizzes:
        if quiz.rounds == BEFORE:  # the admin's own design stays
            quiz.rounds = AFTER
            quiz.save(update_fields=["rounds"])


class Migration(migrations.Migration):
    dependencies = [("studies", "0007_drop_weights"), ("game", "0008_check_way_back")]
    operations = [migrations.RunPython(continue_in_last_round, migrations.RunPython.noop)]
