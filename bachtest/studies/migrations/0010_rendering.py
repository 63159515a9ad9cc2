"""A study keeps the rendering it began with; a site that has no clips yet begins with the newest."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Min

import bachtest.studies.models
from generator.rendering.profiles import FIRST, NEWEST

FIELD = {
    "choices": bachtest.studies.models.profile_choices,
    "help_text": "how loud its clips are and how they are encoded; kept once somebody takes part",
}


def begin_as_the_site_has(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    renderings = apps.get_model("generator", "Rendering").objects
    first = renderings.aggregate(first=Min("profile"))["first"]
    apps.get_model("studies", "Study").objects.update(rendering=first or NEWEST)


class Migration(migrations.Migration):
    dependencies = [("studies", "0009_refill"), ("generator", "0017_rendering_profile")]

    operations = [
        migrations.AddField(
            model_name="study",
            name="rendering",
            field=models.PositiveSmallIntegerField(default=FIRST, **FIELD),
        ),
        migrations.RunPython(begin_as_the_site_has, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="study",
            name="rendering",
            field=models.PositiveSmallIntegerField(
                default=bachtest.studies.models.newest_profile, **FIELD
            ),
        ),
    ]
