"""The weights by slug are rows now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0006_name_composers")]
    operations = [
        # What a reversal would find empty has a default.
        migrations.AlterField(
            model_name="study", name="old_weights", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.RemoveField(model_name="study", name="old_weights"),
    ]
