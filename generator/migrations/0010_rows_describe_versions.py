"""Columns for what the rows of versions and composers say, budgets, and the numbers of claims; all still empty."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generator", "0009_drop_in_quiz")]

    operations = [
        migrations.AddField(
            model_name="composer",
            name="about",
            field=models.TextField(blank=True, default="", help_text="what listeners should know of how it writes, for the About page"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="version",
            name="members",
            field=models.JSONField(blank=True, default=list, help_text="the works that each member was trained on, and those of its fold"),
        ),
        migrations.AddField(
            model_name="piece",
            name="budget_steps",
            field=models.PositiveIntegerField(blank=True, help_text="at most so many of the composer's own steps", null=True),
        ),
        migrations.AddField(
            model_name="piece",
            name="claims",
            field=models.PositiveIntegerField(default=0, help_text="so far; the last one counts"),
        ),
        migrations.AlterField(
            model_name="version",
            name="settings",
            field=models.JSONField(blank=True, default=dict, help_text="of a fill: default, bounds and help of each"),
        ),
        migrations.AlterField(
            model_name="version",
            name="file",
            field=models.CharField(blank=True, help_text="with its family's code if shipped, else in the storage 'checkpoints'", max_length=300),
        ),
    ]
