"""Tables for versions and renderings, and the columns that pieces and pairs get; all still empty."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generator", "0005_setting_names")]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("checkpoint", "Checkpoint"), ("collection", "Collection")], default="checkpoint", max_length=12)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("shipped", models.BooleanField(default=False, help_text="the file comes with the code")),
                ("file", models.CharField(blank=True, help_text="in generator/checkpoints if shipped, else in the storage 'checkpoints'", max_length=300)),
                ("family", models.CharField(blank=True, max_length=40)),
                ("config", models.JSONField(blank=True, default=dict, help_text="of the family")),
                ("status", models.CharField(choices=[("checking", "Checking"), ("ready", "Ready"), ("failed", "Failed")], default="checking", max_length=8)),
                ("settings", models.JSONField(blank=True, default=dict, help_text="of a fill, with the values that it has by default")),
                ("created", models.DateTimeField(default=django.utils.timezone.now)),
                ("composer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="generator.composer")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("composer", "sha256"), name="version_once")]},
        ),
        migrations.CreateModel(
            name="Rendering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(help_text="of the renderer and its settings", max_length=64)),
                ("kind", models.CharField(choices=[("clip", "Clip"), ("stem", "Stem")], default="clip", max_length=4)),
                ("voice", models.CharField(blank=True, help_text="of a stem", max_length=1)),
                ("file", models.FileField(blank=True, upload_to="clips/")),
                ("sha256", models.CharField(blank=True, help_text="empty if the file is missing", max_length=64)),
                ("bytes", models.PositiveIntegerField(default=0)),
                ("seconds", models.FloatField(blank=True, null=True)),
                ("loudness", models.FloatField(blank=True, help_text="LUFS", null=True)),
                ("piece", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="renderings", to="generator.piece")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("piece", "fingerprint", "kind", "voice"), name="rendering_once")
                ]
            },
        ),
        migrations.AddField(
            model_name="piece",
            name="version",
            field=models.ForeignKey(blank=True, help_text="empty for Bach", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pieces", to="generator.version"),
        ),
        migrations.AddField(
            model_name="piece",
            name="tune",
            field=models.CharField(blank=True, help_text="family; empty if unknown", max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="piece",
            name="source",
            field=models.CharField(blank=True, help_text="name in its collection; empty for other pieces", max_length=200, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="piece",
            name="excerpt",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pieces", to="generator.excerpt"),
        ),
        migrations.AlterField(
            model_name="piece",
            name="condition",
            field=models.CharField(blank=True, help_text="the written cells; empty for Bach", max_length=12),
        ),
        # Nullable until it is dropped, so that the way back can add it before it is filled.
        migrations.AlterField(
            model_name="piece",
            name="composer",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pieces", to="generator.composer"),
        ),
        migrations.AddField(
            model_name="pair",
            name="kind",
            field=models.CharField(choices=[("paired", "of the same excerpt"), ("unpaired", "Bach and a foreign piece"), ("bach", "Bach on both sides")], default="paired", max_length=8),
        ),
        migrations.AddField(
            model_name="pair",
            name="excerpt",
            field=models.ForeignKey(help_text="Bach's", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pairs", to="generator.excerpt"),
        ),
        migrations.AddField(
            model_name="pair",
            name="tune",
            field=models.CharField(help_text="family of Bach's piece", max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="pair",
            name="differing",
            field=models.FloatField(blank=True, help_text="share of written cells that differ from Bach's; empty if not paired", null=True),
        ),
        migrations.AlterField(
            model_name="pair",
            name="machine",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pairs", to="generator.piece"),
        ),
    ]
