"""The factor of a piece is dropped: its settings say what it was written with."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generator", "0011_temperature_is_a_setting")]
    operations = [migrations.RemoveField(model_name="piece", name="temperature")]
