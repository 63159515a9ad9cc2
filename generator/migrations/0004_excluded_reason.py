"""A pair has an excluded reason and a piece its settings; the help texts follow."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generator", "0003_members")]
    operations = [
        migrations.RenameField("pair", "set_aside", "excluded_reason"),
        migrations.RenameField("piece", "sampling", "settings"),
        migrations.AlterField(
            model_name="composer",
            name="checkpoint",
            field=models.CharField(
                blank=True, help_text="path of the file, relative to generator/checkpoints", max_length=300
            ),
        ),
        migrations.AlterField(
            model_name="pair",
            name="excluded_reason",
            field=models.CharField(
                blank=True,
                help_text="why the pair is never played; empty if it may be",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="piece",
            name="condition",
            field=models.CharField(
                blank=True, help_text="the written voices; empty for Bach", max_length=4
            ),
        ),
        migrations.AlterField(
            model_name="piece",
            name="copied_run",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="longest run of events shared with another work by Bach",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="piece",
            name="fingerprint",
            field=models.CharField(
                blank=True, help_text="of the renderer and its settings", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="piece",
            name="fold",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="the member of a cross-fitted composer that writes it",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="piece",
            name="settings",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="settings of the fill; complete once the piece is done",
            ),
        ),
        migrations.AlterField(
            model_name="work",
            name="part",
            field=models.CharField(
                help_text="of the tunes split: train, valid or test", max_length=8
            ),
        ),
    ]
