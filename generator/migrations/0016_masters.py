from django.apps.registry import Apps
from django.core.files.storage import default_storage
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def delete_masters(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On the way back: earlier code has no place for them, and makes its rounds without."""
    masters = apps.get_model("generator", "Rendering").objects.filter(kind="master")
    for name in masters.exclude(file="").values_list("file", flat=True):
        default_storage.delete(name)
    masters.delete()


class Migration(migrations.Migration):
    dependencies = [("generator", "0015_named_excerpts")]

    operations = [
        migrations.AlterField(
            model_name="rendering",
            name="kind",
            field=models.CharField(
                choices=[
                    ("clip", "Clip"),
                    ("stem", "Stem"),
                    ("master", "a clip before its encoding, without loss"),
                ],
                default="clip",
                max_length=6,
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, delete_masters),
    ]
