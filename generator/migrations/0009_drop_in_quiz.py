"""Studies name what they play, so no composer is "in the quiz" by itself."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generator", "0008_drop_old_columns"), ("studies", "0007_drop_weights")]
    operations = [migrations.RemoveField(model_name="composer", name="in_quiz")]
