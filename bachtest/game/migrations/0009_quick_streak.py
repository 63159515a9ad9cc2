"""Rows of right and quick answers, also of those that were given before they were counted."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

QUICK_SECONDS = 5.0
BATCH = 2000


def count_streaks(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As `scoring.quick_streak` does; the clips are taken to be longer than what must be heard."""
    Answer = apps.get_model("game", "Answer")
    rows = Answer.objects.select_related("round__game__participation__study").order_by(
        "round__game__participation", "id"
    )
    participation, streak, changed = None, 0, []
    for answer in rows.iterator(chunk_size=BATCH):
        game = answer.round.game
        if game.participation_id != participation:
            participation, streak = game.participation_id, 0
        streak = _next(streak, answer, game.participation.study.listen_seconds)
        if streak:
            answer.quick_streak = streak
            changed.append(answer)
        if len(changed) == BATCH:
            Answer.objects.bulk_update(changed, ["quick_streak"])
            changed = []
    Answer.objects.bulk_update(changed, ["quick_streak"], batch_size=BATCH)


def _next(streak: int, answer: Any, listen_seconds: float | None) -> int:
    if answer.correct is None:
        return streak
    need = settings.LISTEN_SECONDS if listen_seconds is None else listen_seconds
    return streak + 1 if answer.correct and answer.seconds <= 2 * need + QUICK_SECONDS else 0


class Migration(migrations.Migration):
    dependencies = [("game", "0008_check_way_back"), ("studies", "0008_quiz_continues")]

    operations = [
        migrations.AddField(
            model_name="answer",
            name="quick_streak",
            field=models.PositiveIntegerField(
                default=0,
                help_text="right and quick answers of the participation in a row, up to this one",
            ),
        ),
        migrations.RunPython(count_streaks, migrations.RunPython.noop),
    ]
