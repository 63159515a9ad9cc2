"""What versions and renderings replaced is dropped, and what is never empty says so.

Whether there is a way back is asked in game.0008, before anything is undone.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generator", "0007_move_to_versions")]

    operations = [
        migrations.RemoveConstraint(model_name="piece", name="piece_once"),
        *(
            migrations.RemoveField(model_name="piece", name=name)
            for name in ("composer", "clip", "seconds", "fingerprint", "loudness")
        ),
        *(
            migrations.RemoveField(model_name="composer", name=name)
            for name in ("family", "checkpoint", "sha256")
        ),
        migrations.AlterField(
            model_name="pair",
            name="excerpt",
            field=models.ForeignKey(help_text="Bach's", on_delete=django.db.models.deletion.PROTECT, related_name="pairs", to="generator.excerpt"),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.UniqueConstraint(
                fields=("version", "excerpt", "condition", "seed"),
                condition=models.Q(("source", ""), ("version__isnull", False)),
                name="piece_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.UniqueConstraint(
                fields=("excerpt",), condition=models.Q(("version__isnull", True)), name="bach_piece_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.UniqueConstraint(
                fields=("version", "source"),
                condition=models.Q(("source", ""), _negated=True),
                name="collected_piece_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="piece",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("excerpt__isnull", False),
                    models.Q(("version__isnull", False), models.Q(("source", ""), _negated=True)),
                    _connector="OR",
                ),
                name="piece_has_excerpt_or_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.UniqueConstraint(fields=("bach", "machine"), name="pair_once"),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "paired"), _negated=True),
                    ("differing__isnull", False),
                    _connector="OR",
                ),
                name="paired_has_differing",
            ),
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.CheckConstraint(
                condition=models.Q(("tune", ""), _negated=True), name="pair_has_tune"
            ),
        ),
    ]
