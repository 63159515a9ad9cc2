"""Each rendering says in which profile it was made. All that there were are of the first."""

from __future__ import annotations

from django.apps.registry import Apps
from django.core.files.storage import default_storage
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FIRST = 1
# Of the second profile, from a time before a way back: it has -17 LUFS, the first has -18.
SECOND, LOUDER_THAN = 2, -17.5


def know_the_second(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("generator", "Rendering").objects
    louder = rows.filter(kind="clip", loudness__gt=LOUDER_THAN)
    rows.filter(fingerprint__in=louder.values("fingerprint")).update(profile=SECOND)


def leave_one(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On the way back: earlier code plays the newest, and studies began with the first."""
    rows = apps.get_model("generator", "Rendering").objects
    of_first = rows.filter(profile=FIRST, kind="clip", seconds__isnull=False)
    others = rows.exclude(profile=FIRST).filter(piece__in=of_first.values("piece"))
    for name in others.exclude(file="").values_list("file", flat=True):
        default_storage.delete(name)
    others.filter(id__in=list(others.values_list("id", flat=True))).delete()


class Migration(migrations.Migration):
    dependencies = [("generator", "0016_masters")]

    operations = [
        migrations.AddField(
            model_name="rendering",
            name="profile",
            field=models.PositiveSmallIntegerField(
                default=FIRST, help_text="how loud it is and how it is encoded"
            ),
            preserve_default=False,
        ),
        migrations.RunPython(know_the_second, leave_one),
    ]
